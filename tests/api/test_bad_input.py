"""Every row of what bad input gets, over a real socket: the OpenAI error object, the right status, the request id."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.server import ServerProcess, penstock, provider_toml
from tests.upstream import FakeVendor, answer

USER = {"role": "user", "content": "Hello"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor(answer) as made:
        yield made


@pytest.fixture(scope="module")
def server(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("home"), provider_toml("openai", vendor.url)) as running:
        yield running


def body(**more: Any) -> bytes:
    return json.dumps({"model": "openai/gpt-4", "messages": [USER]} | more).encode()


def nested(depth: int) -> bytes:
    return (
        b'{"model":"openai/gpt-4","messages":[{"role":"user","content":"x"}],"x":' + b"[" * depth + b"]" * depth + b"}"
    )


BAD: dict[str, tuple[bytes, int, str | None, str]] = {
    # what is sent, status, param, a word of the message
    "invalid JSON": (b'{"model": "openai/gpt-4", "messages": [}', 400, None, "JSON"),
    "empty body": (b"", 400, None, "empty"),
    "not an object": (b"[1, 2]", 400, None, "object"),
    "trailing data": (body() + b"{}", 400, None, "JSON"),
    "unknown model": (body(model="nothing-like-it"), 404, "model", "does not exist"),
    "missing model": (json.dumps({"messages": [USER]}).encode(), 400, "model", "model"),
    "missing messages": (json.dumps({"model": "openai/gpt-4"}).encode(), 400, "messages", "messages"),
    "empty messages": (body(messages=[]), 400, "messages", "messages"),
    "unknown role": (body(messages=[{"role": "king", "content": "x"}]), 400, "messages[0].role", "user"),
    "content of the wrong type": (
        body(messages=[{"role": "user", "content": 7}]),
        400,
        "messages[0].content",
        "string",
    ),
    "unknown part": (
        body(messages=[{"role": "user", "content": [{"type": "smell"}]}]),
        400,
        "messages[0].content[0].type",
        "text",
    ),
    "a tool message without its call": (
        body(messages=[USER, {"role": "tool", "tool_call_id": "call_9", "content": "x"}]),
        400,
        "messages[1].tool_call_id",
        "call_9",
    ),
    "an unanswered call": (
        body(messages=[USER, {"role": "assistant", "content": None, "tool_calls": [CALL]}, USER]),
        400,
        "messages[1].tool_calls[0].id",
        "call_1",
    ),
    "temperature 2.1": (body(temperature=2.1), 400, "temperature", "2"),
    "top_p -0.1": (body(top_p=-0.1), 400, "top_p", "0"),
    "top_p 1.1": (body(top_p=1.1), 400, "top_p", "1"),
    "n 0": (body(n=0), 400, "n", "1"),
    "n 129": (body(n=129), 400, "n", "128"),
    "max_tokens 0": (body(max_tokens=0), 400, "max_tokens", "1"),
    "top_logprobs without logprobs": (body(top_logprobs=3), 400, "top_logprobs", "logprobs"),
    "stream_options without stream": (body(stream_options={"include_usage": True}), 400, "stream_options", "stream"),
    "a named tool_choice without tools": (
        body(tool_choice={"type": "function", "function": {"name": "f"}}),
        400,
        "tool_choice",
        "tools",
    ),
    "a required tool_choice without tools": (body(tool_choice="required"), 400, "tool_choice", "tools"),
    "a tool_choice that is no tool": (
        body(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "g"}}),
        400,
        "tool_choice",
        "g",
    ),
    "5 stop sequences": (body(stop=["a", "b", "c", "d", "e"]), 400, "stop", "4"),
    "129 tools": (body(tools=[TOOL] * 129), 400, "tools", "128"),
    "metadata of 17 pairs": (body(metadata={str(i): "x" for i in range(17)}), 400, "metadata", "16"),
    "deep nesting": (nested(65), 400, None, "64"),
    "very deep nesting": (nested(100_000), 400, None, "64"),
    "NaN": (
        b'{"model":"openai/gpt-4","messages":[{"role":"user","content":"x"}],"temperature":NaN}',
        400,
        None,
        "JSON",
    ),
    "invalid UTF-8": (b'{"model":"openai/gpt-4","messages":[{"role":"user","content":"\xff"}]}', 400, None, "UTF-8"),
    "a lone surrogate": (
        b'{"model":"openai/gpt-4","messages":[{"role":"user","content":"\\ud800"}]}',
        400,
        None,
        "surrogate",
    ),
    "bad base64": (
        body(
            messages=[
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,&&&&"}}]}
            ]
        ),
        400,
        "messages[0].content[0].image_url.url",
        "base64",
    ),
    "a schema that is none": (
        body(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": "no"}}),
        400,
        "response_format.json_schema.schema",
        "object",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input(server: ServerProcess, vendor: FakeVendor, case: str) -> None:
    sent, status, param, word = BAD[case]
    before = len(vendor.requests)
    got = server.post(sent)
    assert got.status_code == status, got.text
    error = got.json()["error"]
    assert {"message", "type", "param", "code"} <= set(error)
    assert error["param"] == param, error
    assert word in error["message"], error
    assert error["type"] == "invalid_request_error"
    assert error["code"]
    assert got.headers["x-request-id"].startswith("req_")
    assert len(error["message"]) < 1000
    assert len(vendor.requests) == before


@pytest.mark.parametrize("top_p", [0, 1])
def test_the_ends_of_a_range_are_allowed(server: ServerProcess, top_p: float) -> None:
    assert (
        server.post(body(top_p=top_p, temperature=2, n=1, stop=["a", "b", "c", "d"], tools=[TOOL] * 128)).status_code
        == 200
    )


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_wrong_content_type(server: ServerProcess, kind: str) -> None:
    got = server.post(body(), headers={"content-type": kind})
    assert got.status_code == 415
    assert "application/json" in got.json()["error"]["message"]


def test_json_with_a_charset_is_json(server: ServerProcess) -> None:
    assert server.post(body(), headers={"content-type": "application/json; charset=utf-8"}).status_code == 200


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_of_50_mb(server: ServerProcess, declared: bool) -> None:
    def parts() -> Iterator[bytes]:
        for _ in range(50):
            yield b"x" * 1_000_000

    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    content: Any = b"x" * 50_000_000 if declared else parts()
    got = httpx.post(server.url + "/v1/chat/completions", content=content, headers=headers, timeout=30)
    assert got.status_code == 413
    assert "33554432" in got.json()["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "missing_api_key"),
        ({"authorization": "Basic eDp5"}, "invalid_api_key"),
        ({"authorization": "Bearer"}, "invalid_api_key"),
        ({"authorization": "Bearer,"}, "invalid_api_key"),
        ({"authorization": "Bearer sk-ps-short"}, "invalid_api_key"),
        ({"authorization": "Bearer My API Key"}, "invalid_api_key"),
        ({"authorization": "Bearer " + "x" * 20_000}, "invalid_api_key"),
        ({"authorization": "Bearer sk-ps-" + "a" * 43}, "invalid_api_key"),
        ({"authorization": "Bearer \xff\xfe".encode("latin-1")}, "invalid_api_key"),
        ({"x-api-key": "' OR 1=1 --"}, "invalid_api_key"),
    ],
)
def test_no_key_and_malformed_keys(server: ServerProcess, headers: dict[str, Any], code: str) -> None:
    got = httpx.post(server.url + "/v1/chat/completions", content=body(), headers=headers, timeout=10)
    assert got.status_code == 401
    assert got.json()["error"]["code"] == code


def test_a_disabled_key_and_a_deleted_one(server: ServerProcess) -> None:
    for verb, code in (("disable", "disabled_api_key"), ("delete", "invalid_api_key")):
        key = penstock(server.home, "keys", "create", "--name", verb).stdout.strip()
        penstock(server.home, "keys", verb, verb)
        time.sleep(1)  # how long a server may take to hear of it
        got = httpx.post(server.url + "/v1/chat/completions", content=body(), headers={"x-api-key": key}, timeout=10)
        assert got.status_code == 401
        assert got.json()["error"]["code"] == code


def test_bearer_wins_over_x_api_key(server: ServerProcess) -> None:
    assert server.post(body(), headers={"x-api-key": "nonsense"}).status_code == 200
    got = server.post(body(), headers={"authorization": "Bearer nonsense", "x-api-key": server.key})
    assert got.status_code == 401


def test_refused_requests_leave_a_record_with_their_reason(server: ServerProcess) -> None:
    got = server.post(body(temperature=3))
    record = next(r for r in server.records() if r["request_id"] == got.headers["x-request-id"])
    assert record["status"] == 400
    assert record["provider"] is None
    assert record["error"] == got.json()["error"]["code"]
