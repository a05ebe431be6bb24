"""A whole answer of llama.cpp, read as if it had been streamed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.local_calls import TARGET, call, deltas, entry, local, sent, whole

from penstock.core.answer import Frame, Reader
from penstock.core.errors import UpstreamBroke

TOOLS = [{"type": "function", "function": {"name": "one"}}]
ASKED: dict[str, Any] = {"tools": TOOLS, "logprobs": True, "top_logprobs": 1}


def read(data: bytes, **body: Any) -> tuple[list[Frame], Reader]:
    reader = local().reader(call(stream=True, **ASKED | body), TARGET)
    half = len(data) // 2
    frames = [*reader.feed(data[:half]), *reader.feed(data[half:]), *reader.close()]
    return frames, reader


def told(frames: list[Frame]) -> list[str]:
    choices = [choice for frame in frames for choice in json.loads(frame.data)["choices"]]
    return [e["token"] for choice in choices for e in (choice["logprobs"] or {}).get("content", [])]


@pytest.mark.parametrize(
    ("body", "streams"),
    [(ASKED, False), (ASKED | {"tool_choice": "none"}, False), ({"tools": TOOLS}, True), ({"logprobs": True}, True)],
)
def test_only_tools_with_logprobs_are_asked_for_whole(body: dict[str, Any], streams: bool) -> None:
    assert sent(**body)["stream"] is streams
    assert ("stream_options" in sent(**body)) is streams


@given(
    tokens=st.lists(st.text("ab <`{", min_size=1, max_size=3), min_size=1, max_size=12),
    stop=st.text("ab <", max_size=2),
)
def test_text_comes_token_by_token(tokens: list[str], stop: str) -> None:
    text = "".join(tokens)
    frames, reader = read(
        whole({"content": text}, [entry(token) for token in tokens]), **({"stop": stop} if stop else {})
    )
    said = "".join(delta.get("content") or "" for delta in deltas(frames))
    end = text.find(stop) if stop else -1
    assert said == (text if end < 0 else text[:end])
    assert "".join(told(frames)).startswith(said)
    assert reader.finish_reasons == {0: "stop"}
    assert reader.usage is not None
    assert (reader.usage.prompt_tokens, reader.usage.completion_tokens) == (5, len(tokens))


def test_reasoning_has_its_own_entries_and_count() -> None:
    tokens = ["<think>", "hm", " so", "</think>", "yes", "!"]
    message = {"reasoning_content": "hm so", "content": "yes!"}
    frames, reader = read(whole(message, [entry(token) for token in tokens]))
    assert [delta for delta in deltas(frames) if delta][1:] == [
        {"reasoning_content": "hm so"},
        {"content": "yes"},
        {"content": "!"},
    ]
    assert told(frames) == ["<think>", "hm", " so", "yes", "!"]
    assert reader.usage is not None
    assert (reader.usage.reasoning_tokens, reader.usage.completion_tokens) == (3, 6)


def test_calls_are_told_in_order() -> None:
    calls = [{"type": "function", "id": "x", "function": {"name": "one", "arguments": "{}"}}] * 2
    frames, reader = read(whole({"content": "", "tool_calls": calls}, [entry("<tool_call>")]))
    opened = [delta["tool_calls"][0] for delta in deltas(frames) if "tool_calls" in delta]
    assert [part["index"] for part in opened] == [0, 0, 1, 1]
    assert [part["id"] for part in opened if "id" in part] == ["call_0", "call_1"]
    assert reader.finish_reasons == {0: "tool_calls"}
    assert told(frames) == ["<tool_call>"]


def test_text_that_is_not_its_tokens_is_told_at_once() -> None:
    frames, _ = read(whole({"content": "other"}, [entry("a"), entry("b")]))
    assert "".join(delta.get("content") or "" for delta in deltas(frames)) == "other"
    assert told(frames) == ["a", "b"]


@pytest.mark.parametrize("data", [b"", b"{", b'{"choices": [], "timings": {}}', b"\xff"])
def test_what_is_no_answer_broke(data: bytes) -> None:
    with pytest.raises(UpstreamBroke):
        read(data)
