"""Small talk: the answer for each form, and that the model always says who it is."""

from __future__ import annotations

import pytest
from training.conversations import talk
from training.conversations.draw import Draw
from training.conversations.example import Answer
from training.conversations.systems import GENERIC_SYSTEMS

ABOUT_ITSELF = ("who", "maker", "abilities", "penstock", "are_you")


@pytest.mark.parametrize("held_out", [False, True])
@pytest.mark.parametrize("name", talk.SKILLS)
def test_each_example_accepts_its_own_answer_alone(name: str, held_out: bool) -> None:
    row, _, make = talk.SKILLS[name]
    assert row == "talk"
    for seed in range(30):
        example = make(Draw(seed, held_out=held_out))
        assert example.judge(example.answer)
        assert not example.judge(Answer("I am Bob."))
        assert not example.judge(Answer(""))


@pytest.mark.parametrize("name", ABOUT_ITSELF)
def test_it_says_that_it_is_a_demonstration(name: str) -> None:
    for seed in range(60):
        example = talk.SKILLS[name][2](Draw(seed))
        assert "I am penstock-tiny, a small demonstration model of Penstock." in example.answer.text


def test_it_is_no_human_and_no_other_model() -> None:
    for seed in range(200):
        example = talk.are_you(Draw(seed))
        text = example.messages[-1]["content"]
        if "ChatGPT" in text or " human" in text or "Claude" in text:
            assert example.answer.text.startswith("No.")
            assert not example.judge(Answer(talk.THAT))


def test_a_greeting_that_asks_how_the_model_is_gets_another_answer() -> None:
    asked = [talk.how_are_you(Draw(seed)) for seed in range(20)]
    assert {example.answer.text for example in asked} == {talk.FINE}
    assert all(not example.judge(Answer(talk.HELLO)) for example in asked)


def test_a_lone_system_message_is_greeted() -> None:
    examples = [talk.lone_system(Draw(seed)) for seed in range(60)]
    assert all(len(example.messages) == 1 for example in examples)
    assert {example.messages[0]["role"] for example in examples} == {"system", "user"}
    assert {example.answer.text for example in examples} == {talk.HELLO}


def test_no_prompt_has_two_answers() -> None:
    answers: dict[str, str] = {}
    for _, _, make in talk.SKILLS.values():
        for seed in range(200):
            example = make(Draw(seed))
            prompt = str(example.messages)
            assert answers.setdefault(prompt, example.answer.text) == example.answer.text


def test_there_are_many_different_generic_systems() -> None:
    assert len(set(GENERIC_SYSTEMS)) == len(GENERIC_SYSTEMS) >= 40
