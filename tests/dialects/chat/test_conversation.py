"""What must hold between messages: calls and their answers, and an assistant message that says something."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.request import decode
from penstock.settings import Limits

USER = {"role": "user", "content": "Hello"}
LIMITS = Limits()


def read(messages: list[Any]) -> None:
    body = json.dumps({"model": "m", "messages": messages}).encode()
    decode(body, LIMITS, id="chatcmpl-1", request_id="req_1", now=0, strict=False)


def calls(*ids: str) -> dict[str, Any]:
    function = {"name": "f", "arguments": "{}"}
    return {"role": "assistant", "tool_calls": [{"id": i, "type": "function", "function": function} for i in ids]}


def answers(call_id: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "42"}


@pytest.mark.parametrize(
    "messages",
    [
        [calls("a"), answers("a")],
        [USER, calls("a", "b"), answers("b"), answers("a"), USER],
        [calls("a"), answers("a"), calls("a"), answers("a")],
        [calls("a"), answers("a"), calls("b"), answers("b"), {"role": "assistant", "content": "done"}],
        [calls("a", "b"), answers("a"), answers("a"), answers("b")],
        [calls("a", "a"), answers("a")],
        [calls(""), answers("")],
    ],
    ids=["one", "two, in any order", "an id again", "one after the other", "twice", "an id twice", "an empty id"],
)
def test_answered_calls(messages: list[Any]) -> None:
    read(messages)


REFUSED: dict[str, tuple[list[Any], str, str]] = {
    # the messages, param, words of the message
    "an answer at the beginning": ([answers("a")], "messages[0].tool_call_id", "no assistant message before it"),
    "an answer to the user": ([USER, answers("a")], "messages[1].tool_call_id", "'a', but no assistant message"),
    "an answer to text": (
        [{"role": "assistant", "content": "x"}, answers("a")],
        "messages[1].tool_call_id",
        "no assistant message",
    ),
    "an answer to another call": ([calls("a"), answers("b")], "messages[1].tool_call_id", "made no such call"),
    "an answer that comes late": (
        [calls("a"), answers("a"), USER, answers("a")],
        "messages[3].tool_call_id",
        "must follow an assistant message",
    ),
    "an answer to the call before": (
        [calls("a"), answers("a"), calls("b"), answers("a")],
        "messages[3].tool_call_id",
        "made no such call",
    ),
    "no answer at the end": ([USER, calls("a")], "messages[1].tool_calls[0].id", "1 call without an answer: 'a'"),
    "no answer before the user": ([calls("a"), USER], "messages[0].tool_calls[0].id", "before any other message"),
    "no answer before another call": (
        [calls("a"), calls("b"), answers("b")],
        "messages[0].tool_calls[0].id",
        "'a'",
    ),
    "one answer of two": (
        [calls("a", "b"), answers("a")],
        "messages[0].tool_calls[1].id",
        "1 call without an answer: 'b'",
    ),
    "many calls without answers": (
        [calls(*(f"call_{i}" for i in range(20)))],
        "messages[0].tool_calls[0].id",
        "20 calls without an answer: 'call_0', 'call_1', 'call_2', 'call_3', 'call_4', 'call_5', 'call_6', "
        "'call_7', .... Each",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_unmatched(case: str) -> None:
    messages, param, words = REFUSED[case]
    with pytest.raises(InvalidRequest) as caught:
        read(messages)
    assert caught.value.param == param
    assert words in caught.value.message
    assert len(caught.value.message) < 1000


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant"},
        {"role": "assistant", "content": None},
        {"role": "assistant", "content": []},
        {"role": "assistant", "content": None, "tool_calls": []},
        {"role": "assistant", "content": None, "refusal": None, "audio": None, "function_call": None},
    ],
)
def test_an_assistant_message_says_something(message: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read([USER, message])
    assert (caught.value.param, caught.value.code) == ("messages[1].content", "missing_required_parameter")
    assert "'tool_calls'" in caught.value.message


def test_long_ids_are_cut_in_the_message() -> None:
    with pytest.raises(InvalidRequest) as caught:
        read([calls(*("x" * 9999 + str(i) for i in range(9)))])
    assert len(caught.value.message) < 1000


IDS = st.sampled_from(["a", "b", "c"])
STEPS = st.lists(st.just("user") | st.tuples(st.just("call"), st.sets(IDS, min_size=1)) | IDS, min_size=1, max_size=8)


@settings(deadline=None)
@given(STEPS)
def test_calls_and_answers_equal_a_naive_reading(steps: list[Any]) -> None:
    messages = [USER if s == "user" else calls(*sorted(s[1])) if isinstance(s, tuple) else answers(s) for s in steps]
    if _every_call_is_answered(messages):
        read(messages)
    else:
        with pytest.raises(InvalidRequest):
            read(messages)


def _every_call_is_answered(messages: list[Any]) -> bool:
    """The oracle: blocks of one message and the tool messages after it."""
    blocks: list[list[Any]] = []
    for message in messages:
        if message["role"] != "tool":
            blocks.append([message])
        elif not blocks:
            return False
        else:
            blocks[-1].append(message)
    return all(
        {call["id"] for call in head.get("tool_calls", [])} == {answer["tool_call_id"] for answer in rest}
        for head, *rest in blocks
    )
