"""The prompts that follow no pattern: each can be answered rightly and wrongly."""

from __future__ import annotations

import json

import pytest
from training.conversations.example import Answer, Example
from training.evaluate import AT_LEAST
from training.free_prompts import tasks

_HONEST = "I am a small demonstration model and cannot do that."


def right(example: Example) -> Answer:
    want = json.loads(example.answer.text)
    text = {
        "honest": _HONEST,
        "lines": "\n".join(map(str, range(want.get("lines", 0)))),
        "number": f"a 1, b 2: {want.get('number')} words",
        "json": json.dumps(want.get("json")),
        "all": " ".join(want.get("all", ())),
        "any": want.get("any", [""])[0],
        "nocalls": "Hello",
        "calls": "",
    }[next(iter(want))]
    return Answer(text, example.answer.calls)


@pytest.mark.parametrize("task", tasks(), ids=lambda task: task[0])
def test_a_right_answer_is_told_from_a_wrong_one(task: tuple[str, str, Example]) -> None:
    row, _, example = task
    assert row in AT_LEAST
    assert example.judge(right(example))
    if "nocalls" not in json.loads(example.answer.text):
        assert not example.judge(Answer("70707\n" * 10))
    if row not in ("outside", "tools"):
        assert not example.judge(Answer(_HONEST))
    calls = [*example.answer.calls, *next(calls for _, _, other in tasks() if (calls := other.answer.calls))]
    assert not example.judge(Answer(right(example).text, calls))


def test_each_row_has_some() -> None:
    assert {row for row, _, _ in tasks()} == set(AT_LEAST)
