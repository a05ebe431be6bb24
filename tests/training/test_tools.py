from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from training.conversations import tool_results, tools
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example, ToolCall
from training.conversations.family_tools import FAMILIES, requests
from training.conversations.tool_kit import right_calls

_TYPES: dict[str, Any] = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list}
_CALLING = ("tools_one", "tools_forced", "tools_same_twice", "tools_two", "tools_after_talk")
_IN_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]


def drawn(name: str, count: int = 40) -> list[Example]:
    """Examples of a skill for training and evaluation."""
    return [tools.SKILLS[name][2](Draw(seed, held_out=seed % 3 == 0)) for seed in range(count)]


def functions(example: Example) -> dict[str, Any]:
    """The functions that are offered, by name."""
    return {tool["function"]["name"]: tool["function"] for tool in example.tools}


def test_every_skill_counts_for_tools_and_the_shares_add_up() -> None:
    assert {row for row, _, _ in tools.SKILLS.values()} == {"tools"}
    assert sum(share for _, share, _ in tools.SKILLS.values()) == pytest.approx(1)


@pytest.mark.parametrize("name", tools.SKILLS)
def test_the_answer_is_right_and_its_opposite_is_not(name: str) -> None:
    for example in drawn(name):
        assert example.judge(example.answer)
        assert not example.judge(Answer("Once upon a time there was a king."))
        if example.answer.calls:
            assert not example.judge(replace(example.answer, calls=example.answer.calls[1:]))
        else:
            assert not example.judge(Answer(calls=[ToolCall("no_such_tool", {})]))


@pytest.mark.parametrize("name", tools.SKILLS)
def test_names_of_tools_differ_and_can_be_sent(name: str) -> None:
    for example in drawn(name):
        names = [tool["function"]["name"] for tool in example.tools]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in names)


@pytest.mark.parametrize("name", _CALLING)
def test_calls_fit_the_definitions_and_their_arguments_stand_in_the_request(name: str) -> None:
    for example in drawn(name, 80):
        offered = functions(example)
        text = example.messages[-1]["content"].lower()
        assert example.answer.calls
        assert not example.answer.text
        for call in example.answer.calls:
            schema = offered[call.name]["parameters"]
            assert set(schema.get("required", [])) <= set(call.arguments)
            for key, value in call.arguments.items():
                form = schema["properties"][key]
                assert isinstance(value, _TYPES[form["type"]])
                assert value in form.get("enum", [value])
                if isinstance(value, bool):
                    label = re.escape(key.replace("_", " ").lower())
                    denied = re.search(rf"\b(without|not|no) {label}\b", text) is not None
                    alone = re.search(rf"\b{label}\b", text) and denied is not value  # "and insured", "not insured"
                    assert alone or re.search(r"\b(on|off|yes|no|true|false|enabled|disabled)\b", text)
                    continue
                for part in value if isinstance(value, list) else [value]:
                    word = _IN_WORDS[part - 1] if isinstance(part, int) and 0 < part < 13 else str(part)
                    assert str(part).lower() in text or word in text


@pytest.mark.parametrize(("name", "calls"), [("tools_one", {1}), ("tools_same_twice", {2, 3}), ("tools_two", {2})])
def test_as_many_calls_as_asked_for(name: str, calls: set[int]) -> None:
    for example in drawn(name):
        assert len(example.answer.calls) in calls
        distinct = {call.name for call in example.answer.calls}
        assert len(distinct) == (2 if name == "tools_two" else 1)


def test_a_forced_call_says_so() -> None:
    for example in drawn("tools_forced"):
        assert example.forced
        (call,) = example.answer.calls
        assert example.tool_choice in ("required", {"type": "function", "function": {"name": call.name}})


@pytest.mark.parametrize("name", ["tools_unfit", "tools_outside", "tools_inside"])
def test_tools_that_do_not_fit_are_there_but_not_called(name: str) -> None:
    for example in drawn(name):
        assert example.tools
        assert example.answer.text
        assert not example.answer.calls


def test_every_call_in_a_history_has_its_result() -> None:
    for name in ("tools_result", "tools_after_result"):
        for example in drawn(name):
            made = [call for message in example.messages for call in message.get("tool_calls", [])]
            given = [message["tool_call_id"] for message in example.messages if message["role"] == "tool"]
            assert [call["id"] for call in made] == given
            assert all(isinstance(json.loads(call["function"]["arguments"]), dict) for call in made)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            '{"city": "Oslo", "temp": 21, "condition": "sunny"}',
            "The city is Oslo, the temp is 21 and the condition is sunny.",
        ),
        ('{"price":12}', "The price is 12."),
        ('{"in_stock": true, "orderId": "A-1"}', "The in stock is yes and the order id is A-1."),
        ("Sunny, 21 degrees.", "The result is: Sunny, 21 degrees."),
        ("42", "The result is: 42."),
        ('{"error": "not found"}', "The tool reported an error: not found."),
        ('{"error": {"message": "timeout"}}', "The tool reported an error: timeout."),
        ('{"data": {"names": ["Ana", "Bo", "Cy"]}}', "The names are Ana, Bo and Cy."),
        ('["a", "b"]', "The results are a and b."),
    ],
)
def test_results_in_words(content: str, said: str) -> None:
    assert tool_results.said([content]) == said
    assert tool_results.right_words([content])(Answer(said))


def test_a_result_without_one_of_its_values_is_wrong() -> None:
    accepts = tool_results.right_words(['{"city": "Oslo", "temp": 21}'])
    assert accepts(Answer("It is 21 degrees in Oslo."))
    assert not accepts(Answer("It is 21 degrees."))
    assert not accepts(Answer("It is 210 degrees in Oslo."))
    assert not accepts(Answer("It is 21 degrees in Oslo. " * 9))


def test_a_result_of_yes_or_no_alone_is_known_by_its_key() -> None:
    accepts = tool_results.right_words(['{"in_stock": true}'])
    assert accepts(Answer("The in stock is yes."))
    assert accepts(Answer("Yes, it is in stock."))
    assert not accepts(Answer("Once upon a time there was a king."))


def test_calls_are_the_same_in_any_order_and_with_any_kind_of_number() -> None:
    accepts = right_calls([ToolCall("add", {"a": 1, "b": 2.0}), ToolCall("stop", {})])
    assert accepts(Answer(calls=[ToolCall("stop", {}), ToolCall("add", {"b": 2, "a": 1.0})]))
    assert not accepts(Answer(calls=[ToolCall("stop", {}), ToolCall("add", {"b": "2", "a": 1})]))
    assert not accepts(Answer(calls=[ToolCall("stop", {})]))


@pytest.mark.parametrize("family", FAMILIES)
def test_requests_of_a_family_name_all_that_they_need(family: str) -> None:
    slots = {slot.name for slot in FAMILIES[family].slots}
    required = {slot.name for slot in FAMILIES[family].slots if not slot.optional}
    assert len(requests(family)) >= 8
    for mood, text in requests(family):
        assert mood in "?!="
        assert required <= set(re.findall(r"{(\w+)}", text)) <= slots
