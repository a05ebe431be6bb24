"""A whole answer from the chunks of a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.core.answer import Answer, Frame
from penstock.core.errors import UpstreamBroke
from penstock.core.exchange import Target
from penstock.core.usage import Usage
from penstock.dialects.chat import assembly
from penstock.dialects.chat.assembly import Assembly
from penstock.dialects.chat.request import decode
from penstock.settings import Limits


def assemble(*chunks: dict[str, Any], usage: Usage | None = None) -> Answer:
    body = b'{"model": "gpt-4", "messages": [{"role": "user", "content": "hi"}]}'
    call = decode(body, Limits(), id="chatcmpl-1", request_id="r", now=7, strict=False)
    collected = Assembly(call, Target("p", "theirs", "gpt-4-0613"))
    for chunk in chunks:
        collected.add(Frame(json.dumps(chunk).encode(), content=True))
    return collected.answer(usage)


def delta(finish: str | None = None, index: int = 0, logprobs: Any = None, **said: Any) -> dict[str, Any]:
    choice = {"index": index, "delta": said, "finish_reason": finish, "logprobs": logprobs}
    return {"id": "theirs", "object": "chat.completion.chunk", "created": 1, "model": "theirs", "choices": [choice]}


def choices(answer: Answer) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer.body)["choices"]
    return found


def test_text() -> None:
    chunks = [delta(role="assistant", content=""), delta(content="a"), delta(content="b"), delta("stop")]
    usage = Usage(prompt_tokens=3, completion_tokens=2)
    answer = assemble(*chunks, {"choices": [], "usage": {"total_tokens": 99}}, usage=usage)
    body = json.loads(answer.body)
    assert (body["id"], body["object"], body["created"], body["model"]) == (
        "chatcmpl-1",
        "chat.completion",
        7,
        "gpt-4-0613",
    )
    assert body["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "ab", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    assert body["usage"]["total_tokens"] == 5
    assert (answer.usage, answer.finish_reasons) == (usage, ["stop"])


def test_without_usage_there_is_none() -> None:
    assert "usage" not in json.loads(assemble(delta("stop", content="a")).body)


def test_several_choices_in_any_order() -> None:
    chunks = [delta(index=1, content="x"), delta(content="a"), delta("stop", 1), delta(content="b"), delta("length")]
    answer = assemble(*chunks)
    assert [(c["index"], c["message"]["content"]) for c in choices(answer)] == [(0, "ab"), (1, "x")]
    assert answer.finish_reasons == ["length", "stop"]


def test_tool_calls_grow_by_their_index() -> None:
    def tool(index: int, **more: Any) -> dict[str, Any]:
        return {"index": index, **more}

    chunks = [
        delta(role="assistant", content=None),
        delta(tool_calls=[tool(1, id="c1", type="function", function={"name": "two", "arguments": ""})]),
        delta(tool_calls=[tool(0, id="c0", type="function", function={"name": "one", "arguments": '{"a"'})]),
        delta(tool_calls=[tool(0, function={"arguments": ":1}"}), tool(1, function={"arguments": "{}"})]),
        delta(tool_calls=[tool(1, id="c1", type="function", function={"name": "two", "arguments": ""})]),
        delta("tool_calls"),
    ]
    (choice,) = choices(assemble(*chunks))
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "tool_calls": [
            {"id": "c0", "type": "function", "function": {"name": "one", "arguments": '{"a":1}'}},
            {"id": "c1", "type": "function", "function": {"name": "two", "arguments": "{}"}},
        ],
    }


def test_text_beside_calls_stays() -> None:
    call = {"index": 0, "id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    (choice,) = choices(assemble(delta(content="let me see"), delta(tool_calls=[call]), delta("tool_calls")))
    assert choice["message"]["content"] == "let me see"


def test_function_call_reasoning_refusal_and_what_nobody_knows() -> None:
    chunks = [
        delta(function_call={"name": "f", "arguments": "{"}, reasoning_content="h"),
        delta(function_call={"arguments": "}"}, reasoning_content="m", refusal="n"),
        delta(refusal="o", annotations=[{"type": "url"}], score=1),
        delta("function_call", annotations=[{"type": "url"}], score=2),
    ]
    (choice,) = choices(assemble(*chunks))
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": "no",
        "function_call": {"name": "f", "arguments": "{}"},
        "reasoning_content": "hm",
        "annotations": [{"type": "url"}, {"type": "url"}],
        "score": 2,
    }


def test_speech() -> None:
    chunks = [delta(audio={"id": "a", "data": "AA"}), delta(audio={"data": "BB", "expires_at": 5}), delta("stop")]
    (choice,) = choices(assemble(*chunks))
    assert choice["message"]["audio"] == {"id": "a", "data": "AABB", "expires_at": 5}


def test_logprobs_are_put_together() -> None:
    chunks = [
        delta(content="a", logprobs={"content": [{"token": "a"}], "refusal": None}),
        delta(content="b", logprobs={"content": [{"token": "b"}]}),
        delta("stop", logprobs={"content": None, "refusal": [{"token": "r"}]}),
    ]
    (choice,) = choices(assemble(*chunks))
    assert choice["logprobs"] == {"content": [{"token": "a"}, {"token": "b"}], "refusal": [{"token": "r"}]}


def test_other_members_of_the_answer_are_kept() -> None:
    chunks = [delta(content="a") | {"system_fingerprint": "fp_1"}, delta("stop") | {"service_tier": "flex"}]
    body = json.loads(assemble(*chunks).body)
    assert (body["system_fingerprint"], body["service_tier"]) == ("fp_1", "flex")


def test_an_answer_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(assembly, "_MOST_BYTES", 1000)
    with pytest.raises(UpstreamBroke, match="larger than 1000 bytes"):
        assemble(*[delta(content="x" * 100)] * 20)
