"""Which functions are offered, which may be called, and how that is brought about."""

from __future__ import annotations

from typing import Any

import pytest
from tests.providers.local_calls import changed, sent

from penstock.core.errors import InvalidRequest

OBJECT = {"type": "object", "properties": {"a": {"type": "integer"}}}
TOOLS = [
    {"type": "function", "function": {"name": "one", "description": "1", "parameters": OBJECT, "strict": True}},
    {"type": "function", "function": {"name": "two"}},
]
NAMED = {"type": "function", "function": {"name": "two"}}
JSON = {"type": "json_object"}


def offered(body: dict[str, Any]) -> list[str]:
    return [tool["function"]["name"] for tool in body["tools"]]


def forced(body: dict[str, Any]) -> list[str]:
    """The functions that the grammar lets the model call; `answer` where it may answer as well."""
    schema = body["response_format"]["json_schema"]["schema"]
    parts = [schema["$defs"][option["$ref"].removeprefix("#/$defs/")] for option in schema["anyOf"]]
    return [part["properties"]["name"]["const"] if "name" in part.get("properties", {}) else "answer" for part in parts]


@pytest.mark.parametrize("body", [{}, {"tools": []}, {"tools": [], "tool_choice": "auto"}])
def test_without_tools(body: dict[str, Any]) -> None:
    assert "tools" not in sent(**body)
    assert changed(**body) == {}


@pytest.mark.parametrize("choice", [None, "auto"])
def test_left_to_itself_the_model_calls_in_its_own_form(choice: str | None) -> None:
    body = sent(tools=TOOLS, tool_choice=choice)
    assert (offered(body), body["tool_choice"], body["parallel_tool_calls"]) == (["one", "two"], "auto", True)
    assert "response_format" not in body
    assert changed(tools=TOOLS, tool_choice=choice) == {}


def test_functions_are_shown_as_templates_know_them() -> None:
    assert [tool["function"] for tool in sent(tools=TOOLS)["tools"]] == [
        {"name": "one", "parameters": OBJECT, "description": "1"},
        {"name": "two", "parameters": {"type": "object", "properties": {}, "additionalProperties": False}},
    ]


def test_none_shows_them_and_lets_none_be_called() -> None:
    body = sent(tools=TOOLS, tool_choice="none", response_format=JSON)
    assert (offered(body), body["tool_choice"]) == (["one", "two"], "none")
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", ["one", "two"]),
        (NAMED, ["two"]),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [NAMED]}}, ["two"]),
    ],
)
def test_a_call_that_must_be_made_has_a_grammar_of_ours(choice: Any, names: list[str]) -> None:
    body = sent(tools=TOOLS, tool_choice=choice, response_format=JSON)
    assert (offered(body), body["tool_choice"]) == (["one", "two"], "none")
    assert forced(body) == names
    assert changed(tools=TOOLS, tool_choice=choice) == {"tool_choice": "emulated"}


def test_of_allowed_tools_only_those_are_shown_where_none_must_be_called() -> None:
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [NAMED]}}
    body = sent(tools=TOOLS, tool_choice=choice)
    assert (offered(body), body["tool_choice"]) == (["two"], "auto")


def test_tools_and_json_share_a_grammar() -> None:
    body = sent(tools=TOOLS, response_format=JSON)
    assert body["tool_choice"] == "none"
    assert forced(body) == ["one", "two", "answer"]
    assert changed(tools=TOOLS, response_format=JSON) == {"tools": "emulated"}


def test_one_call_at_a_time_is_seen_to_here() -> None:
    assert changed(tools=TOOLS, parallel_tool_calls=False) == {"parallel_tool_calls": "emulated"}
    assert changed(tools=TOOLS, parallel_tool_calls=False, tool_choice=NAMED) == {"tool_choice": "emulated"}
    assert changed(parallel_tool_calls=False) == {}


def test_functions_of_old() -> None:
    functions = [tool["function"] for tool in TOOLS]
    body = sent(functions=functions)
    assert (offered(body), body["tool_choice"]) == (["one", "two"], "auto")
    assert changed(functions=functions) == {"functions": "translated"}
    assert forced(sent(functions=functions, function_call={"name": "two"})) == ["two"]
    assert sent(functions=functions, function_call="none")["tool_choice"] == "none"
    assert changed(functions=functions, function_call="none") == {
        "functions": "translated",
        "function_call": "translated",
    }
    assert changed(functions=functions, tools=TOOLS) == {"functions": "ignored"}


def test_custom_tools_are_refused() -> None:
    with pytest.raises(InvalidRequest) as error:
        sent(tools=[*TOOLS, {"type": "custom", "custom": {"name": "c"}}])
    assert error.value.param == "tools[2].type"


@pytest.mark.parametrize(
    ("parameters", "param"),
    [
        ({"type": "array", "items": {"type": "string"}}, "tools[1].function.parameters.type"),
        (
            {"type": "object", "properties": {"x": {"minItems": 4, "maxItems": 1}}},
            "tools[1].function.parameters.properties.x",
        ),
    ],
)
def test_parameters_that_no_grammar_can_hold(parameters: dict[str, Any], param: str) -> None:
    tools = [TOOLS[0], {"type": "function", "function": {"name": "bad", "parameters": parameters}}]
    for choice in ("auto", "required"):
        with pytest.raises(InvalidRequest) as error:
            sent(tools=tools, tool_choice=choice)
        assert error.value.param == param


def test_a_strict_function_that_must_be_called_is_held_to_its_word() -> None:
    function = {"name": "f", "strict": True, "parameters": {"type": "object", "not": {"required": ["a"]}}}
    tools = [{"type": "function", "function": function}]
    with pytest.raises(InvalidRequest, match="cannot be guaranteed"):
        sent(tools=tools, tool_choice="required")
    assert sent(tools=tools)["tool_choice"] == "auto"
