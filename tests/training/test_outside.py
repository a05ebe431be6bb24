"""What is outside of the skills: one honest sentence, and nothing that a skill would answer."""

from __future__ import annotations

import re

import pytest
from training.conversations import outside
from training.conversations.draw import Draw, pool
from training.conversations.example import Answer


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("name", outside.SKILLS)
def test_each_answer_is_one_honest_sentence(name: str, held_out: bool) -> None:
    row, _, make = outside.SKILLS[name]
    assert row == "outside"
    for seed in range(25):
        example = make(Draw(seed, held_out=held_out))
        assert example.answer.text in outside.SENTENCES
        assert example.judge(example.answer)
        assert not example.judge(Answer("Of course! The answer is 42."))
        assert not example.judge(Answer(example.answer.text + " But let me try."))


def test_nothing_is_left_unfilled() -> None:
    for name, (_, _, make) in outside.SKILLS.items():
        for seed in range(40):
            text = make(Draw(seed)).messages[-1]["content"]
            assert text.strip(), name
            assert name in ("coding", "noise") or not re.search(r"[{}]", text), text


def test_known_capitals_are_not_denied() -> None:
    known = {line.split("|")[0] for line in pool("capitals")}
    assert not known & set(outside._no_capital())
    assert len(outside._no_capital()) > 80


def test_small_sums_are_not_denied() -> None:
    for seed in range(300):
        text = outside.maths(Draw(seed)).messages[-1]["content"]
        match = re.search(r"(?<![\d./*^x(])\b(\d+) ?[-+] ?(\d+)(?![\d./x])\b", text)
        if match and "/" not in text and "x" not in text and "(" not in text:
            assert max(int(match[1]), int(match[2])) > 99, text


def test_topics_are_many_and_none_is_the_user_s_own() -> None:
    topics = {*pool("outside_singular"), *pool("outside_plurals")}
    assert len(topics) >= 400
    assert not [topic for topic in topics if re.match(r"(my|our) ", topic)]
