from __future__ import annotations

import re

from training.conversations import remembering
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example


def drawn(skill: str, count: int = 150) -> list[Example]:
    return [getattr(remembering, skill)(Draw(seed, held_out=seed % 3 == 0)) for seed in range(count)]


def said(example: Example) -> str:
    return "\n".join(message["content"] for message in example.messages if message["role"] != "assistant")


def value(answer: str) -> str:
    """What an answer names: after "is", or where the user lives, or how old."""
    found = re.fullmatch(r"(?:You live in|You are|.*? is) (.+?)(?: years old)?\.", answer)
    assert found, answer
    return found[1]


def test_the_answer_is_something_that_the_user_or_the_system_prompt_said() -> None:
    for example in drawn("remember"):
        assert value(example.answer.text).lower() in said(example).lower()


def test_turns_alternate_and_the_user_speaks_last() -> None:
    for skill in ("remember", "acknowledge", "corrected", "never_told"):
        for example in drawn(skill, 60):
            roles = [message["role"] for message in example.messages if message["role"] != "system"]
            assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]


def test_the_value_may_be_said_in_other_words_but_not_beside_others() -> None:
    for example in drawn("remember"):
        known = value(example.answer.text)
        assert example.judge(Answer(f"It is {known}."))
        assert not example.judge(Answer(f"It is {known}x."))
        assert not example.judge(Answer(f"{known}, " + "and so on " * 12))


def test_of_two_facts_the_later_one_counts() -> None:
    for example in drawn("corrected"):
        before = next(message["content"] for message in example.messages if message["role"] == "assistant")
        assert not example.judge(Answer(before)), (before, example.answer)


def test_what_was_never_told_is_not_made_up() -> None:
    for example in drawn("never_told"):
        assert example.answer.text == remembering.UNKNOWN
        assert not example.judge(Answer("Your name is Ana."))


def test_an_acknowledgement_repeats_what_was_told() -> None:
    for example in drawn("acknowledge"):
        assert example.answer.text.startswith(("Nice to meet you, ", "I will remember that "))
        assert example.judge(example.answer)
