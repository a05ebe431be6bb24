from __future__ import annotations

import json
from typing import Any

from tests.upstream import chunk, completion
from tests.vendor_calls import TARGET, a_call

from penstock.core.answer import Frame
from penstock.core.usage import Usage
from penstock.dialects.chat.assembly import Assembly
from penstock.dialects.chat.chunks import Fingerprint, chunks_of, usage_chunk


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


def test_the_usage_chunk_has_the_fingerprint_of_those_before_it() -> None:
    found = Fingerprint()
    for told in (None, ..., 7, "fp_1", "fp_2"):
        said = {name: value for name, value in chunk({"content": "a"}).items() if told is not ... or name[0] != "s"}
        if told is not ...:
            said["system_fingerprint"] = told
        found.add(Frame(json.dumps(said).encode(), content=True))
    usage = Usage(prompt_tokens=1, completion_tokens=2)
    assert json.loads(usage_chunk(a_call(), TARGET, usage, found.value).data)["system_fingerprint"] == "fp_1"
    assert "system_fingerprint" not in json.loads(usage_chunk(a_call(), TARGET, usage, Fingerprint().value).data)
