from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from penstock.dialects.stored_chat import fine_tuning_lines, listed, messages

ANSWER = {"role": "assistant", "content": "Hi", "refusal": None}

texts = st.text(st.characters(codec="utf-8"))
parts = st.lists(st.fixed_dictionaries({"type": st.just("text"), "text": texts}), min_size=1)
sent = st.lists(
    st.fixed_dictionaries(
        {"role": st.sampled_from(["developer", "system", "user", "assistant"]), "content": texts | parts},
        optional={"name": texts | st.none(), "reasoning_content": texts, "cache_control": st.none() | texts},
    )
)


def body(answers: list[dict[str, Any]], indent: int | None = None, **request: Any) -> bytes:
    choices = [{"index": index, "message": message} for index, message in enumerate(answers)]
    return json.dumps({"completion": {"id": "x", "choices": choices}, "request": request}, indent=indent).encode()


@given(sent, st.none() | st.integers(0, 2), st.booleans(), st.integers(1, 3))
def test_a_choice_is_one_line_however_the_client_laid_its_json_out(
    messages: list[dict[str, Any]], indent: int | None, ascii_only: bool, n: int
) -> None:
    raw = [
        Raw(json.dumps(message, indent=indent, ensure_ascii=ascii_only).replace("\n", "\r\n")) for message in messages
    ]
    lines = list(fine_tuning_lines(body([ANSWER] * n, indent), raw))
    assert len(lines) == n
    for line in lines:
        assert line.endswith(b"\n")
        assert line.count(b"\n") + line.count(b"\r") == 1
        found = json.loads(line)["messages"]
        assert found[-1] == {"role": "assistant", "content": "Hi"}
        assert [message["content"] for message in found[:-1]] == [message["content"] for message in messages]
        assert {message["role"] for message in found} <= {"system", "user", "assistant"}
        assert {name for message in found for name in message} <= {"role", "content", "name"}


@given(sent)
def test_every_message_is_shown_with_all_that_it_has(given_messages: list[dict[str, Any]]) -> None:
    shown = json.loads(json.dumps(_plain(messages("chatcmpl-1", [Raw(json.dumps(each)) for each in given_messages]))))
    assert [each.pop("id") for each in shown] == [f"chatcmpl-1-{index}" for index in range(len(given_messages))]
    for ours, theirs in zip(shown, given_messages, strict=True):
        content, in_parts = ours.pop("content"), ours.pop("content_parts")
        assert [content, in_parts].count(None) == 1
        assert (content if in_parts is None else in_parts) == theirs["content"]
        said = {name: value for name, value in theirs.items() if value is not None and name != "content"}
        assert ours == {"refusal": None} | said


def _plain(shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {name: json.loads(bytes(value)) if isinstance(value, Raw) else value for name, value in each.items()}
        for each in shown
    ]


@pytest.mark.parametrize("name", ["tools", "parallel_tool_calls", "functions"])
def test_what_a_line_has_of_the_request(name: str) -> None:
    def line(value: Any) -> dict[str, Any]:
        (found,) = fine_tuning_lines(body([ANSWER], **{name: value}, temperature=1), [])
        made: dict[str, Any] = json.loads(found)
        return made

    assert line(False) == {"messages": [{"role": "assistant", "content": "Hi"}], name: False}
    assert line(None) == {"messages": [{"role": "assistant", "content": "Hi"}]}


def test_what_was_answered_goes_before_what_was_asked() -> None:
    stored = b'{"completion": {"id": "a", "seed": 1}, "request": {"seed": 2, "top_p": 0.5, "messages": []}}'
    shown = listed(stored, {"k": "v"})
    assert (bytes(shown["seed"]), bytes(shown["top_p"]), shown["metadata"]) == (b"1", b"0.5", {"k": "v"})
    assert "messages" not in shown
