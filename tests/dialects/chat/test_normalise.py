"""Each quirk: what it sets right, and that nothing is touched without its name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from penstock.dialects.chat.normalise import FINISH_REASONS, Quirks, Seen, odd, set_choices_right, set_right
from penstock.dialects.chat.upstream_chunk import read_chunk

GOOD: dict[str, Any] = {
    "id": "theirs",
    "object": "chat.completion.chunk",
    "created": 5,
    "model": "theirs",
    "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": None}],
    "usage": None,
}
ALL = Quirks(**dict.fromkeys(Quirks.__struct_fields__, True))


def chunk(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in {**GOOD, **members}.items() if value is not ...}


def choice(delta: Any = ..., **members: Any) -> list[dict[str, Any]]:
    whole = {"index": 0, "delta": delta, "finish_reason": None, **members}
    return [{name: value for name, value in whole.items() if value is not ...}]


def seen() -> Seen:
    """A stream whose choice 0 has told its role and its end."""
    return Seen(roles={0}, finished={0: "stop"}, tools={}, created=5)


def righted(payload: dict[str, Any], quirks: Quirks, state: Seen | None = None) -> dict[str, Any]:
    data = set_right(
        msgspec.json.encode(payload), state or seen(), quirks, id=Raw(b'"ours"'), model=Raw(b'"m"'), created=9
    )
    found = msgspec.json.decode(data)
    assert isinstance(found, dict)
    return found


PLACE = [{"id": "c1", "function": {"name": "f", "arguments": "{}"}}]
PLACED = [{"index": 0, "id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
CASES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "azure's first chunk": (
        "envelope",
        chunk(id="", object="", model="", created=0, choices=[], usage=...),
        {"id": "ours", "object": "chat.completion.chunk", "model": "m", "created": 5, "choices": []},
    ),
    "no object": ("envelope", chunk(object=...), {"object": "chat.completion.chunk"}),
    "another object": ("envelope", chunk(object="chat.completion.done"), {"object": "chat.completion.chunk"}),
    "no id": ("envelope", chunk(id=...), {"id": "ours"}),
    "another time": ("envelope", chunk(created=6), {"created": 5}),
    "no index": ("choice_fields", chunk(choices=choice({"content": "a"}, index=...)), {"choices": GOOD["choices"]}),
    "no finish reason": (
        "choice_fields",
        chunk(choices=choice({"content": "a"}, finish_reason=...)),
        {"choices": GOOD["choices"]},
    ),
    "no delta": ("choice_fields", chunk(choices=choice()), {"choices": choice({})}),
    "delta null": ("choice_fields", chunk(choices=choice(None)), {"choices": choice({})}),
    "usage with content": ("usage_in_content", chunk(usage={"prompt_tokens": 1}), {"usage": None}),
    "role again": (
        "role_repeated",
        chunk(choices=choice({"role": "assistant", "content": "a"})),
        {"choices": GOOD["choices"]},
    ),
    "end again": (
        "finish_repeated",
        chunk(choices=choice({"content": "a"}, finish_reason="stop")),
        {"choices": GOOD["choices"]},
    ),
    "eos": (
        "finish_names",
        chunk(choices=choice({}, finish_reason="eos", index=1)),
        {"choices": choice({}, finish_reason="stop", index=1)},
    ),
    "model_length": (
        "finish_names",
        chunk(choices=choice({}, finish_reason="model_length", index=1)),
        {"choices": choice({}, finish_reason="length", index=1)},
    ),
    "thinking": (
        "content_parts",
        chunk(choices=choice({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]})),
        {"choices": choice({"content": None, "reasoning_content": "hm"})},
    ),
    "thinking as text, then text": (
        "content_parts",
        chunk(choices=choice({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}]})),
        {"choices": choice({"content": "a", "reasoning_content": "hm"})},
    ),
    "a part that is no text": (
        "content_parts",
        chunk(choices=choice({"content": [{"type": "text", "text": "a"}, {"type": "reference", "ids": [1]}, "b"]})),
        {"choices": choice({"content": "a", "content_parts": [{"type": "reference", "ids": [1]}, "b"]})},
    ),
    "reasoning by another name": (
        "reasoning_name",
        chunk(choices=choice({"reasoning": "hm"})),
        {"choices": choice({"reasoning_content": "hm"})},
    ),
    "reasoning by both names": (
        "reasoning_name",
        chunk(choices=choice({"reasoning": "hm", "reasoning_content": "hm"})),
        {"choices": choice({"reasoning_content": "hm"})},
    ),
    "no parts": ("content_parts", chunk(choices=choice({"content": []})), {"choices": choice({"content": ""})}),
    "a call without index and type": (
        "tool_fields",
        chunk(choices=choice({"tool_calls": PLACE})),
        {"choices": choice({"tool_calls": PLACED})},
    ),
    "arguments as an object": (
        "tool_fields",
        chunk(choices=choice({"tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}]})),
        {
            "choices": choice(
                {
                    "tool_calls": [
                        {"id": "c1", "index": 0, "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
                    ]
                }
            )
        },
    ),
}


@pytest.mark.parametrize(("quirk", "payload", "expected"), CASES.values(), ids=CASES.keys())
def test_a_quirk_is_set_right(quirk: str, payload: dict[str, Any], expected: dict[str, Any]) -> None:
    quirks = Quirks(**{quirk: True})
    assert odd(read_chunk(msgspec.json.encode(payload)), seen(), quirks)
    found = righted(payload, quirks)
    assert {name: found[name] for name in expected} == expected
    untouched = payload.keys() - expected.keys() - {"id", "model", "created", "object"}
    assert {name: found[name] for name in untouched} == {name: payload[name] for name in untouched}


@pytest.mark.parametrize(("quirk", "payload", "expected"), CASES.values(), ids=CASES.keys())
def test_nothing_is_odd_without_the_name_of_its_quirk(
    quirk: str, payload: dict[str, Any], expected: dict[str, Any]
) -> None:
    others = Quirks(**{name: name != quirk for name in Quirks.__struct_fields__})
    assert not odd(read_chunk(msgspec.json.encode(payload)), seen(), others)


@pytest.mark.parametrize(("quirk", "payload", "expected"), CASES.values(), ids=CASES.keys())
def test_what_was_set_right_is_right(quirk: str, payload: dict[str, Any], expected: dict[str, Any]) -> None:
    once = righted(payload, ALL)
    assert righted(once, ALL) == once


def test_every_quirk_has_a_case() -> None:
    assert {quirk for quirk, _, _ in CASES.values()} == set(Quirks.__struct_fields__)


def test_a_good_chunk_is_not_odd() -> None:
    assert not odd(read_chunk(msgspec.json.encode(GOOD)), seen(), ALL)


def test_an_end_that_is_the_first_stays() -> None:
    payload = chunk(choices=choice({}, finish_reason="stop"))
    state = Seen(roles=set(), finished={}, tools={}, created=5)
    assert not odd(read_chunk(msgspec.json.encode(payload)), state, ALL)
    assert righted(payload, ALL, state)["choices"][0]["finish_reason"] == "stop"


def test_numbers_and_members_that_we_do_not_know_stay_to_the_byte() -> None:
    data = b'{"x":1.10,"choices":[{"index":0,"delta":{"role":"assistant"},"n":7228414683750928000}],"p":"\\u0041"}'
    found = set_right(data, seen(), Quirks(role_repeated=True), id=Raw(b"1"), model=Raw(b"1"), created=9)
    assert found == b'{"x":1.10,"choices":[{"index":0,"delta":{},"n":7228414683750928000}],"p":"\\u0041"}'


def test_calls_are_counted_per_choice_over_the_stream() -> None:
    state = Seen(roles=set(), finished={}, tools={}, created=5)

    def indexes(index: int, *calls: dict[str, Any]) -> list[int]:
        payload = chunk(choices=choice({"tool_calls": list(calls)}, index=index))
        found = righted(payload, Quirks(tool_fields=True), state)
        return [call["index"] for call in found["choices"][0]["delta"]["tool_calls"]]

    assert indexes(0, {"id": "a"}, {"id": "b"}) == [0, 1]
    assert indexes(0, {"function": {"arguments": "{"}}) == [1]
    assert indexes(0, {"id": "c", "index": 2}) == [2]
    assert indexes(0, {"id": "d"}) == [3]
    assert indexes(1, {"id": "e", "index": None}) == [0]
    assert indexes(2, {"function": {"name": "f"}}) == [0]
    assert indexes(2, {"id": "g", "index": "0"}) == [1]


def test_what_continues_a_call_gets_no_type() -> None:
    state = Seen(roles=set(), finished={}, tools={0: 1}, created=5)
    payload = chunk(choices=choice({"tool_calls": [{"index": 0, "function": {"arguments": "x"}}]}))
    found = righted(payload, Quirks(tool_fields=True), state)
    assert found["choices"] == payload["choices"]


@pytest.mark.parametrize("calls", [None, "x", ["x"], [{"function": None}], [{"function": {"arguments": None}}]])
def test_calls_of_any_type_do_not_break_the_stream(calls: Any) -> None:
    payload = chunk(choices=choice({"tool_calls": calls}))
    assert righted(payload, ALL)["object"] == "chat.completion.chunk"


def whole(message: Any, **members: Any) -> list[dict[str, Any]]:
    return [{"index": 0, "message": message, "finish_reason": "stop", **members}]


@pytest.mark.parametrize(
    ("quirk", "choices", "expected"),
    [
        ("choice_fields", [{"message": {"content": "a"}, "finish_reason": "stop"}], whole({"content": "a"})),
        ("finish_names", whole({}, finish_reason="eos"), whole({})),
        (
            "content_parts",
            whole({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "a"}]}),
            whole({"content": "a", "reasoning_content": "hm"}),
        ),
        (
            "tool_fields",
            whole({"tool_calls": [{"id": "c", "function": {"name": "f"}}]}),
            whole({"tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}),
        ),
    ],
)
def test_a_whole_answer_is_set_right(quirk: str, choices: Any, expected: Any) -> None:
    raw = Raw(msgspec.json.encode(choices))
    assert msgspec.json.decode(set_choices_right(raw, Quirks(**{quirk: True}))) == expected
    others = Quirks(**{name: name != quirk for name in Quirks.__struct_fields__})
    assert set_choices_right(raw, others) is raw


def test_finish_reasons_are_translated_to_those_of_openai() -> None:
    assert set(FINISH_REASONS.values()) <= {"stop", "length", "tool_calls", "content_filter"}
