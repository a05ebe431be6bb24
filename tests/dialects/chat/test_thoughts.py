"""Reasoning that goes into the text of an answer, whole and streamed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from tests.upstream import chunk

from penstock.dialects.chat.thoughts import CLOSES, OPENS, Folding, folded

CALL = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "now", "arguments": "{}"}}


def whole(message: dict[str, Any], finish: str | None = "stop") -> dict[str, Any]:
    """The message after folding."""
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    (choice,) = msgspec.json.decode(folded(Raw(msgspec.json.encode(choices))))
    assert choice["finish_reason"] == finish
    found: dict[str, Any] = choice["message"]
    return found


def streamed(*deltas: dict[str, Any] | None, finish: str | None = "stop") -> list[dict[str, Any]]:
    """The deltas of one choice after folding; the last one ends it."""
    folding = Folding()
    chunks = [chunk({} if delta is None else delta) for delta in deltas]
    chunks[-1]["choices"][0]["finish_reason"] = finish
    found = [msgspec.json.decode(folding.chunk(msgspec.json.encode(each))) for each in chunks]
    return [each["choices"][0]["delta"] for each in found]


def text(deltas: list[dict[str, Any]]) -> str:
    return "".join(delta.get("content") or "" for delta in deltas)


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_the_reasoning_stands_before_the_text(name: str) -> None:
    assert whole({"role": "assistant", "content": "42", name: "hm"}) == {
        "role": "assistant",
        "content": "<think>\nhm\n</think>\n\n42",
    }
    deltas = streamed(
        {"role": "assistant", "content": ""}, {name: "h"}, {name: "m", "content": None}, {"content": "42"}
    )
    assert text(deltas) == "<think>\nhm\n</think>\n\n42"
    assert not any(name in delta for delta in deltas)


@pytest.mark.parametrize(
    ("delta", "finish", "expected"),
    [
        ({"reasoning_content": "hm"}, "stop", OPENS + "hm" + CLOSES),
        ({"reasoning_content": "hm"}, "length", OPENS + "hm"),
        ({"reasoning_content": "hm"}, None, OPENS + "hm"),
        ({"reasoning_content": "hm", "content": "4"}, "length", OPENS + "hm" + CLOSES + "4"),
        ({"reasoning_content": "hm", "content": None, "tool_calls": [CALL]}, "tool_calls", OPENS + "hm" + CLOSES),
        ({"reasoning_content": "", "content": "42"}, "stop", "42"),
        ({"reasoning_content": None, "content": "42"}, "stop", "42"),
    ],
)
def test_where_the_reasoning_ends(delta: dict[str, Any], finish: str | None, expected: str) -> None:
    assert whole(dict(delta), finish)["content"] == expected
    assert text(streamed(dict(delta), finish=finish)) == expected


def test_an_end_without_a_delta_closes_the_reasoning() -> None:
    assert text(streamed({"reasoning_content": "hm"}, None)) == OPENS + "hm" + CLOSES


def test_reasoning_between_texts_has_marks_of_its_own() -> None:
    deltas = streamed({"reasoning_content": "a"}, {"content": "1"}, {"reasoning_content": "b"}, {"content": "2"})
    assert text(deltas) == f"{OPENS}a{CLOSES}1{OPENS}b{CLOSES}2"


def test_choices_are_told_apart() -> None:
    folding = Folding()
    parts = [
        chunk({"reasoning_content": "a"}),
        chunk({"reasoning_content": "b"}, index=1),
        chunk({"content": "1"}),
        chunk({"content": "2"}, index=1),
    ]
    told = {0: "", 1: ""}
    for part in parts:
        (choice,) = msgspec.json.decode(folding.chunk(msgspec.json.encode(part)))["choices"]
        told[choice["index"]] += choice["delta"]["content"]
    assert told == {0: f"{OPENS}a{CLOSES}1", 1: f"{OPENS}b{CLOSES}2"}


@pytest.mark.parametrize(
    "delta", [{}, {"content": "42"}, {"tool_calls": [CALL]}, {"content": [{"type": "text"}], "reasoning": "a"}]
)
def test_what_has_no_reasoning_stays_to_the_byte(delta: dict[str, Any]) -> None:
    payload = msgspec.json.format(msgspec.json.encode(chunk(delta, "stop")))
    assert Folding().chunk(payload) == payload
    raw = Raw(msgspec.json.format(msgspec.json.encode([{"message": delta, "logprobs": 0.10}])))
    assert folded(raw) is raw


WORDS = st.text(max_size=4)


@given(parts=st.lists(st.tuples(WORDS, WORDS), min_size=1), finish=st.sampled_from(["stop", "length", "tool_calls"]))
def test_streamed_is_whole(parts: list[tuple[str, str]], finish: str) -> None:
    """Reasoning in any pieces, then text in any pieces."""
    thought, said = "".join(t for t, _ in parts), "".join(s for _, s in parts)
    deltas = [{"reasoning_content": t} for t, _ in parts] + [{"content": s} for _, s in parts]
    message = whole({"content": said, "reasoning_content": thought}, finish)
    assert text(streamed(*deltas, finish=finish)) == message["content"]
