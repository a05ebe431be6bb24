"""Calls and their outputs: what belongs together, and what is refused, with its place in words and as `param`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from tests.dialects.responses.request_strategy import conversations

from penstock.core.errors import InvalidRequest
from penstock.dialects.responses.links import answers, check_linked

USER: dict[str, Any] = {"id": "msg_1", "type": "message", "role": "user", "content": "a"}


def call(call_id: str = "call_1", kind: str = "function_call", **more: Any) -> dict[str, Any]:
    return {"id": f"fc_{call_id}", "type": kind, "call_id": call_id, **more}


def output(call_id: str = "call_1", kind: str = "function_call") -> dict[str, Any]:
    return {"id": f"fco_{call_id}", "type": f"{kind}_output", "call_id": call_id, "output": "4"}


@pytest.mark.parametrize(
    ("items", "found"),
    [
        ([], {}),
        ([USER, USER], {}),
        ([USER, call(), output(), USER], {1: 2}),
        ([call("a"), call("b"), output("b"), USER, output("a")], {0: 4, 1: 2}),
        ([call(), output(), USER, call(), output()], {0: 1, 3: 4}),
        ([call(), call(), output(), output()], {0: 2, 1: 3}),
        ([call(kind="custom_tool_call"), output(kind="custom_tool_call")], {0: 1}),
        ([call(status="incomplete"), USER], {}),
        ([call(status="incomplete"), output()], {0: 1}),
        ([{"type": "tool_search_call", "call_id": "call_1"}, output()], {}),
    ],
)
def test_outputs_answer_the_calls_before_them(items: list[dict[str, Any]], found: dict[int, int]) -> None:
    assert answers(items) == found
    check_linked(items, len(items))


@pytest.mark.parametrize(
    ("items", "history", "param", "words"),
    [
        ([USER, output()], 0, "input[1].call_id", "'input[1]' answers the call 'call_1', but no 'function_call'"),
        ([USER, output()], 1, "input[0].call_id", "'input[0]' answers"),
        ([USER, output()], -2, "input[3].call_id", "'input[3]' answers"),
        ([output(), call()], 0, "input[0].call_id", "must follow the 'function_call'"),
        ([call(), output(), output()], 0, "input[2].call_id", "has its output already"),
        ([call(), output(kind="custom_tool_call")], 0, "input[1].call_id", "no 'custom_tool_call' before it"),
        ([call(), USER], 0, "input[0].call_id", "an item of type 'function_call_output'"),
        ([call(), USER], 1, "input", "The item 'fc_call_1' of the conversation so far is the call 'call_1'"),
        ([call(kind="custom_tool_call")], 0, "input[0].call_id", "'custom_tool_call_output'"),
    ],
)
def test_what_does_not_belong_together_is_refused(
    items: list[dict[str, Any]], history: int, param: str, words: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check_linked(items, history)
    assert caught.value.param == param
    assert words in caught.value.message
    assert caught.value.status == 400


@given(conversations())
def test_every_call_of_a_conversation_has_its_own_output(items: list[dict[str, Any]]) -> None:
    typed = [item | {"type": item.get("type") or "message"} for item in items]
    found = answers(typed)
    assert sorted(found) == [i for i, item in enumerate(typed) if item["type"].endswith("_call")]
    assert sorted(found.values()) == [i for i, item in enumerate(typed) if item["type"].endswith("_output")]
    assert all(typed[i]["call_id"] == typed[j]["call_id"] and i < j for i, j in found.items())
