"""Lists: the count that was asked, members of the kind, no item twice."""

from __future__ import annotations

import re

import pytest
from training.conversations import lists
from training.conversations.draw import Draw, pool
from training.conversations.example import Answer, Example

NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def drawn(name: str, count: int, *, held_out: bool = False) -> list[Example]:
    return [lists.SKILLS[name][2](Draw(seed, held_out=held_out)) for seed in range(count)]


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("name", lists.SKILLS)
def test_each_example_accepts_its_answer_and_no_other_count(name: str, held_out: bool) -> None:
    assert lists.SKILLS[name][0] == "lists"
    for example in drawn(name, 40, held_out=held_out):
        text = example.answer.text
        assert example.judge(example.answer), text
        assert not example.judge(Answer("Here you are:\n" + text))
        assert not example.judge(Answer(f"{text}\nqwrtz qwrtz"))
        assert not example.judge(Answer(f"{text}\n{text}"))
        assert not example.judge(Answer(""))


@pytest.mark.parametrize("held_out", [False, True])
def test_the_number_in_the_request_is_the_number_of_lines(held_out: bool) -> None:
    checked = 0
    for example in drawn("plain_list", 150, held_out=held_out):
        found = re.findall(rf"\b(\d+|{'|'.join(NUMBERS)})\b", example.messages[-1]["content"].lower())
        found = [word for word in found if word != "one" or len(found) == 1]
        if len(found) == 1 and " one after " not in example.messages[-1]["content"]:
            wanted = int(found[0]) if found[0].isdigit() else NUMBERS.index(found[0]) + 1
            assert len(example.answer.text.splitlines()) == wanted, example.messages
            checked += 1
    assert checked > 60


def test_a_second_list_repeats_nothing_of_the_first() -> None:
    for example in drawn("more", 60):
        first = example.messages[-2]["content"].splitlines()
        assert not set(first) & set(example.answer.text.splitlines())
        assert not example.judge(Answer("\n".join(first)))


def test_forms_are_told_apart() -> None:
    assert lists.parts("a, b", "commas") == lists.parts("- a\n- b", "bulleted") == ["a", "b"]
    assert lists.parts("1. a\n2. b", "numbered") == lists.parts('["a", "b"]', "json") == ["a", "b"]
    assert lists.parts("1. a\n3. b", "numbered") == lists.parts("a\nb", "bulleted") == []


def test_pools_hold_no_item_twice_and_enough() -> None:
    for kind in lists.KINDS:
        items = pool(kind.pool)
        assert len({item.lower() for item in items}) == len(items), kind.pool
        assert len(items) >= 12 or kind.ordered
    assert len(pool("first_names")) >= 350
    assert len(pool("last_names")) >= 250
    assert len(pool("cities")) >= 250


@pytest.mark.parametrize(
    ("many", "one"),
    [("cities", "city"), ("parts of the body", "part of the body"), ("people's names", "person's name")],
)
def test_singulars(many: str, one: str) -> None:
    assert {noun: single for kind in lists.KINDS for single, noun in kind.nouns}[many] == one
