from __future__ import annotations

import json
from typing import Any

from tests.upstream import completion
from tests.vendor_calls import TARGET, a_call

from penstock.dialects.chat.assembly import Assembly
from penstock.dialects.chat.chunks import chunks_of


def test_a_whole_answer_and_the_stream_of_it_say_the_same() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message: dict[str, Any] = {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "tool_calls": [call, call | {"id": "c2"}],
    }
    choice = {"index": 3, "message": message, "logprobs": None, "finish_reason": "tool_calls"}
    answer = completion() | {"choices": [choice, completion("hi")["choices"][0]], "service_tier": "flex"}
    frames = chunks_of(answer)
    assembly = Assembly(a_call(), TARGET)
    for frame in frames:
        assembly.add(frame)
    again = json.loads(assembly.answer(None).body)
    assert sorted(again["choices"], key=lambda c: -c["index"]) == answer["choices"]
    assert again["service_tier"] == "flex"
    assert all(frame.content for frame in frames)
    assert not any("usage" in json.loads(frame.data) for frame in frames)
    delta = json.loads(frames[0].data)["choices"][0]["delta"]
    assert [part["index"] for part in delta["tool_calls"]] == [0, 1]
