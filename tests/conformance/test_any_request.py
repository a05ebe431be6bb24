"""Any valid request is read the same again when it is written anew, and damage to one is answered, never a defect."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from penstock.api.openapi import document
from penstock.core.call import Call
from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.request import decode
from penstock.settings import Limits
from tests.server import ServerProcess

ANY = schemathesis.openapi.from_dict(document())["/v1/chat/completions"]["post"].as_strategy(
    generation_mode=GenerationMode.POSITIVE
)

# Every kind of member that a request has: a flip can hit names, strings, numbers, words and brackets.
BODIES = [
    {"model": "penstock-tiny", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3},
    {
        "model": "penstock-tiny",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "\u00fcber \U0001f600"}], "name": "a"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
        "tool_choice": "auto",
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 3,
    },
    {
        "model": "gpt-4",
        "messages": [{"role": "user", "content": "JSON"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "integer"}}},
        "temperature": 0.5,
        "top_p": 1e-1,
        "seed": -7,
        "logprobs": True,
        "top_logprobs": 2,
        "logit_bias": {"17": -100},
        "stop": ["a", "\n"],
        "user": None,
        "metadata": {"k": "v"},
        "max_tokens": 3,
        "n": 1,
    },
]


def read(body: bytes) -> Call:
    return decode(body, Limits(), id="chatcmpl-1", request_id="req_1", now=1, strict=False)


def test_any_valid_request_is_the_same_when_it_is_written_and_read_again() -> None:
    told: Counter[str] = Counter()

    @settings(
        max_examples=60,
        derandomize=bool(os.environ.get("CI")),
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=ANY)
    def run(case: Any) -> None:
        body = json.dumps(case.body).encode()
        try:
            call = read(body)
        except InvalidRequest:
            told["refused"] += 1  # what holds between fields, no schema says
            return
        told["read"] += 1
        sent = read(msgspec.json.encode(call.members))
        assert (sent.wire, sent.members) == (call.wire, call.members)
        assert read(msgspec.json.encode(call.wire)).wire == call.wire
        assert json.loads(msgspec.json.encode(call.members)) == case.body

    run()
    assert told["read"] > told["refused"] / 4


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("flips"), PENSTOCK_ENGINE__CONTEXT="1024") as server:
        yield server


@pytest.mark.parametrize("body", BODIES, ids=["small", "tools", "many"])
def test_any_byte_flip_is_answered_and_never_with_a_defect(server: ServerProcess, body: dict[str, Any]) -> None:
    whole = json.dumps(body).encode()
    headers = {"authorization": f"Bearer {server.key}", "content-type": "application/json"}
    seen: Counter[int] = Counter()

    @settings(max_examples=30, derandomize=bool(os.environ.get("CI")), deadline=None)
    @given(at=st.integers(0, len(whole) - 1), flip=st.integers(1, 255))
    def run(at: int, flip: int) -> None:
        damaged = bytearray(whole)
        damaged[at] ^= flip
        got = client.post("/v1/chat/completions", content=bytes(damaged), headers=headers)
        seen[got.status_code // 100] += 1
        assert got.status_code // 100 in (2, 4), got.text
        assert '"error"' not in got.text or got.status_code // 100 == 4

    with httpx.Client(base_url=server.url, timeout=60) as client:
        assert client.post("/v1/chat/completions", content=whole, headers=headers).status_code == 200
        run()
    assert seen[4] > 0
