"""Stored chat completions over a real server: the official SDK in strict mode, the export, and what bad input gets."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from bench.processes import resident_mb
from openai import AsyncOpenAI, OpenAI

from tests.api.stored import START_MS, TOOL, USER, a_completion, official, put
from tests.server import ServerProcess, penstock

pytestmark = pytest.mark.anyio

LISTED = "/v1/chat/completions"
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}}


class Kept(ServerProcess):
    """A server with projects of their own, one for each thing that a test looks at."""

    def project(self, name: str) -> str:
        """A key of project `name`."""
        return penstock(self.home, "keys", "create", "--name", name, "--project", name).stdout.strip()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    with Kept(tmp_path_factory.mktemp("completions"), PENSTOCK_LIMITS__WRITE_S="2") as running:
        yield running


@pytest.fixture(scope="module")
def many(server: Kept) -> tuple[str, list[str]]:
    """The key of a project with 45 completions, and their ids, oldest first."""
    key = server.project("many")
    found = [
        a_completion(
            number,
            model="gpt-4-0613" if number % 3 else "o9-mini",
            metadata={"parity": "even" if number % 2 == 0 else "odd", "number": str(number), "with, comma": "a,b=c"},
        )
        for number in range(45)
    ]
    return key, put(server.home, found, "many")


@pytest.fixture
def check(shared: Path) -> Callable[[str, Any], None]:
    return official(shared)


def sdk(server: Kept, key: str, *, strict: bool = True) -> OpenAI:
    return OpenAI(base_url=server.url + "/v1", api_key=key, _strict_response_validation=strict, max_retries=0)


def ask(server: Kept, path: str, key: str, method: str = "GET", body: Any = None, **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} | more.pop("headers", {})
    return httpx.request(method, server.url + path, json=body, headers=headers, timeout=20, **more)


def lines(got: httpx.Response) -> list[Any]:
    assert (got.status_code, got.headers["content-type"]) == (200, "application/jsonl"), got.text
    assert not got.text or got.text.endswith("\n")
    return [json.loads(line) for line in got.text.splitlines()]


def test_the_sdk_reads_changes_and_deletes_one(server: Kept, check: Callable[[str, Any], None]) -> None:
    key = server.project("one")
    asked = {"temperature": 0.5, "tools": [TOOL], "user": "me", "seed": 7, "top_p": None}
    (id,) = put(server.home, [a_completion(1, metadata={"a": "b"}, request=asked)], "one")
    with sdk(server, key) as client:
        raw = client.chat.completions.with_raw_response.retrieve(id)
        check("CreateChatCompletionResponse", json.loads(raw.text))
        completion = raw.parse()
        assert (completion.id, completion.created) == (id, START_MS // 1000 + 1)
        assert completion.choices[0].message.content == "Hi"
        shown = json.loads(raw.text)
        assert {name: shown[name] for name in ("metadata", "temperature", "tools", "input_user", "seed")} == {
            "metadata": {"a": "b"},
            "temperature": 0.5,
            "tools": [TOOL],
            "input_user": "me",
            "seed": 7,
        }
        unsaid = ("top_p", "tool_choice", "response_format", "presence_penalty", "frequency_penalty")
        assert [shown[name] for name in unsaid] == [None] * 5
        changed = client.chat.completions.update(id, metadata={"c": "d"})
        assert json.loads(changed.to_json())["metadata"] == {"c": "d"}
        (found,) = client.chat.completions.list(metadata={"c": "d"})
        assert found.id == id
        assert list(client.chat.completions.list(metadata={"a": "b"})) == []
        client.chat.completions.update(id, metadata=None)
        assert json.loads(client.chat.completions.with_raw_response.retrieve(id).text)["metadata"] == {}
        deleted = client.chat.completions.with_raw_response.delete(id)
        check("ChatCompletionDeleted", json.loads(deleted.text))
        assert (deleted.parse().id, deleted.parse().deleted) == (id, True)
        for gone in (
            lambda: client.chat.completions.retrieve(id),
            lambda: client.chat.completions.update(id, metadata={}),
            lambda: client.chat.completions.delete(id),
            lambda: client.chat.completions.messages.list(id),
        ):
            with pytest.raises(openai.NotFoundError) as raised:
                gone()
            assert raised.value.code == "not_found"
        assert list(client.chat.completions.list()) == []


def test_the_sdk_goes_through_the_pages(
    server: Kept, many: tuple[str, list[str]], check: Callable[[str, Any], None]
) -> None:
    key, ids = many
    with sdk(server, key) as client:
        assert [found.id for found in client.chat.completions.list(limit=7)] == ids
        assert [found.id for found in client.chat.completions.list(order="desc", limit=100)] == ids[::-1]
        raw = client.chat.completions.with_raw_response.list(after=ids[3], limit=2)
        answer = json.loads(raw.text)
        check("ChatCompletionList", answer)
        assert [answer["first_id"], answer["last_id"], answer["has_more"]] == [ids[4], ids[5], True]
        assert [each["id"] for each in answer["data"]] == ids[4:6]
        last = json.loads(client.chat.completions.with_raw_response.list(after=ids[42], limit=2).text)
        assert ([each["id"] for each in last["data"]], last["has_more"]) == (ids[43:], False)
        assert len(client.chat.completions.list().data) == 20


async def test_the_async_sdk_filters(server: Kept, many: tuple[str, list[str]]) -> None:
    key, ids = many
    async with AsyncOpenAI(base_url=server.url + "/v1", api_key=key, _strict_response_validation=True) as client:

        async def listed(**more: Any) -> list[str]:
            return [found.id async for found in client.chat.completions.list(limit=5, **more)]

        assert await listed(model="o9-mini") == ids[::3]
        assert await listed(metadata={"parity": "odd"}, order="desc") == ids[1::2][::-1]
        assert await listed(model="o9-mini", metadata={"parity": "even"}) == ids[::6]
        assert await listed(metadata={"parity": "even", "number": "7"}) == []
        assert await listed(metadata={"with, comma": "a,b=c", "number": "7"}) == ids[7:8]
        assert await listed(model="gpt-4") == []  # asked for, and not what answered


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_was_asked_for_with_store_is_there(server: Kept, stream: bool) -> None:
    key = server.project(f"asked {stream}")
    with sdk(server, key) as client:
        asked = {"model": "penstock-tiny", "messages": [USER], "metadata": {"a": "b"}, "max_tokens": 5}
        if stream:
            with client.chat.completions.create(**asked, store=True, stream=True) as chunks:
                (id,) = {chunk.id for chunk in chunks}
        else:
            id = client.chat.completions.create(**asked, store=True).id
        client.chat.completions.create(**asked)
        (found,) = client.chat.completions.list(metadata={"a": "b"})
        assert (found.id, found.model) == (id, "penstock-tiny")
        assert found.choices[0].message.content
        (line,) = lines(ask(server, LISTED + "/export", key))
        assert line == {"messages": [USER, {"role": "assistant", "content": found.choices[0].message.content}]}


def test_an_empty_list(server: Kept, check: Callable[[str, Any], None]) -> None:
    answer = ask(server, LISTED, server.project("empty")).json()
    check("ChatCompletionList", answer)
    assert answer == {"object": "list", "data": [], "first_id": "", "last_id": "", "has_more": False}
    assert lines(ask(server, LISTED + "/export", server.project("empty"))) == []


def test_the_messages_are_those_of_the_request(server: Kept, check: Callable[[str, Any], None]) -> None:
    key = server.project("messages")
    sent = [
        {"role": "system", "content": "Be brief.", "name": None},
        {"role": "user", "content": [{"type": "text", "text": "What is it?"}, IMAGE], "name": "Ann"},
        {"role": "assistant", "content": None, "tool_calls": [CALL], "refusal": None},
        {"role": "tool", "tool_call_id": "call_1", "content": "a cat"},
    ]
    id, other = put(server.home, [a_completion(1, sent), a_completion(2)], "messages")
    with sdk(server, key, strict=False) as client:  # in strict mode the SDK knows messages of assistants alone
        raw = client.chat.completions.messages.with_raw_response.list(id)
        answer = json.loads(raw.text)
        check("ChatCompletionMessageList", answer)
        assert answer == {
            "object": "list",
            "data": [
                {"id": f"{id}-0", "role": "system", "content": "Be brief.", "refusal": None, "content_parts": None},
                {
                    "id": f"{id}-1",
                    "role": "user",
                    "content": None,
                    "refusal": None,
                    "content_parts": sent[1]["content"],
                    "name": "Ann",
                },
                {
                    "id": f"{id}-2",
                    "role": "assistant",
                    "content": None,
                    "refusal": None,
                    "content_parts": None,
                    "tool_calls": [CALL],
                },
                {
                    "id": f"{id}-3",
                    "role": "tool",
                    "content": "a cat",
                    "refusal": None,
                    "content_parts": None,
                    "tool_call_id": "call_1",
                },
            ],
            "first_id": f"{id}-0",
            "last_id": f"{id}-3",
            "has_more": False,
        }
        listed = client.chat.completions.messages.list
        assert [message.id[-2:] for message in listed(id, limit=1)] == ["-0", "-1", "-2", "-3"]
        assert [message.id[-2:] for message in listed(id, order="desc", limit=3)] == ["-3", "-2", "-1", "-0"]
        assert [message.id[-2:] for message in listed(id, order="desc", after=f"{id}-2")] == ["-1", "-0"]
        with pytest.raises(openai.BadRequestError) as raised:
            listed(id, after=f"{other}-0")
        assert raised.value.param == "after"
    with sdk(server, key) as client:
        only = put(server.home, [a_completion(3, [{"role": "assistant", "content": "Hello?"}])], "messages")[0]
        (message,) = client.chat.completions.messages.list(only)
        assert (message.id, message.content, message.content_parts) == (f"{only}-0", "Hello?", None)


def test_the_export_is_in_the_format_of_fine_tuning(server: Kept, check: Callable[[str, Any], None]) -> None:
    key = server.project("export")
    thought = {"role": "assistant", "content": "4", "reasoning_content": "2+2", "refusal": None, "annotations": []}
    called = {"role": "assistant", "content": None, "refusal": None, "tool_calls": [CALL]}
    refused = {"role": "assistant", "content": None, "refusal": "No."}
    spoken = {
        "role": "assistant",
        "content": None,
        "audio": {"id": "audio_1", "data": "AAAA", "expires_at": 1, "transcript": "Hi"},
    }
    put(
        server.home,
        [
            a_completion(1, [{"role": "developer", "content": "Be\nbrief.", "name": None}, USER], [thought], indent=2),
            a_completion(2, [{"role": "user", "content": [IMAGE]}], [called], request={"tools": [TOOL]}),
            a_completion(3, answers=[refused, thought], request={"parallel_tool_calls": False, "tools": None}),
            a_completion(4, [USER, thought, USER], [spoken], request={"n": 1, "functions": [TOOL["function"]]}),
        ],
        "export",
    )
    said = {"role": "assistant", "content": "4"}
    found = lines(ask(server, LISTED + "/export", key))
    assert found == [
        {"messages": [{"role": "system", "content": "Be\nbrief."}, USER, said]},
        {
            "messages": [
                {"role": "user", "content": [IMAGE]},
                {"role": "assistant", "content": None, "tool_calls": [CALL]},
            ],
            "tools": [TOOL],
        },
        {
            "messages": [USER, {"role": "assistant", "content": None, "refusal": "No."}],
            "parallel_tool_calls": False,
        },
        {"messages": [USER, said], "parallel_tool_calls": False},
        {
            "messages": [USER, said, USER, {"role": "assistant", "content": None, "audio": {"id": "audio_1"}}],
            "functions": [TOOL["function"]],
        },
    ]
    kinds = {
        "system": "ChatCompletionRequestSystemMessage",
        "user": "ChatCompletionRequestUserMessage",
        "assistant": "FineTuneChatCompletionRequestAssistantMessage",
    }
    for line in found:
        for message in line["messages"]:
            check(kinds[message["role"]], message)


def test_the_export_is_filtered_as_the_list(server: Kept, many: tuple[str, list[str]]) -> None:
    key, ids = many
    assert len(lines(ask(server, LISTED + "/export", key))) == len(ids)
    assert len(lines(ask(server, LISTED + "/export", key, params={"model": "o9-mini"}))) == 15
    assert len(lines(ask(server, LISTED + "/export", key, params={"metadata[parity]": "odd"}))) == 22
    filters = {"model": "o9-mini", "metadata[parity]": "odd"}
    assert len(lines(ask(server, "/chat/completions/export", key, params=filters))) == 7
    got = ask(server, LISTED + "/export", key)
    assert got.headers["content-disposition"] == 'attachment; filename="completions.jsonl"'
    head = ask(server, LISTED + "/export", key, "HEAD")
    assert (head.status_code, head.content) == (200, b"")


LARGE, COUNT = 1_000_000, 150


@pytest.fixture(scope="module")
def large(server: Kept) -> str:
    """The key of a project whose export has 150 MB. Each text is another one, so that nothing is kept once for all."""
    key = server.project("large")
    for start in range(0, COUNT, 10):
        texts = (f"{number} {'x' * LARGE}" for number in range(start, start + 10))
        put(
            server.home,
            [a_completion(start + i, [{"role": "user", "content": text}]) for i, text in enumerate(texts)],
            "large",
        )
    return key


def test_an_export_is_never_in_memory_as_a_whole(server: Kept, large: str) -> None:
    """150 MB, of which the client takes a little at a time: what is not read yet is not in the server either."""
    assert server.process is not None
    pid = server.process.pid
    ask(server, LISTED + "/export", large, params={"metadata[none]": "x"})
    before = most = resident_mb(pid)
    size = 0
    headers = {"authorization": f"Bearer {large}"}
    with httpx.stream("GET", server.url + LISTED + "/export", headers=headers, timeout=30) as got:
        for number, part in enumerate(got.iter_raw(1024 * 1024)):
            size += len(part)
            if number % 10 == 0:
                most = max(most, resident_mb(pid))
    assert size > LARGE * COUNT
    assert most - before < 80, f"{most - before:.0f} MB more"


def test_an_export_that_is_left_unread_is_cut_and_not_ended(server: Kept, large: str) -> None:
    """`limits.write_s` is 2 s here. Who comes back to it finds whole lines, and no end."""
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(20)
        client.sendall(f"GET {LISTED}/export HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {large}\r\n\r\n".encode())
        received = client.recv(1000)
        time.sleep(4)
        while part := client.recv(1024 * 1024):
            received += part
    assert received.startswith(b"HTTP/1.1 200")
    assert len(received) < LARGE * COUNT
    assert not received.endswith(b"0\r\n\r\n")
    assert "an export was left unread" in server.log.read_text()
    assert ask(server, LISTED, large, params={"limit": "1"}).status_code == 200


def test_other_calls_go_on_during_an_export(server: Kept, large: str, many: tuple[str, list[str]]) -> None:
    headers = {"authorization": f"Bearer {large}"}
    with httpx.stream("GET", server.url + LISTED + "/export", headers=headers, timeout=30) as got:
        parts = got.iter_raw(1024 * 1024)
        next(parts)
        assert ask(server, f"{LISTED}/{many[1][0]}", many[0]).status_code == 200


def test_twins_without_a_version(server: Kept, many: tuple[str, list[str]]) -> None:
    key, ids = many
    for path in ("", "?limit=3", f"/{ids[0]}", f"/{ids[0]}/messages"):
        twin, versioned = ask(server, "/chat/completions" + path, key), ask(server, LISTED + path, key)
        assert (twin.status_code, twin.json()) == (200, versioned.json())


def test_another_project_sees_nothing(server: Kept, many: tuple[str, list[str]]) -> None:
    _, ids = many
    stranger = server.project("stranger")
    for method, more, body in (
        ("GET", "", None),
        ("POST", "", {"metadata": {"stolen": "yes"}}),
        ("DELETE", "", None),
        ("GET", "/messages", None),
    ):
        got = ask(server, f"{LISTED}/{ids[5]}{more}", stranger, method, body)
        never = ask(server, f"{LISTED}/chatcmpl-0{more}", stranger, method, body)
        assert (got.status_code, never.status_code) == (404, 404)
        assert got.json()["error"]["message"].replace(ids[5], "chatcmpl-0") == never.json()["error"]["message"]
    assert ask(server, LISTED, stranger).json()["data"] == []
    assert ask(server, LISTED, stranger, params={"metadata[parity]": "odd"}).json()["data"] == []
    assert ask(server, LISTED, stranger, params={"after": ids[5]}).status_code == 400
    assert lines(ask(server, LISTED + "/export", stranger)) == []
    assert ask(server, f"{LISTED}/{ids[5]}", many[0]).json()["metadata"]["number"] == "5"


BAD: dict[str, tuple[str, str, Any, int, str | None, str]] = {
    # method, what comes after the path of the list, body, status, param, a word of the message
    "limit 0": ("GET", "?limit=0", None, 400, "limit", "100"),
    "limit 101": ("GET", "?limit=101", None, 400, "limit", "100"),
    "limit -1": ("GET", "?limit=-1", None, 400, "limit", "100"),
    "a long limit": ("GET", "?limit=" + "1" * 5000, None, 400, "limit", "512"),
    "an unknown order": ("GET", "?order=newest", None, 400, "order", "desc"),
    "an unknown cursor": ("GET", "?after=chatcmpl-0", None, 400, "after", "chatcmpl-0"),
    "an empty cursor": ("GET", "?after=", None, 400, "after", "one"),
    "an empty model": ("GET", "?model=", None, 400, "model", "one"),
    "a model that is a map": ("GET", "?model[a]=b", None, 400, "model", "one"),
    "metadata without a key": ("GET", "?metadata=a", None, 400, "metadata", "metadata[KEY]"),
    "metadata with an empty key": ("GET", "?metadata[]=a", None, 400, "metadata", "metadata[KEY]"),
    "metadata with one key twice": ("GET", "?metadata[a]=a&metadata[a]=b", None, 400, "metadata", "once"),
    "metadata with a long key": ("GET", f"?metadata[{'k' * 65}]=a", None, 400, "metadata", "64"),
    "metadata with a long value": ("GET", f"?metadata[k]={'v' * 513}", None, 400, "metadata", "512"),
    "17 pairs": ("GET", "?" + "&".join(f"metadata[{i}]=x" for i in range(17)), None, 400, "metadata", "16"),
    "an open bracket": ("GET", "?metadata[a=b", None, 400, "metadata[a", "known are"),
    "an unknown parameter": ("GET", "?stream=true", None, 400, "stream", "known are"),
    "a page of an export": ("GET", "/export?limit=1", None, 400, "limit", "model"),
    "an unknown filter of an export": ("GET", "/export?metadata=1", None, 400, "metadata", "metadata[KEY]"),
    "an unknown id": ("GET", "/chatcmpl-0", None, 404, "completion_id", "chatcmpl-0"),
    "an id of NUL": ("GET", "/%00", None, 404, "completion_id", "no stored"),
    "a long id": ("GET", "/" + "x" * 5000, None, 404, "completion_id", "no stored"),
    "an unknown id to change": ("POST", "/chatcmpl-0", {"metadata": {}}, 404, "completion_id", "chatcmpl-0"),
    "no metadata": ("POST", "/chatcmpl-0", {}, 400, "metadata", "missing"),
    "a call of a model": ("POST", "/chatcmpl-0", {"metadata": {}, "model": "x"}, 400, "model", "no parameter"),
    "a parameter of one": ("GET", "/chatcmpl-0?include=x", None, 400, "include", "none"),
    "an unknown id of messages": ("GET", "/chatcmpl-0/messages", None, 404, "completion_id", "chatcmpl-0"),
    "a method of the list": ("DELETE", "", None, 405, None, "POST"),
    "a method of one": ("PUT", "/chatcmpl-0", {}, 405, None, "allowed"),
    "export is no id to change": ("POST", "/export", {"metadata": {}}, 405, None, "GET"),
    "export is no id to delete": ("DELETE", "/export", None, 405, None, "GET"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(server: Kept, case: str) -> None:
    method, more, body, status, param, word = BAD[case]
    got = ask(server, LISTED + more, server.key, method, body)
    assert got.status_code == status, got.text
    error = got.json()["error"]
    assert error["param"] == param, error
    assert word in error["message"], error
    assert (error["type"], len(error["message"]) < 1000) == ("invalid_request_error", True)
    assert error["request_id"] == got.headers["x-request-id"]


@pytest.mark.parametrize("path", ["", "/export", "/chatcmpl-0", "/chatcmpl-0/messages"])
def test_a_key_is_needed(server: Kept, path: str) -> None:
    got = httpx.get(server.url + LISTED + path)
    assert (got.status_code, got.json()["error"]["code"]) == (401, "missing_api_key")


def test_what_is_allowed_is_said(server: Kept) -> None:
    allowed = ask(server, LISTED, server.key, "PUT").headers["allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD", "POST"}
    assert ask(server, "/v5/chat/completions", server.key, "PUT").headers["allow"] == "POST"
    assert ask(server, LISTED + "/export", server.key, "POST").headers["allow"] == "GET, HEAD"
    assert set(ask(server, LISTED + "/chatcmpl-0", server.key, "PUT").headers["allow"].split(", ")) == {
        "GET",
        "HEAD",
        "POST",
        "DELETE",
    }
    # Scale's has the call alone: what is stored is not listed there.
    assert ask(server, "/v5/chat/completions", server.key).status_code == 405
    assert ask(server, "/v5/chat/completions/export", server.key).status_code == 404
