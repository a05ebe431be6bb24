from __future__ import annotations

import re

import pytest
from training.conversations import facts
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example


def drawn(name: str, count: int = 150) -> list[tuple[str, Example]]:
    """Examples of a skill for training and evaluation, each with the question asked."""
    examples = [facts.SKILLS[name][2](Draw(seed, held_out=seed % 3 == 0)) for seed in range(count)]
    return [(example.messages[-1]["content"], example) for example in examples]


def names_in(text: str, names: tuple[str, ...]) -> list[int]:
    return [names.index(found.capitalize()) for found in re.findall("|".join(names), text, re.IGNORECASE)]


def test_every_skill_counts_for_facts_and_the_shares_add_up() -> None:
    assert {row for row, _, _ in facts.SKILLS.values()} == {"facts"}
    assert sum(share for _, share, _ in facts.SKILLS.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", list(facts.SKILLS))
def test_the_answer_is_judged_right_and_another_is_not(name: str) -> None:
    for _, example in drawn(name):
        assert example.judge(example.answer)
        assert not example.judge(Answer("Atlantis"))


def test_a_country_has_one_capital_and_the_question_names_it() -> None:
    pairs = facts.pairs("capitals")
    assert len({country for country, _ in pairs}) == len(pairs) >= 75
    for text, example in drawn("capital"):
        named = [
            city
            for country, city in pairs
            if re.search(rf"\b{re.escape(country.removeprefix('the '))}\b", text, re.IGNORECASE)
        ]
        assert example.answer.text in named, text


def test_washington_is_accepted_in_all_its_forms() -> None:
    asked = next(example for _, example in drawn("capital", 2000) if example.answer.text.startswith("Washington"))
    assert all(asked.judge(Answer(text)) for text in ("Washington", "Washington DC", "Washington, D.C."))


def test_every_line_of_the_pools_has_two_sides() -> None:
    for name in ("capitals", "opposites", "plurals"):
        assert all(left and right and "|" not in right for left, right in facts.pairs(name))


def test_opposites_lead_back_to_a_word_whose_opposite_they_are() -> None:
    assert len(facts.opposites()) > 300
    assert facts.opposites()["hot"] == "cold"
    for word, other in facts.opposites().items():
        assert word != other
        assert word in facts.also_opposite(other)
        assert facts.opposites()[other] in facts.also_opposite(other)


def test_any_usual_opposite_is_accepted() -> None:
    short = next(example for text, example in drawn("opposite", 3000) if re.search(r"of \W?short\b", text))
    assert short.answer.text == "tall"
    assert short.judge(Answer("Long."))


@pytest.mark.parametrize(
    ("noun", "many"), [("cat", "cats"), ("box", "boxes"), ("city", "cities"), ("day", "days"), ("wish", "wishes")]
)
def test_plurals_follow_the_rule_of_spelling(noun: str, many: str) -> None:
    assert facts.plural(noun) == many


def test_a_plural_is_that_of_a_word_in_the_question() -> None:
    known = dict(facts.pairs("plurals"))
    for text, example in drawn("plural"):
        words = re.findall(r"[a-z-]+", text.lower())
        assert example.answer.text in {known.get(word, facts.plural(word)) for word in words}, text


@pytest.mark.parametrize(("skill", "names"), [("day", facts.DAYS), ("month", facts.MONTHS)])
def test_days_and_months_follow_one_another(skill: str, names: tuple[str, ...]) -> None:
    after = r"\b(after|follows|next|following|before which|the (day|month) before$)"
    for text, example in drawn(skill):
        start, *_ = names_in(text, names)
        step = (names.index(example.answer.text) - start + 3) % len(names) - 3
        assert -3 <= step <= 3
        assert step != 0, text
        if re.fullmatch(r"(What|Which) \w+ (comes|is) (after|before) \w+\?", text, re.IGNORECASE):
            assert step == (1 if re.search(after, text) else -1), text
