from __future__ import annotations

import pytest
from training.conversations import recall
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example


def drawn(name: str, count: int = 120) -> list[tuple[str, Example]]:
    """Examples of a skill for training and evaluation, each with the last question asked."""
    examples = [recall.SKILLS[name][2](Draw(seed, held_out=seed % 3 == 0)) for seed in range(count)]
    return [(example.messages[-1]["content"], example) for example in examples]


def test_every_skill_counts_for_recall_and_the_shares_add_up() -> None:
    assert {row for row, _, _ in recall.SKILLS.values()} == {"recall"}
    assert sum(share for _, share, _ in recall.SKILLS.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", list(recall.SKILLS))
def test_the_answer_is_judged_right_and_another_is_not(name: str) -> None:
    for _, example in drawn(name):
        assert example.judge(example.answer)
        assert not example.judge(Answer("I do not know."))
        assert "{" not in example.messages[-1]["content"]


def test_what_is_repeated_is_in_the_question_to_the_letter() -> None:
    for text, example in drawn("repeat"):
        assert example.answer.text in text
        changed = example.answer.text.swapcase()
        assert changed == example.answer.text or not example.judge(Answer(changed))


def test_a_word_is_said_as_often_as_asked() -> None:
    for text, example in drawn("times"):
        words = example.answer.text.split()
        assert len(words) == (2 if any(count in text.lower() for count in ("twice", "two times", "2 times")) else 3)
        assert len(set(words)) == 1
        assert words[0] in text


def test_a_quotation_is_the_text_within_double_quotes() -> None:
    for text, example in drawn("quote"):
        assert example.answer.text[0] == example.answer.text[-1] == '"'
        assert example.answer.text[1:-1] in text
