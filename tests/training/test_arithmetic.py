from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from training.conversations import arithmetic, texts
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example

_WORDS = {texts.number_word(number): number for number in range(100)}


def drawn(name: str, count: int = 120) -> Iterator[tuple[str, Example]]:
    """Examples of a skill for training and evaluation, each with the question asked."""
    for seed in range(count):
        example = arithmetic.SKILLS[name][2](Draw(seed, held_out=seed % 3 == 0))
        yield example.messages[-1]["content"], example


def numbers_in(text: str) -> list[int]:
    """The numbers that a question names, in digits or in words; not those of the request for a single number."""
    text = re.sub(
        r"as a number|a single number|I have to pick|one total|the (bigger|smaller|larger) one", "", text
    ).lower()
    text = re.sub(r"\b(quick one|which one|one basket|larger one|smaller one)\b", "", text)
    found = re.findall(r"\d+|\b(?:" + "|".join(sorted(_WORDS, reverse=True)) + r")\b", text)
    return [int(part) if part.isdigit() else _WORDS[part] for part in found]


def test_numbers_in_words() -> None:
    assert [texts.number_word(number) for number in (0, 13, 20, 42, 99)] == [
        "zero", "thirteen", "twenty", "forty-two", "ninety-nine",
    ]  # fmt: skip


def test_every_skill_counts_for_arithmetic_and_the_shares_add_up() -> None:
    assert {row for row, _, _ in arithmetic.SKILLS.values()} == {"arithmetic"}
    assert sum(share for _, share, _ in arithmetic.SKILLS.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", list(arithmetic.SKILLS))
def test_the_answer_is_judged_right_and_another_is_not(name: str) -> None:
    for _, example in drawn(name):
        assert example.judge(example.answer)
        assert not example.judge(Answer(example.answer.text + "1"))


def end(answer: str) -> str:
    """What an answer comes to, after the way there."""
    return answer.rpartition(":")[2].strip().removesuffix("s").removesuffix(" word").removesuffix(" letter")


def test_the_way_there_is_right_too() -> None:
    for name in ("counting", "letters"):
        for _, example in drawn(name):
            way, colon, _ = example.answer.text.rpartition(":")
            if colon:
                assert re.findall(r" (\d+)(?:,|$)", way) == [
                    str(n) for n in range(1, int(end(example.answer.text)) + 1)
                ]
    for _, example in drawn("reversing"):
        letters, comma, _ = example.answer.text.partition(", ")
        if comma:
            backwards = example.answer.text.rpartition(": ")[2]
            assert letters.split("-") == list(reversed(backwards))
            assert example.judge(Answer(backwards))
            assert not example.judge(Answer(backwards[:-1]))


def test_who_wants_the_result_alone_gets_it_alone() -> None:
    bare = 0
    for name in ("counting", "reversing"):
        for text, example in drawn(name, 400):
            if re.search(r"just the (number|result)|only the (number|reversed)|no explanation", text.lower()):
                assert len(example.answer.text.split()) == 1, text
                bare += 1
    assert bare > 10


def test_a_sum_is_that_of_the_two_numbers_in_the_question() -> None:
    for text, example in drawn("addition"):
        a, b = numbers_in(text)
        assert str(a + b) == example.answer.text, text


def test_a_difference_is_that_of_the_two_numbers_in_the_question() -> None:
    results = set()
    for text, example in drawn("subtraction"):
        a, b = numbers_in(text)
        assert example.answer.text in (str(a - b), str(b - a)), text
        if re.search(r"\d ?(-|minus|take away) ?\d", text):
            assert str(a - b) == example.answer.text, text
        results.add(int(example.answer.text) < 0)
    assert results == {True, False}


def test_pairs_kept_back_for_the_evaluation_are_never_trained() -> None:
    pairs: dict[bool, set[tuple[int, ...]]] = {True: set(), False: set()}
    for held_out in pairs:
        for seed in range(300):
            example = arithmetic.addition(Draw(seed, held_out=held_out))
            pairs[held_out].add(tuple(sorted(numbers_in(example.messages[-1]["content"]))))
    assert not pairs[True] & pairs[False]
    assert any(max(pair) < 10 for pair in pairs[False])
    assert all(max(pair) >= 10 for pair in pairs[True])


def test_the_larger_or_smaller_number_is_named() -> None:
    for text, example in drawn("comparison"):
        numbers = numbers_in(text)
        more = re.search(r"larg|big|great|high|max|more|above|exceed|>|max", text.lower()) is not None
        if example.answer.text in ("Yes", "No"):
            a, b = numbers
            assert example.answer.text == ("Yes" if (a > b if more else a < b) else "No"), text
        else:
            assert example.answer.text == str(max(numbers) if more else min(numbers)), text


def test_words_are_counted_within_the_quotes() -> None:
    seen = 0
    for text, example in drawn("counting"):
        if quoted := re.search(r'"(.+)"', text):
            assert end(example.answer.text) == str(len(quoted[1].split())), text
            seen += 1
    assert seen > 30


def test_the_word_asked_for_is_in_the_question() -> None:
    for text, example in drawn("reversing"):
        word = example.answer.text.rpartition(" ")[2][::-1]
        assert word in text
        assert 3 <= len(word) <= 8
        assert example.spelled


def test_letters_are_counted_of_a_word_in_the_question() -> None:
    for text, example in drawn("letters"):
        assert int(end(example.answer.text)) in {len(word) for word in re.findall(r"[A-Za-z]+", text)}
