"""What `truncation: auto` leaves out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.gateway.truncation import without_oldest


def message(role: str, text: str = "x") -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


def call(id: str) -> dict[str, Any]:
    return {"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"}


def output(id: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": id, "output": "1"}


def test_the_oldest_goes_first_and_instructions_stay() -> None:
    items = [
        message("system"), message("user", "1"), message("assistant", "2"), message("user", "3"),
        message("assistant", "4"), message("user", "5"),
    ]  # fmt: skip
    shorter = without_oldest(items)
    assert shorter == [items[0], *items[2:]]


def test_the_newest_message_is_never_left_out() -> None:
    items = [message("developer"), message("user", "the question"), call("a"), output("a")]
    assert without_oldest(items) is None


def test_a_call_goes_with_its_output() -> None:
    items = [call("a"), output("a"), message("assistant"), message("user", "now")]
    assert without_oldest(items) == items[2:]


@pytest.mark.parametrize("items", [[], [message("user")], [message("system")]])
def test_nothing_to_leave_out(items: list[dict[str, Any]]) -> None:
    assert without_oldest(items) is None


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    for number in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(["user", "assistant", "system", "reasoning", "call"]))
        if kind == "call":
            items += [call(str(number)), output(str(number))]
        elif kind == "reasoning":
            items.append({"type": "reasoning", "summary": []})
        else:
            items.append(message(kind, str(number)))
    return items


@given(conversations())
def test_it_ends_with_what_must_stay(items: list[dict[str, Any]]) -> None:
    steps = 0
    left: list[dict[str, Any]] = items
    while (shorter := without_oldest(left)) is not None:
        assert len(shorter) < len(left)
        calls = {item["call_id"] for item in shorter if item["type"] == "function_call"}
        outputs = {item["call_id"] for item in shorter if item["type"] == "function_call_output"}
        assert calls == outputs
        positions = [next(i for i, item in enumerate(items) if item is kept) for kept in shorter]
        assert positions == sorted(positions)
        left = shorter
        steps += 1
    assert steps <= len(items)
    instructions = [item for item in items if item.get("role") == "system"]
    assert [item for item in left if item.get("role") == "system"] == instructions
    users = [item for item in items if item.get("role") == "user"]
    if users:
        assert any(item is users[-1] for item in left)
