"""JSON answers of a local model over a real socket: a finished one always parses and fits its schema."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from tests.conformance.local_server import LocalServer, chunks, finish_of, params, text_of

RANDOM: dict[str, Any] = {"temperature": 1.5, "max_tokens": 400}


def in_form(schema: Any, **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema, **more}}


def holding(part: Any, **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"a": part}, "required": ["a"], "additionalProperties": False}
    return schema | more


HELD = [
    holding({"type": "integer", "minimum": 3, "exclusiveMaximum": 9}),
    holding({"type": "string", "minLength": 2, "maxLength": 5}),
    holding({"type": "string", "pattern": r"^[a-c]{2}(-|\.)x+$"}),
    holding({"type": "string", "format": "date-time"}),
    holding({"type": "array", "items": {"enum": ["x", 1, None]}, "minItems": 1, "maxItems": 3}),
    holding({"anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/n"}]}, **{"$defs": {"n": {"const": 7}}}),
    holding({"type": ["integer", "null"], "minimum": 0, "maximum": 20}),
    holding({"type": "object", "additionalProperties": {"type": "null"}}),
]


@pytest.mark.parametrize("schema", HELD, ids=lambda schema: json.dumps(schema["properties"]["a"])[:40])
def test_a_strict_answer_fits_its_schema_whole_and_streamed(local: LocalServer, schema: dict[str, Any]) -> None:
    validator = jsonschema_rs.validator_for(schema, validate_formats=False)
    finished = 0
    for seed in range(4):
        asked = RANDOM | {"seed": seed, "response_format": in_form(schema, strict=True)}
        choice = local.whole(**asked)["choices"][0]
        stream = local.streamed(**asked)
        assert text_of(stream) == choice["message"]["content"]
        assert finish_of(stream) == choice["finish_reason"]
        if choice["finish_reason"] == "stop":
            finished += 1
            assert validator.is_valid(json.loads(choice["message"]["content"]))
    assert finished > 0


def test_json_object(local: LocalServer) -> None:
    finished = 0
    for seed in range(6):
        choice = local.whole(**RANDOM | {"seed": seed, "response_format": {"type": "json_object"}})["choices"][0]
        if choice["finish_reason"] == "stop":
            finished += 1
            assert isinstance(json.loads(choice["message"]["content"]), dict)
    assert finished > 0


def test_an_answer_that_is_cut_off_is_partial_and_says_length(local: LocalServer) -> None:
    held, loose = {"type": "string", "minLength": 50}, {"type": "string", "pattern": "a{50}"}
    for chosen in (in_form(holding(held), strict=True), in_form(holding(loose))):
        choice = local.whole(max_tokens=20, response_format=chosen)["choices"][0]
        assert choice["finish_reason"] == "length"
        assert choice["message"]["content"].startswith('{"a"')


LOOSE = [
    holding({"type": "number", "minimum": 0, "maximum": 1e9}),
    holding({"type": "array", "items": {"type": "boolean"}, "minItems": 1, "maxItems": 2, "uniqueItems": True}),
    holding({"type": "integer", "minimum": 0, "maximum": 9, "multipleOf": 2}),
    holding({"oneOf": [{"enum": [1, 2, 3]}, {"enum": [3, 4]}]}),
]


@pytest.mark.parametrize("schema", LOOSE, ids=lambda schema: json.dumps(schema["properties"]["a"])[:40])
def test_what_a_grammar_cannot_hold_is_checked_afterwards(local: LocalServer, schema: dict[str, Any]) -> None:
    """Two tries may both miss: then it is an error that says so, and never a wrong answer."""
    validator = jsonschema_rs.validator_for(schema)
    right = 0
    for seed in range(5):
        asked: dict[str, Any] = {"temperature": 1.5, "max_tokens": 60, "seed": seed, "response_format": in_form(schema)}
        response = local.ask(**asked)
        streamed = local.ask(stream=True, **asked)
        if response.status_code != 200:
            assert "did not answer in the form asked for, twice" in response.json()["error"]["message"]
            assert streamed.status_code == response.status_code  # nothing is streamed before the check
            continue
        answer = response.json()
        assert "response_format" in params(response)
        choice = answer["choices"][0]
        assert text_of(chunks(streamed)) == choice["message"]["content"]
        if choice["finish_reason"] == "stop":
            right += 1
            assert validator.is_valid(json.loads(choice["message"]["content"]))
    assert right > 0


def test_a_second_try_can_save_an_answer(local: LocalServer) -> None:
    """Usage tells both tries, the second of which shows the model what was wrong with the first."""
    prompts = set()
    for seed in range(9):
        response = local.ask(temperature=1.5, max_tokens=40, seed=seed, response_format=in_form(LOOSE[2]))
        if response.status_code == 200 and response.json()["choices"][0]["finish_reason"] == "stop":
            assert json.loads(response.json()["choices"][0]["message"]["content"])["a"] % 2 == 0
            prompts.add(response.json()["usage"]["prompt_tokens"])
    assert len(prompts) > 1  # some were right at once, some at the second try


def test_a_schema_that_nothing_fits_is_a_clear_error(local: LocalServer) -> None:
    schema = holding({"enum": [1], "not": {"const": 1}})
    for stream in (False, True):
        response = local.ask(stream=stream, max_tokens=60, response_format=in_form(schema))
        assert response.status_code == 502
        assert "twice" in response.json()["error"]["message"]


def test_strict_refuses_what_it_cannot_guarantee(local: LocalServer) -> None:
    error = local.refusal(response_format=in_form(LOOSE[1], strict=True))
    assert error["param"] == "response_format.json_schema.schema.properties.a.uniqueItems"
    assert error["code"] == "unsupported_value"


def test_text_is_text(local: LocalServer) -> None:
    assert local.text(response_format={"type": "text"}) == local.text()
