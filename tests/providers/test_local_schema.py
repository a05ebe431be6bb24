"""JSON schemas before they become grammars."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import InvalidRequest
from penstock.providers.local.held import not_held
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
        {"type": "string", "pattern": r"^\{[a-f0-9]{2,4}\}a{3}(b|[c.]){2,}$"},
        {"type": "object", "properties": {"minLength": {"type": "integer"}, "maxLength": {"type": "integer"}}},
        {"type": "integer", "minimum": 3, "maximum": 3},
        {"type": "string", "format": "date-time"},
        {"type": ["string", "null"], "maxLength": 3, "minimum": 1},
        {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "null"}], "description": "a or nothing", "default": None},
        {"type": "array", "items": {"enum": ["a", "b"], "type": "string"}, "minItems": 1, "maxItems": 4},
        {"type": "number", "format": "double", "nullable": True},
        {"items": {}, "type": "array"},
    ],
)
def test_what_is_sound_passes(part: dict[str, Any]) -> None:
    check({"type": "object", "properties": {"x": part}}, "s", strict=True)


@pytest.mark.parametrize(
    ("part", "rule"),
    [
        ({"type": "number", "minimum": 0}, "minimum"),
        ({"type": ["integer", "number"], "maximum": 3}, "maximum"),
        ({"type": "integer", "minimum": 1.5}, "minimum"),
        ({"type": "integer", "minimum": 1, "exclusiveMinimum": 4}, "minimum"),
        ({"type": "string", "pattern": "abc"}, "pattern"),
        ({"type": "string", "pattern": r"^\d+$"}, "pattern"),
        ({"type": "string", "pattern": "^.+$"}, "pattern"),
        ({"type": "string", "pattern": "^(?=a)a$"}, "pattern"),
        ({"type": "string", "pattern": "{" * 5000 + "1," * 5000}, "pattern"),
        ({"type": "string", "pattern": "^a+$", "maxLength": 3}, "maxLength"),
        ({"type": "string", "format": "email"}, "format"),
        ({"minLength": 3}, "minLength"),
        ({"type": "array", "minItems": 2}, "minItems"),
        ({"type": "array", "prefixItems": [{"type": "null"}], "items": {"type": "null"}}, "prefixItems"),
        ({"type": "object", "required": ["a"]}, "required"),
        ({"type": "object", "properties": {"a": {}}, "required": ["b"]}, "required"),
        ({"type": "object", "properties": {"a": {}}, "maxProperties": 3}, "maxProperties"),
        ({"type": "object", "properties": {"a": {}}, "dependencies": {"a": ["b"]}}, "dependencies"),
        ({"oneOf": [{"type": "null"}]}, "oneOf"),
        ({"allOf": [{"type": "null"}]}, "allOf"),
        ({"anyOf": [{"type": "null"}], "type": "object"}, "type"),
        ({"$ref": "#/$defs/a", "minimum": 3}, "minimum"),
        ({"type": "string", "enum": ["a", 1]}, "enum"),
    ],
)
def test_what_a_grammar_lets_slip_is_named(part: dict[str, Any], rule: str) -> None:
    """Each of these was answered wrongly by llama.cpp when it was asked."""
    schema = {"type": "object", "properties": {"x": part}}
    assert f"s.properties.x.{rule}" in set(not_held(schema, "s"))
    with pytest.raises(InvalidRequest, match="cannot be guaranteed"):
        check(schema, "s", strict=True)
    check(schema, "s", strict=False)


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
