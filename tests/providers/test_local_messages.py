"""Messages on their way to a chat template."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.providers.local_calls import sent

from penstock.core.errors import InvalidRequest

USER = {"role": "user", "content": "hi"}


def translated(*messages: dict[str, Any]) -> list[dict[str, Any]]:
    result: list[dict[str, Any]] = sent(messages=list(messages))["messages"]
    return result


def test_roles() -> None:
    messages = translated({"role": "developer", "content": "a"}, {"role": "system", "content": "b"}, USER)
    assert [message["role"] for message in messages] == ["system", "system", "user"]


def test_parts_of_text_stay_parts() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert translated({"role": "user", "content": parts, "name": "ann"}) == [
        {"role": "user", "content": parts, "name": "ann"}
    ]


def test_a_refusal_is_what_the_model_said() -> None:
    whole = {"role": "assistant", "content": None, "refusal": "no"}
    part = {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}
    assert translated(USER, whole)[1] == {"role": "assistant", "content": "no"}
    assert translated(USER, part)[1]["content"] == [{"type": "text", "text": "no"}]


def test_reasoning_goes_along() -> None:
    message = {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    assert translated(USER, message)[1] == message


def test_calls_and_their_answers() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    answer = {"role": "tool", "tool_call_id": "c", "content": "1"}
    assert translated(USER, {"role": "assistant", "content": None, "tool_calls": [call]}, answer)[1:] == [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        answer,
    ]


@pytest.mark.parametrize(
    ("arguments", "as_json"), [('{"a": ', '{"a": '), ("not json", "not json"), ("", {}), (" ", {})]
)
def test_arguments_that_a_model_broke_are_kept_as_text(arguments: str, as_json: Any) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    answer = {"role": "tool", "tool_call_id": "c", "content": "1"}
    message = translated(USER, {"role": "assistant", "content": None, "tool_calls": [call]}, answer)[1]
    assert json.loads(message["tool_calls"][0]["function"]["arguments"]) == as_json


def test_the_old_function_call_and_its_answer_find_each_other() -> None:
    asked = {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}}
    told = {"role": "function", "name": "f", "content": "1"}
    messages = translated(USER, asked, told, USER, asked, told)
    ids = [message["tool_calls"][0]["id"] for message in messages if "tool_calls" in message]
    assert len(set(ids)) == 2
    assert [message["tool_call_id"] for message in messages if message["role"] == "tool"] == ids


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
        {"type": "file", "file": {"file_id": "f"}},
        {"type": "video_url", "video_url": {"url": "https://example.com/a.mp4"}},
    ],
)
def test_what_is_no_text_is_refused_by_its_place(part: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="read text only") as error:
        translated(USER, {"role": "user", "content": [{"type": "text", "text": "see"}, part]})
    assert error.value.param == "messages[1].content[1].type"


def test_speech_and_custom_calls_of_the_model_are_refused() -> None:
    with pytest.raises(InvalidRequest) as error:
        translated(USER, {"role": "assistant", "audio": {"id": "a"}})
    assert error.value.param == "messages[1].audio"
    call = {"id": "c", "type": "custom", "custom": {"name": "f", "input": "x"}}
    answer = {"role": "tool", "tool_call_id": "c", "content": "1"}
    with pytest.raises(InvalidRequest) as error:
        translated(USER, {"role": "assistant", "tool_calls": [call]}, answer)
    assert error.value.param == "messages[1].tool_calls[0].type"
