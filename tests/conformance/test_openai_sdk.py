"""The official SDK in strict validation mode, sync and async, against a real server before a conforming vendor."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

from tests.conformance.vendor import conforming
from tests.server import ServerProcess, penstock, provider_toml
from tests.upstream import Behave, FakeVendor, Request, Wire, chunk, completion

pytestmark = pytest.mark.anyio

MODELS = """
[[model]]
name = "gpt-4"
aliases = ["openai/gpt-4"]
snapshot = "gpt-4-0613"
targets = [{ provider = "openai", model = "gpt-4" }]

[[model]]
name = "openai/*"
targets = [{ provider = "openai", model = "*" }]
"""
HELLO = [{"role": "user", "content": "Hello"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor(conforming) as made:
        yield made


@pytest.fixture(scope="module")
def server(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("home")
    with ServerProcess(home, provider_toml("openai", vendor.url) + MODELS) as running:
        yield running


@pytest.fixture(autouse=True)
def _conforming(vendor: FakeVendor) -> None:
    vendor.behave = conforming
    vendor.requests.clear()


@pytest.fixture
def client(server: ServerProcess) -> Iterator[OpenAI]:
    with OpenAI(
        base_url=server.url + "/v1", api_key=server.key, _strict_response_validation=True, max_retries=0
    ) as made:
        yield made


def test_whole(client: OpenAI, vendor: FakeVendor) -> None:
    raw = client.chat.completions.with_raw_response.create(model="gpt-4", messages=HELLO, temperature=0)
    answer = raw.parse()
    assert answer.choices[0].message.content == "Hello \N{WAVING HAND SIGN}!"
    assert answer.model == "gpt-4-0613"
    assert answer.id.startswith("chatcmpl-")
    assert answer.id != "chatcmpl-vendor"
    assert answer._request_id == raw.headers["x-request-id"]
    assert answer.usage is not None
    assert answer.usage.prompt_tokens_details is not None
    assert answer.usage.prompt_tokens_details.cached_tokens == 3
    assert vendor.requests[-1].json == {"model": "gpt-4", "messages": HELLO, "temperature": 0}


def test_stream(client: OpenAI) -> None:
    with client.chat.completions.create(model="openai/gpt-4", messages=HELLO, stream=True) as stream:
        chunks = list(stream)
    assert "".join(c.choices[0].delta.content or "" for c in chunks) == "Hello \N{WAVING HAND SIGN}!"
    assert {c.model for c in chunks} == {"gpt-4-0613"}
    assert len({c.id for c in chunks}) == 1
    assert [c.choices[0].delta.role for c in chunks if c.choices[0].delta.role] == ["assistant"]
    assert [c.choices[0].finish_reason for c in chunks if c.choices[0].finish_reason] == ["stop"]
    assert all(c.usage is None for c in chunks)


def test_stream_with_usage(client: OpenAI) -> None:
    options = {"include_usage": True}
    with client.chat.completions.create(model="gpt-4", messages=HELLO, stream=True, stream_options=options) as stream:
        chunks = list(stream)
    assert [bool(c.usage) for c in chunks] == [False] * (len(chunks) - 1) + [True]
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 17


async def test_async_whole_and_stream(server: ServerProcess) -> None:
    async with AsyncOpenAI(base_url=server.url + "/v1", api_key=server.key, _strict_response_validation=True) as client:
        answers = await asyncio.gather(
            *(client.chat.completions.create(model="gpt-4", messages=HELLO) for _ in range(20))
        )
        assert len({a.id for a in answers}) == 20
        stream = await client.chat.completions.create(model="gpt-4", messages=HELLO, stream=True)
        text = "".join([c.choices[0].delta.content or "" async for c in stream])
        assert text == "Hello \N{WAVING HAND SIGN}!"


def test_n_whole_and_streamed(client: OpenAI) -> None:
    answer = client.chat.completions.create(model="gpt-4", messages=HELLO, n=3)
    assert [c.index for c in answer.choices] == [0, 1, 2]
    with client.chat.completions.stream(model="gpt-4", messages=HELLO, n=3) as stream:
        final = stream.get_final_completion()
    assert [c.message.content for c in final.choices] == [c.message.content for c in answer.choices]


@pytest.mark.parametrize("parallel", [True, False])
def test_tools_whole_and_streamed(client: OpenAI, parallel: bool) -> None:
    asked = {"model": "gpt-4", "messages": HELLO, "tools": TOOLS, "parallel_tool_calls": parallel}
    whole = client.chat.completions.create(**asked).choices[0]
    with client.chat.completions.stream(**asked) as stream:
        streamed = stream.get_final_completion().choices[0]
    for choice in (whole, streamed):
        assert choice.finish_reason == "tool_calls"
        assert choice.message.tool_calls is not None
        cities = [json.loads(c.function.arguments)["city"] for c in choice.message.tool_calls]
        assert cities == (["Paris", "Rome"] if parallel else ["Paris"])
        assert [c.id for c in choice.message.tool_calls] == ["call_0", "call_1"][: len(cities)]


def test_tool_results_go_back(client: OpenAI, vendor: FakeVendor) -> None:
    first = client.chat.completions.create(model="gpt-4", messages=HELLO, tools=TOOLS).choices[0].message
    assert first.tool_calls is not None
    results = [{"role": "tool", "tool_call_id": c.id, "content": "sunny"} for c in first.tool_calls]
    messages = [*HELLO, first, *results]
    client.chat.completions.create(model="gpt-4", messages=messages, tools=TOOLS, tool_choice="none")
    sent = vendor.requests[-1].json["messages"]
    assert [m["role"] for m in sent] == ["user", "assistant", "tool", "tool"]


def test_parse_whole_and_streamed(client: OpenAI) -> None:
    parsed = (
        client.chat.completions.parse(model="openai/gpt-4o", messages=HELLO, response_format=Person).choices[0].message
    )
    assert parsed.parsed == Person(name="Ada", age=36)
    with client.chat.completions.stream(model="openai/gpt-4o", messages=HELLO, response_format=Person) as stream:
        assert stream.get_final_completion().choices[0].message.parsed == parsed.parsed


def test_logprobs_whole_and_streamed(client: OpenAI) -> None:
    asked = {"model": "gpt-4", "messages": HELLO, "logprobs": True, "top_logprobs": 1}
    whole = client.chat.completions.create(**asked).choices[0].logprobs
    with client.chat.completions.stream(**asked) as stream:
        streamed = stream.get_final_completion().choices[0].logprobs
    assert whole is not None
    assert streamed is not None
    assert whole.content is not None
    assert streamed.content is not None
    assert [e.model_dump() for e in whole.content] == [e.model_dump() for e in streamed.content]
    assert bytes(b for e in whole.content for b in e.bytes or []).decode() == "Hello \N{WAVING HAND SIGN}!"


def test_models(client: OpenAI) -> None:
    assert {"gpt-4", "openai/gpt-4", "penstock-tiny", "gpt-4o-mini"} <= {m.id for m in client.models.list()}
    assert client.models.retrieve("openai/gpt-4").owned_by == "openai"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing/of/the/kind")


def vendor_error(status: int, body: object = None, **headers: str) -> Behave:
    async def behave(request: Request, wire: Wire) -> None:
        error = {"error": {"message": "the vendor's words", "type": "some_type", "param": "p", "code": "some_code"}}
        await wire.whole(error if body is None else body, status, **headers)

    return behave


@pytest.mark.parametrize(
    ("status", "kind", "seen", "tries"),
    [
        (400, openai.BadRequestError, 400, 1),
        (401, openai.InternalServerError, 502, 1),  # our credential, never the client's
        (402, openai.InternalServerError, 502, 1),
        (403, openai.InternalServerError, 502, 1),
        (404, openai.NotFoundError, 404, 1),
        (409, openai.ConflictError, 409, 2),
        (413, openai.APIStatusError, 413, 1),
        (422, openai.UnprocessableEntityError, 422, 1),
        (429, openai.RateLimitError, 429, 2),
        (500, openai.InternalServerError, 502, 2),
        (502, openai.InternalServerError, 502, 2),
        (503, openai.InternalServerError, 503, 2),
        (529, openai.InternalServerError, 503, 2),
    ],
)
def test_every_error_class(
    client: OpenAI, vendor: FakeVendor, status: int, kind: type[openai.APIStatusError], seen: int, tries: int
) -> None:
    vendor.behave = vendor_error(status)
    with pytest.raises(kind) as error:
        client.chat.completions.create(model="gpt-4", messages=HELLO)
    assert error.value.status_code == seen
    assert error.value.request_id is not None
    assert error.value.request_id.startswith("req_")
    if status == 401:  # vendors like to repeat the key in these words
        assert "refused the api_key" in str(error.value)
    else:
        assert "the vendor's words" in str(error.value)
    assert "sk-vendor-secret" not in str(error.value.body)
    assert len(vendor.requests) == tries


def test_no_key_wrong_key_disabled_key(server: ServerProcess) -> None:
    for key in ("sk-ps-" + "x" * 43, "My API Key", "'; DROP TABLE keys; --"):
        with OpenAI(base_url=server.url + "/v1", api_key=key, max_retries=0) as stranger:
            with pytest.raises(openai.AuthenticationError) as error:
                stranger.chat.completions.create(model="gpt-4", messages=HELLO)
            assert error.value.code == "invalid_api_key"
    key = penstock(server.home, "keys", "create", "--name", "short-lived").stdout.strip()
    with OpenAI(base_url=server.url + "/v1", api_key=key, max_retries=0) as client:
        client.chat.completions.create(model="gpt-4", messages=HELLO)  # works when the command has returned
        penstock(server.home, "keys", "disable", "short-lived")
        time.sleep(1)
        with pytest.raises(openai.AuthenticationError) as error:
            client.chat.completions.create(model="gpt-4", messages=HELLO)
        assert error.value.code == "disabled_api_key"
        penstock(server.home, "keys", "enable", "short-lived")
        time.sleep(1)
        client.chat.completions.create(model="gpt-4", messages=HELLO)


def test_the_sdk_retries_by_its_own_rules(server: ServerProcess, vendor: FakeVendor) -> None:
    """A vendor's 401 is never tried again by an SDK; a 503 is, and the second answer is good."""
    vendor.behave = vendor_error(401)
    with OpenAI(base_url=server.url + "/v1", api_key=server.key, max_retries=2) as client:
        with pytest.raises(openai.InternalServerError):
            client.chat.completions.create(model="gpt-4", messages=HELLO)
        assert len(vendor.requests) == 1
        vendor.requests.clear()

        async def fourth_time(request: Request, wire: Wire) -> None:
            if len(vendor.requests) < 4:
                await wire.whole({"error": {"message": "busy"}}, 503, retry_after="0.05")
            else:
                await wire.whole(completion())

        vendor.behave = fourth_time
        assert client.chat.completions.create(model="gpt-4", messages=HELLO).choices[0].message.content == "Hello!"
        assert len(vendor.requests) == 4


def test_a_stream_that_breaks_is_an_api_error_and_never_a_silent_end(client: OpenAI, vendor: FakeVendor) -> None:
    async def cut(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(chunk({"role": "assistant", "content": ""}))
        await wire.event(chunk({"content": "Hel"}))
        wire.reset()

    vendor.behave = cut
    with client.chat.completions.create(model="gpt-4", messages=HELLO, stream=True) as stream:
        seen = []
        with pytest.raises(openai.APIError) as error:
            seen += [c.choices[0].delta.content for c in stream]  # type: ignore[union-attr]
    assert "vendor" in error.value.message
    assert len(vendor.requests) == 1  # content was out: nothing is tried again


def test_requests_are_recorded_once_and_newest_first(client: OpenAI, server: ServerProcess, tmp_path: Path) -> None:
    ids = []
    for _ in range(3):
        raw = client.chat.completions.with_raw_response.create(model="gpt-4", messages=HELLO)
        ids.append(raw.headers["x-request-id"])
    records = server.records()
    assert [r["request_id"] for r in records[:3]] == ids[::-1]
    record = records[0]
    assert record["project"] == "default"
    assert record["status"] == 200
    assert record["model_asked"] == "gpt-4"
    assert record["model_served"] == "gpt-4-0613"
    assert record["provider"] == "openai"
    assert record["prompt"] is None
    assert record["answer"] is None
