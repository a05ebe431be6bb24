"""Conversations and their items over a real server: the official SDK in strict mode, and what bad input gets."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.api.stored import official
from tests.server import ServerProcess, penstock

pytestmark = pytest.mark.anyio

PIXEL = "data:image/png;base64,iVBORw0KGgo="
CALL = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": "{}"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "sunny"}
THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "It shines."}],
    "encrypted_content": "gAAA",
}
SEARCH = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "x", "sources": [{"type": "url", "url": "https://example.com"}]},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("conversations")) as running:
        yield running


@pytest.fixture(scope="module")
def stranger(server: ServerProcess) -> str:
    """A key of another project."""
    return penstock(server.home, "keys", "create", "--name", "stranger", "--project", "elsewhere").stdout.strip()


@pytest.fixture
def client(server: ServerProcess) -> Iterator[OpenAI]:
    with OpenAI(
        base_url=server.url + "/v1", api_key=server.key, _strict_response_validation=True, max_retries=0
    ) as made:
        yield made


@pytest.fixture
def check(shared: Path) -> Callable[[str, Any], None]:
    return official(shared)


def ask(server: ServerProcess, method: str, path: str, body: Any = None, key: str = "", **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {key or server.key}"} | more.pop("headers", {})
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.request(method, server.url + path, content=content, headers=headers, timeout=10, **more)


def made(server: ServerProcess, *items: Any) -> str:
    """The path of a new conversation with these items."""
    got = ask(server, "POST", "/v1/conversations", {"items": items})
    assert got.status_code == 200, got.text
    return f"/v1/conversations/{got.json()['id']}"


def test_the_sdk_makes_reads_changes_and_deletes_one(client: OpenAI, check: Callable[[str, Any], None]) -> None:
    conversation = client.conversations.create(metadata={"topic": "tea"}, items=[{"role": "user", "content": "Hello"}])
    assert conversation.id.startswith("conv_")
    assert abs(conversation.created_at - time.time()) < 60
    assert conversation.metadata == {"topic": "tea"}
    check("ConversationResource", json.loads(client.conversations.with_raw_response.retrieve(conversation.id).text))
    changed = client.conversations.update(conversation.id, metadata={"mood": "calm"})
    assert changed.metadata == {"mood": "calm"}
    found = client.conversations.retrieve(conversation.id)
    assert (found.id, found.created_at, found.metadata) == (changed.id, conversation.created_at, {"mood": "calm"})
    deleted = client.conversations.with_raw_response.delete(conversation.id)
    check("DeletedConversationResource", json.loads(deleted.text))
    assert (deleted.parse().id, deleted.parse().deleted) == (conversation.id, True)
    for gone in (
        lambda: client.conversations.retrieve(conversation.id),
        lambda: client.conversations.update(conversation.id, metadata={}),
        lambda: client.conversations.delete(conversation.id),
        lambda: client.conversations.items.list(conversation.id),
        lambda: client.conversations.items.create(conversation.id, items=[]),
    ):
        with pytest.raises(openai.NotFoundError) as raised:
            gone()
        assert raised.value.code == "conversation_not_found"


def test_without_anything_it_is_empty(client: OpenAI, server: ServerProcess, check: Callable[[str, Any], None]) -> None:
    conversation = client.conversations.create()
    assert conversation.metadata == {}
    assert list(client.conversations.items.list(conversation.id)) == []
    assert ask(server, "POST", "/v1/conversations").json()["metadata"] == {}
    assert ask(server, "POST", "/v1/conversations", {"metadata": None, "items": None}).json()["metadata"] == {}
    listed = ask(server, "GET", f"/v1/conversations/{conversation.id}/items").json()
    check("ConversationItemList", listed)
    assert listed == {"object": "list", "data": [], "first_id": "", "last_id": "", "has_more": False}


def test_the_sdk_adds_lists_reads_and_deletes_items(client: OpenAI, check: Callable[[str, Any], None]) -> None:
    conversation = client.conversations.create()
    added = client.conversations.items.with_raw_response.create(
        conversation.id,
        items=[
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_text", "text": "How is it?"}]},
            THOUGHT,
            CALL,
            OUTPUT,
            {"type": "custom_tool_call", "call_id": "c", "name": "sh", "input": "ls"},
            {"type": "custom_tool_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "a"}]},
            {"role": "assistant", "content": "Fine.", "phase": "final_answer"},
        ],
    )
    check("ConversationItemList", json.loads(added.text))
    assert added.parse().has_more is False
    ids = [item.id for item in added.parse().data]
    prefixes = ["msg_", "msg_", "rs_1", "fc_", "fco_", "ctc_", "ctco_", "msg_"]
    assert [id[: len(prefix)] for id, prefix in zip(ids, prefixes, strict=True)] == prefixes
    assert len(set(ids)) == len(ids)
    assert [item.id for item in client.conversations.items.list(conversation.id)] == ids[::-1]
    asked = client.conversations.items.with_raw_response.list(conversation.id, order="asc", limit=100)
    check("ConversationItemList", json.loads(asked.text))
    items = json.loads(asked.text)["data"]
    assert [item["id"] for item in items] == ids
    assert {item["status"] for item in items} == {"completed"}
    assert items[0]["content"] == [{"type": "input_text", "text": "Be brief."}]
    assert items[-1]["content"] == [{"type": "output_text", "text": "Fine.", "annotations": [], "logprobs": []}]
    assert items[-1]["phase"] == "final_answer"
    assert items[4] | OUTPUT == items[4]
    one = client.conversations.items.with_raw_response.retrieve(ids[3], conversation_id=conversation.id)
    check("ConversationItem", json.loads(one.text))
    assert json.loads(one.text) == items[3]
    after = client.conversations.items.delete(ids[3], conversation_id=conversation.id)
    assert after.id == conversation.id
    with pytest.raises(openai.NotFoundError) as raised:
        client.conversations.items.retrieve(ids[3], conversation_id=conversation.id)
    assert raised.value.code == "not_found"
    with pytest.raises(openai.NotFoundError):
        client.conversations.items.delete(ids[3], conversation_id=conversation.id)
    assert len(list(client.conversations.items.list(conversation.id))) == len(ids) - 1


async def test_the_async_sdk_goes_through_the_pages(server: ServerProcess) -> None:
    async with AsyncOpenAI(base_url=server.url + "/v1", api_key=server.key, _strict_response_validation=True) as client:
        conversation = await client.conversations.create()
        for start in range(0, 45, 15):
            texts = [{"role": "user", "content": str(number)} for number in range(start, start + 15)]
            await client.conversations.items.create(conversation.id, items=texts)
        found = [
            item.content[0].text
            async for item in client.conversations.items.list(conversation.id, order="asc", limit=20)
        ]
        assert found == [str(number) for number in range(45)]
        page = await client.conversations.items.list(conversation.id)
        assert (len(page.data), page.has_more) == (20, True)
        assert page.data[0].content[0].text == "44"
        await asyncio.gather(
            *(
                client.conversations.items.create(conversation.id, items=[{"role": "user", "content": "at once"}])
                for _ in range(8)
            )
        )
        assert len([item async for item in client.conversations.items.list(conversation.id)]) == 53


def test_long_parts_are_shown_where_include_names_them(
    server: ServerProcess, client: OpenAI, check: Callable[[str, Any], None]
) -> None:
    image = {"role": "user", "content": [{"type": "input_image", "image_url": PIXEL}]}
    token = {"token": "Hi", "logprob": -0.1, "bytes": [72, 105], "top_logprobs": []}
    said = {
        "role": "assistant",
        "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": [token]}],
    }
    ran = {
        "type": "code_interpreter_call",
        "id": "ci_1",
        "status": "completed",
        "container_id": "c",
        "code": "1",
        "outputs": [{"type": "logs", "logs": "1"}],
    }
    looked = {
        "type": "file_search_call",
        "id": "fs_1",
        "status": "completed",
        "queries": ["x"],
        "results": [{"text": "y"}],
    }
    screen = {
        "type": "computer_call_output",
        "id": "cuo_1",
        "call_id": "c",
        "status": "completed",
        "output": {"type": "computer_screenshot", "image_url": PIXEL},
    }
    path = made(server, image, said, THOUGHT, SEARCH, ran, looked, screen) + "/items"
    plain = ask(server, "GET", path, params={"order": "asc"}).json()
    check("ConversationItemList", plain)
    short = {item["type"] + item.get("role", ""): item for item in plain["data"]}
    assert short["messageuser"]["content"] == [{"type": "input_image", "detail": "auto"}]
    assert short["messageassistant"]["content"][0]["logprobs"] == []
    assert "encrypted_content" not in short["reasoning"]
    assert "sources" not in short["web_search_call"]["action"]
    assert short["code_interpreter_call"]["outputs"] is None
    assert "results" not in short["file_search_call"]
    assert short["computer_call_output"]["output"] == {"type": "computer_screenshot"}
    names = [
        "file_search_call.results",
        "web_search_call.results",
        "web_search_call.action.sources",
        "message.input_image.image_url",
        "computer_call_output.output.image_url",
        "code_interpreter_call.outputs",
        "reasoning.encrypted_content",
        "message.output_text.logprobs",
    ]
    for way in ([("include[]", name) for name in names], [("include", ",".join(names))]):
        whole = ask(server, "GET", path, params=[("order", "asc"), *way]).json()
        check("ConversationItemList", whole)
        assert whole["data"][0]["content"] == [{**image["content"][0], "detail": "auto"}]
        assert whole["data"][1]["content"] == said["content"]
        assert [
            item | sent for item, sent in zip(whole["data"][2:], (THOUGHT, SEARCH, ran, looked, screen), strict=True)
        ] == (whole["data"][2:])
    item = client.conversations.items.retrieve(
        "rs_1", conversation_id=path.split("/")[3], include=["reasoning.encrypted_content"]
    )
    assert item.encrypted_content == "gAAA"  # type: ignore[union-attr]


def test_an_item_whose_id_is_there_takes_its_place(server: ServerProcess) -> None:
    first = {"type": "message", "id": "msg_own", "role": "user", "content": "one"}
    path = made(server, first, {"role": "user", "content": "two"}) + "/items"
    assert ask(server, "POST", path, {"items": [first | {"content": "three"}]}).status_code == 200
    items = ask(server, "GET", path, params={"order": "asc"}).json()["data"]
    assert [item["content"][0]["text"] for item in items] == ["three", "two"]
    assert items[0]["id"] == "msg_own"


def test_any_id_can_be_read_and_deleted(server: ServerProcess) -> None:
    id = "msg_a/b ü"
    path = made(server, {"type": "message", "id": id, "role": "user", "content": "one"}) + "/items"
    for escaped in (id.replace(" ", "%20"), id.replace("/", "%2F").replace(" ", "%20")):
        assert ask(server, "GET", f"{path}/{escaped}").json()["id"] == id
    assert ask(server, "DELETE", f"{path}/{escaped}").status_code == 200
    assert ask(server, "GET", path).json()["data"] == []


def test_a_deletion_leaves_nothing_behind(server: ServerProcess) -> None:
    secret = "a deleted secret " * 100
    path = made(server, *({"role": "user", "content": secret + str(number)} for number in range(5)))
    with sqlite3.connect(server.home / "penstock.db") as database:
        id = path.rpartition("/")[2]
        count = "select count(*) from conversation_items where conversation_id = ?"
        assert database.execute(count, [id]).fetchone() == (5,)
        blobs = database.execute("select count(*) from blobs").fetchone()[0]
        assert blobs >= 5
        assert ask(server, "DELETE", path).status_code == 200
        assert database.execute(count, [id]).fetchone() == (0,)
        assert database.execute("select count(*) from blobs").fetchone() == (blobs - 5,)


def test_twins_without_a_version(server: ServerProcess) -> None:
    id = ask(server, "POST", "/conversations", {"metadata": {"a": "b"}}).json()["id"]
    assert ask(server, "GET", f"/v1/conversations/{id}").json() == ask(server, "GET", f"/conversations/{id}").json()
    added = ask(server, "POST", f"/conversations/{id}/items", {"items": [{"role": "user", "content": "x"}]}).json()
    assert ask(server, "GET", f"/conversations/{id}/items/{added['first_id']}").json() == added["data"][0]
    assert ask(server, "DELETE", f"/conversations/{id}/items/{added['first_id']}").json()["id"] == id
    assert ask(server, "DELETE", f"/conversations/{id}").json()["deleted"] is True


def test_another_project_sees_nothing(server: ServerProcess, stranger: str) -> None:
    path = made(server, {"type": "message", "id": "msg_mine", "role": "user", "content": "mine"})
    unknown = "/v1/conversations/conv_0"
    for method, more, body in (
        ("GET", "", None),
        ("POST", "", {"metadata": {"stolen": "yes"}}),
        ("DELETE", "", None),
        ("GET", "/items", None),
        ("POST", "/items", {"items": [{"role": "user", "content": "theirs"}]}),
        ("GET", "/items/msg_mine", None),
        ("DELETE", "/items/msg_mine", None),
    ):
        got, never = (ask(server, method, where + more, body, stranger) for where in (path, unknown))
        assert (got.status_code, never.status_code) == (404, 404)
        ours, theirs = got.json()["error"], never.json()["error"]
        assert ours["message"].replace(path.rpartition("/")[2], "conv_0") == theirs["message"]
        assert {**ours, "message": 0, "request_id": 0} == {**theirs, "message": 0, "request_id": 0}
    assert ask(server, "GET", path).json()["metadata"] == {}
    (item,) = ask(server, "GET", path + "/items").json()["data"]
    assert item["content"][0]["text"] == "mine"
    other = f"{made(server)}/items/msg_mine"  # of the same project, in another conversation
    assert ask(server, "GET", other).status_code == 404
    assert ask(server, "DELETE", other).status_code == 404


LONG = "x" * 600
BAD: dict[str, tuple[str, str, Any, int, str | None, str]] = {
    # method, what comes after the conversation's path, body, status, param, a word of the message
    "no JSON": ("POST", "/items", b"{", 400, None, "JSON"),
    "no body for items": ("POST", "/items", b"", 400, None, "empty"),
    "an array": ("POST", "", b"[]", 400, None, "object"),
    "no metadata": ("POST", "", {}, 400, "metadata", "missing"),
    "an unknown member": ("POST", "", {"metadata": {}, "colour": 1}, 400, "colour", "metadata"),
    "metadata of a number": ("POST", "", {"metadata": {"a": 1}}, 400, "metadata.a", "string"),
    "17 pairs": ("POST", "", {"metadata": {str(i): "" for i in range(17)}}, 400, "metadata", "16"),
    "a long key": ("POST", "", {"metadata": {"k" * 65: ""}}, 400, "metadata", "64"),
    "a long value": ("POST", "", {"metadata": {"k": "v" * 513}}, 400, "metadata.k", "512"),
    "no items": ("POST", "/items", {}, 400, "items", "missing"),
    "null items": ("POST", "/items", {"items": None}, 400, "items", "array"),
    "21 items": ("POST", "/items", {"items": [{"role": "user", "content": "x"}] * 21}, 400, "items", "20"),
    "an item that is none": ("POST", "/items", {"items": ["x"]}, 400, "items[0]", "object"),
    "an item of no type": ("POST", "/items", {"items": [{"content": "x"}]}, 400, "items[0].type", "message"),
    "an unknown type": ("POST", "/items", {"items": [CALL, {"type": "smell"}]}, 400, "items[1].type", "function_call"),
    "an unknown role": ("POST", "/items", {"items": [{"role": "king", "content": ""}]}, 400, "items[0].role", "user"),
    "an unknown part": (
        "POST",
        "/items",
        {"items": [{"role": "user", "content": [{"type": "smell"}]}]},
        400,
        "items[0].content[0].type",
        "input_text",
    ),
    "a reference": (
        "POST",
        "/items",
        {"items": [{"type": "item_reference", "id": "x"}]},
        400,
        "items[0].type",
        "itself",
    ),
    "one id twice": ("POST", "/items", {"items": [THOUGHT, THOUGHT]}, 400, "items[1].id", "items[0]"),
    "bad base64": (
        "POST",
        "/items",
        {"items": [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,&&&&"}]}]},
        400,
        "items[0].content[0].image_url",
        "base64",
    ),
    "limit 0": ("GET", "/items?limit=0", None, 400, "limit", "100"),
    "limit 101": ("GET", "/items?limit=101", None, 400, "limit", "100"),
    "limit of words": ("GET", "/items?limit=ten", None, 400, "limit", "100"),
    "two limits": ("GET", "/items?limit=1&limit=2", None, 400, "limit", "one"),
    "an empty limit": ("GET", "/items?limit=", None, 400, "limit", "one"),
    "an unknown order": ("GET", "/items?order=up", None, 400, "order", "asc"),
    "an unknown cursor": ("GET", "/items?after=msg_0", None, 400, "after", "msg_0"),
    "a cursor of NUL": ("GET", "/items?after=%00", None, 400, "after", "after"),
    "a long cursor": ("GET", f"/items?after={LONG}", None, 400, "after", "512"),
    "an unknown include": ("GET", "/items?include[]=all", None, 400, "include", "reasoning.encrypted_content"),
    "an include that is a map": ("GET", "/items?include[a]=x", None, 400, "include", "include[]"),
    "an unknown parameter": ("GET", "/items?colour=red", None, 400, "colour", "limit"),
    "a parameter where there is none": ("GET", "?limit=1", None, 400, "limit", "none"),
    "an unknown item": ("GET", "/items/msg_0", None, 404, "item_id", "msg_0"),
    "no item at all": ("DELETE", "/items/", None, 404, "item_id", "no item"),
    "a method": ("PUT", "", {}, 405, None, "allowed"),
    "a method of items": ("DELETE", "/items", None, 405, None, "allowed"),
}


@pytest.fixture(scope="module")
def path(server: ServerProcess) -> str:
    return made(server, {"role": "user", "content": "x"})


@pytest.mark.parametrize("case", BAD)
def test_bad_input(server: ServerProcess, path: str, case: str) -> None:
    method, more, body, status, param, word = BAD[case]
    got = ask(server, method, path + more, body)
    assert got.status_code == status, got.text
    error = got.json()["error"]
    assert error["param"] == param, error
    assert word in error["message"], error
    assert (error["type"], len(error["message"]) < 1000) == ("invalid_request_error", True)
    assert error["request_id"] == got.headers["x-request-id"]
    assert len(ask(server, "GET", path + "/items").json()["data"]) == 1


@pytest.mark.parametrize("body", [{"items": [{"role": "user", "content": "x"}] * 21}, {"metadata": 1}, {"store": True}])
def test_a_conversation_that_is_refused_is_not_made(server: ServerProcess, body: Any) -> None:
    def count() -> Any:
        with sqlite3.connect(server.home / "penstock.db") as database:
            return database.execute("select count(*) from stored").fetchone()

    before = count()
    assert ask(server, "POST", "/v1/conversations", body).status_code == 400
    assert count() == before


def test_a_key_is_needed_and_its_dialect_is_spoken(server: ServerProcess) -> None:
    got = httpx.post(server.url + "/v1/conversations", json={})
    assert (got.status_code, got.json()["error"]["code"]) == (401, "missing_api_key")
    arguments = ("keys", "create", "--name", "flat", "--dialect", "aimlapi")
    key = penstock(server.home, *arguments).stdout.strip()
    flat = ask(server, "GET", "/v1/conversations/conv_0", key=key)
    assert (flat.status_code, flat.headers["x-penstock-dialect"]) == (404, "aimlapi")
    assert (flat.json()["statusCode"], flat.json()["path"]) == (404, "/v1/conversations/conv_0")
    scale = ask(server, "GET", "/v1/conversations/conv_0?x=1", headers={"x-api-dialect": "sgp"})
    assert (scale.status_code, scale.json()["detail"][0]["loc"]) == (422, ["body", "x"])


def test_a_body_over_the_limit_and_one_that_is_no_json(server: ServerProcess, path: str) -> None:
    items = {"items": [{"role": "user", "content": "x" * 1000}]}
    assert ask(server, "POST", path + "/items", b" " * 33 * 1024 * 1024).status_code == 413
    got = ask(server, "POST", path + "/items", items, headers={"content-type": "text/plain"})
    assert (got.status_code, got.json()["error"]["code"]) == (415, "unsupported_media_type")
