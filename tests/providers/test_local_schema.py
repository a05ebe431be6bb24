"""JSON schemas before they become grammars."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import InvalidRequest
from penstock.providers.local.schema import check, forced, parameters


@pytest.mark.parametrize(
    ("part", "param"),
    [
        ({"type": "string", "minLength": 10, "maxLength": 5}, "s.properties.x"),
        ({"type": "array", "minItems": 2, "maxItems": 1}, "s.properties.x"),
        ({"type": "integer", "minimum": 5, "maximum": 3}, "s.properties.x"),
        ({"type": "integer", "exclusiveMinimum": 5, "maximum": 3}, "s.properties.x"),
        ({"type": "string", "pattern": "^a{5,2}$"}, "s.properties.x.pattern"),
        ({"type": "string", "pattern": "^a{ 5, 2 }$"}, "s.properties.x.pattern"),
        ({"type": "string", "pattern": "^a{05x,+2y}$"}, "s.properties.x.pattern"),
        ({"type": "string", "pattern": "^b{1,2}a{3}{2,1}$"}, "s.properties.x.pattern"),
        ({"type": "string", "minLength": 2001}, "s.properties.x.minLength"),
        ({"anyOf": [{"type": "string"}, {"minLength": 2, "maxLength": 1}]}, "s.properties.x.anyOf[1]"),
        ({"enum": [{"minLength": 2, "maxLength": 1}]}, "s.properties.x.enum[0]"),  # a reference may point at it
    ],
)
def test_what_would_hurt_llama_cpp_is_refused_by_its_place(part: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as error:
        check({"type": "object", "properties": {"x": part}}, "s", strict=False)
    assert error.value.param == param


@pytest.mark.parametrize(
    "part",
    [
        {"type": "string", "minLength": 1, "maxLength": 100_000},
        {"type": "string", "pattern": r"^\{\d{2,4}\}[{}]a{3}b{2,}c{,4}$"},
        {"type": "string", "pattern": "{" * 5000 + "1," * 5000},
        {"type": "object", "properties": {"minLength": {"type": "integer"}, "maxLength": {"type": "integer"}}},
        {"type": "integer", "minimum": 3, "maximum": 3},
        {"minLength": True, "maxLength": False},
    ],
)
def test_what_is_sound_passes(part: dict[str, Any]) -> None:
    check({"type": "object", "properties": {"x": part}}, "s", strict=True)


@pytest.mark.parametrize("rule", ["uniqueItems", "not", "if", "multipleOf", "contains", "patternProperties"])
def test_a_rule_that_no_grammar_holds_is_refused_only_when_strict(rule: str) -> None:
    schema = {"type": "object", "properties": {"list": {"items": {rule: {"type": "integer"}}}}}
    check(schema, "s", strict=False)
    with pytest.raises(InvalidRequest, match="cannot be guaranteed") as error:
        check(schema, "s", strict=True)
    assert error.value.param == f"s.properties.list.items.{rule}"


def test_names_of_properties_and_data_are_no_rules() -> None:
    schema = {
        "type": "object",
        "properties": {"not": {"type": "string"}, "if": {"const": {"multipleOf": 2}}},
        "$defs": {"contains": {"enum": [{"not": 1}]}},
        "uniqueItems": False,
    }
    check(schema, "s", strict=True)


@pytest.mark.parametrize("schema", [[], "x", None, 1, True])
def test_a_schema_is_an_object(schema: Any) -> None:
    with pytest.raises(InvalidRequest, match="must be a JSON schema"):
        check(schema, "s", strict=False)


def test_references_move_with_their_schema() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"$ref": "#"}, "kind": {"$ref": "#/$defs/Kind"}, "$ref": {"type": "string"}},
        "$defs": {"Kind": {"enum": ["a", {"$ref": "#/data"}]}},
    }
    schema = forced([{"name": "f", "parameters": node}], {"$ref": "#/$defs/A", "$defs": {"A": {"type": "null"}}})
    moved = schema["$defs"]["call0"]["properties"]["arguments"]
    at = "#/$defs/call0/properties/arguments"
    assert moved["properties"]["next"] == {"$ref": at}
    assert moved["properties"]["kind"] == {"$ref": f"{at}/$defs/Kind"}
    assert moved["properties"]["$ref"] == {"type": "string"}
    assert moved["$defs"]["Kind"] == {"enum": ["a", {"$ref": "#/data"}]}
    assert schema["$defs"]["answer"]["$ref"] == "#/$defs/answer/$defs/A"
    assert schema["anyOf"] == [{"$ref": "#/$defs/call0"}, {"$ref": "#/$defs/answer"}]
    assert node["properties"]["next"] == {"$ref": "#"}  # type: ignore[index]  # the client's own is left alone


def test_the_name_comes_before_the_arguments() -> None:
    call = forced([{"name": "f"}])["$defs"]["call0"]
    assert list(call["properties"]) == ["name", "arguments"]
    assert call["required"] == ["name", "arguments"]


@pytest.mark.parametrize("function", [{}, {"parameters": None}, {"parameters": {}}])
def test_without_parameters_there_are_no_arguments(function: dict[str, Any]) -> None:
    assert parameters(function) == {"type": "object", "properties": {}, "additionalProperties": False}
