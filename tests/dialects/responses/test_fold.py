"""Responses from the events that a client got, those of vendors' own items too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dialects.responses.answer_samples import RESOURCE, chunk

from penstock.dialects.responses.fold import Fold, fold, output_text


def event(type: str, **members: Any) -> bytes:
    return json.dumps({"type": f"response.{type}", "sequence_number": 0, **members}).encode()


def added(index: int, type: str, **members: Any) -> bytes:
    return event("output_item.added", output_index=index, item={"id": f"i{index}", "type": type, **members})


CREATED = event("created", response=RESOURCE)


def partly(*events: bytes) -> list[dict[str, Any]]:
    """The output that a stream tells of, which breaks off after `events`."""
    response = fold(RESOURCE, [CREATED, *events])
    assert response["status"] == "incomplete"
    output: list[dict[str, Any]] = response["output"]
    return output


def test_nothing_received() -> None:
    assert fold(RESOURCE, []) == {**RESOURCE, "status": "incomplete"}


def test_the_last_event_says_it_all() -> None:
    message = {"id": "m", "type": "message", "content": [{"type": "output_text", "text": "all"}]}
    final = {**RESOURCE, "status": "completed", "output": [message]}
    events = [CREATED, added(0, "message", content=[]), event("completed", response=final)]
    assert fold(RESOURCE, events) == {**final, "output_text": "all"}


def test_an_error_without_the_failed_response() -> None:
    error = {"type": "server_error", "code": None, "message": "gone", "param": None}
    events = [
        CREATED,
        added(0, "message", content=[], status="in_progress"),
        json.dumps({"type": "error", "error": error}),
    ]
    response = fold(RESOURCE, [each if isinstance(each, bytes) else each.encode() for each in events])
    assert (response["status"], response["error"]) == ("failed", {"code": "server_error", "message": "gone"})
    assert response["output"][0]["status"] == "incomplete"


def test_a_summary_of_reasoning() -> None:
    place = {"item_id": "i0", "output_index": 0, "summary_index": 0}
    told = [
        added(0, "reasoning", summary=[]),
        event("reasoning_summary_part.added", **place, part={"type": "summary_text", "text": ""}),
        event("reasoning_summary_text.delta", **place, delta="Think"),
        event("reasoning_summary_text.delta", **place, delta="ing"),
    ]
    (item,) = partly(*told)
    assert (item["summary"], item["status"]) == ([{"type": "summary_text", "text": "Thinking"}], "incomplete")
    done = {"id": "i0", "type": "reasoning", "summary": [{"type": "summary_text", "text": "Thinking."}]}
    assert partly(*told, event("output_item.done", output_index=0, item=done)) == [done]


@pytest.mark.parametrize(
    ("kind", "name", "member"),
    [
        ("function_call", "function_call_arguments", "arguments"),
        ("mcp_call", "mcp_call_arguments", "arguments"),
        ("custom_tool_call", "custom_tool_call_input", "input"),
        ("code_interpreter_call", "code_interpreter_call_code", "code"),
    ],
)
def test_what_calls_are_given(kind: str, name: str, member: str) -> None:
    place = {"item_id": "i0", "output_index": 0}
    told = [
        added(0, kind, status="in_progress", **{member: None if member == "code" else ""}),
        event(f"{name}.delta", **place, delta="ab"),
        event(f"{name}.delta", **place, delta="cd"),
    ]
    assert partly(*told)[0][member] == "abcd"
    done = event(f"{name}.done", **place, **{member: "abcde"})
    assert partly(*told, done)[0][member] == "abcde"


@pytest.mark.parametrize("kind", ["web_search_call", "image_generation_call", "file_search_call"])
def test_the_status_of_what_the_vendor_runs(kind: str) -> None:
    known = Fold(RESOURCE)
    for each in (
        CREATED,
        added(0, kind, status="in_progress"),
        event(f"{kind}.searching", item_id="i0", output_index=0),
    ):
        known.add(each)
    assert known.items()[0]["status"] == "searching"
    # The first two have no incomplete among their statuses.
    assert known.broken_off()["output"][0]["status"] == ("incomplete" if kind == "file_search_call" else "failed")


def test_parts_that_were_not_announced() -> None:
    place = {"item_id": "i0", "output_index": 0, "content_index": 7}
    told = [added(0, "message"), event("output_text.delta", **place, delta="Hi", logprobs=[{"token": "Hi"}])]
    assert partly(*told)[0]["content"] == [
        {"type": "output_text", "annotations": [], "logprobs": [{"token": "Hi"}], "text": "Hi"}
    ]


def test_items_are_in_the_order_of_their_places() -> None:
    assert [item["id"] for item in partly(added(2, "message"), added(0, "reasoning"))] == ["i0", "i2"]


def test_a_long_text_costs_no_more_than_its_length() -> None:
    known = Fold(RESOURCE)
    known.add(added(0, "function_call", arguments=""))
    delta = event("function_call_arguments.delta", item_id="i0", output_index=0, delta="x" * 100)
    for _ in range(20_000):
        known.add(delta)
    assert len(known.items()[0]["arguments"]) == 2_000_000


def test_what_is_no_event_of_a_response_changes_nothing() -> None:
    known = Fold(RESOURCE)
    known.add(CREATED)
    known.add(added(0, "message", content=[]))
    before = json.dumps(known.response())
    for each in (b"[]", b"{}", b"3", chunk(content="x"), event("new.thing"), event("new.delta", output_index=0)):
        known.add(each)
    assert json.dumps(known.response()) == before


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["type", "text"]), inner, max_size=2),
    max_leaves=4,
)
KINDS = [
    "output_item.added",
    "output_item.done",
    "content_part.added",
    "content_part.done",
    "output_text.delta",
    "output_text.done",
    "output_text.annotation.added",
    "reasoning_summary_text.delta",
    "function_call_arguments.delta",
    "web_search_call.searching",
    "in_progress",
    "completed",
]
MEMBERS = ["item", "part", "delta", "text", "content_index", "summary_index", "annotation", "logprobs", "response"]


@given(
    st.lists(
        st.tuples(st.sampled_from(KINDS), st.integers(-1, 1), st.dictionaries(st.sampled_from(MEMBERS), JSON)),
        max_size=8,
    )
)
def test_a_vendor_may_send_anything(events: list[tuple[str, int, dict[str, Any]]]) -> None:
    told = [event(kind, **{"output_index": index, **members}) for kind, index, members in events]
    response = fold(RESOURCE, [CREATED, added(0, "message", content=[]), *told])
    assert isinstance(response["output"], list)


def test_the_text_of_an_output() -> None:
    text = {"type": "output_text", "text": "a"}
    message = {"type": "message", "content": [text, {"type": "refusal", "refusal": "no"}, text]}
    thought = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "b"}]}
    assert (
        output_text([thought, message, {"type": "message", "content": None}, {"type": "message", "content": [3]}])
        == "aa"
    )
