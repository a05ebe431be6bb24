from __future__ import annotations

import json
from typing import Any

import pytest
from training.conversations import json_text, structured
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example


def drawn(name: str, count: int = 40) -> list[Example]:
    """Examples of a skill for training and evaluation."""
    return [structured.SKILLS[name][2](Draw(seed, held_out=seed % 3 == 0)) for seed in range(count)]


def leaves(value: Any) -> list[Any]:
    """Every value within."""
    if isinstance(value, dict | list):
        return [leaf for inner in (value.values() if isinstance(value, dict) else value) for leaf in leaves(inner)]
    return [value]


def test_every_skill_counts_for_json_and_the_shares_add_up() -> None:
    assert {row for row, _, _ in structured.SKILLS.values()} == {"json"}
    assert sum(share for _, share, _ in structured.SKILLS.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", structured.SKILLS)
def test_every_answer_is_one_line_of_json_and_only_the_same_values_are_right(name: str) -> None:
    for example in drawn(name):
        value = json.loads(example.answer.text)
        assert example.answer.text == json.dumps(value, ensure_ascii=False)
        assert example.judge(example.answer)
        assert example.judge(Answer(json.dumps(value, indent=1)))
        key = next(iter(value))
        assert not example.judge(Answer(json.dumps(value | {key: "something else"})))
        assert not example.judge(Answer(json.dumps(value | {"more": 1})))
        assert not example.judge(Answer(example.answer.text[:-1]))


@pytest.mark.parametrize("name", [name for name in structured.SKILLS if name != "json_answer"])
def test_every_value_stands_in_the_prompt(name: str) -> None:
    for example in drawn(name):
        prompt = " ".join(message["content"] for message in example.messages)
        for leaf in leaves(json.loads(example.answer.text)):
            assert (json.dumps(leaf) if isinstance(leaf, bool) else str(leaf)) in prompt


@pytest.mark.parametrize("name", structured.SKILLS)
def test_a_schema_has_the_keys_of_the_answer_in_their_order(name: str) -> None:
    for example in drawn(name):
        form = example.response_format
        if form is not None and form["type"] == "json_schema":
            schema = form["json_schema"]["schema"]
            assert list(schema["properties"]) == schema["required"] == list(json.loads(example.answer.text))


def test_without_a_word_about_json_the_grammar_begins_the_answer() -> None:
    for example in drawn("json_person_unasked", 150):
        if example.forced:
            assert example.response_format is not None


def test_a_persons_facts_are_those_of_the_sentence() -> None:
    for seed in range(100):
        person = json_text.person(Draw(seed))
        assert all(str(fact) in person.text for fact in person.facts.values())
        if "first" in person.facts:
            assert person.facts["first"] + " " + person.facts["last"] == person.facts["name"]


def test_numbers_as_text_and_truth_as_a_number_are_other_values() -> None:
    accepts = structured.right({"age": 34, "on": True})
    assert accepts(Answer('{"on": true, "age": 34}'))
    assert not accepts(Answer('{"on": true, "age": "34"}'))
    assert not accepts(Answer('{"on": 1, "age": 34}'))
    assert not accepts(Answer('{"on": true, "age": 35}'))
