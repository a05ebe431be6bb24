"""The response resource as it begins: the official schema, the keys of Open Responses, and a value for everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dialects.responses.request_strategy import requests
from tests.dialects.responses.test_tools import HOSTED

from penstock.dialects.profiles import PROFILES
from penstock.dialects.responses.request import decode
from penstock.dialects.responses.resource import resource
from penstock.settings import Limits

OPEN_RESPONSES = {
    "id": str,
    "object": str,
    "created_at": int,
    "completed_at": int | None,
    "status": str,
    "incomplete_details": dict | None,
    "model": str,
    "previous_response_id": str | None,
    "instructions": str | None,
    "output": list,
    "error": dict | None,
    "tools": list,
    "tool_choice": str | dict,
    "truncation": str,
    "parallel_tool_calls": bool,
    "text": dict,
    "top_p": int | float,
    "presence_penalty": int | float,
    "frequency_penalty": int | float,
    "top_logprobs": int,
    "temperature": int | float,
    "reasoning": dict | None,
    "usage": dict | None,
    "max_output_tokens": int | None,
    "max_tool_calls": int | None,
    "store": bool,
    "background": bool,
    "service_tier": str,
    "metadata": dict,
    "safety_identifier": str | None,
    "prompt_cache_key": str | None,
}
"""The members that Open Responses (2026-04-24) requires, and what may stand there."""

USAGE = {
    "input_tokens": 1,
    "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
    "output_tokens": 1,
    "output_tokens_details": {"reasoning_tokens": 0},
    "total_tokens": 2,
}


def made(dialect: str = "openai", **fields: Any) -> dict[str, Any]:
    profile = PROFILES[dialect]
    asked = decode(
        json.dumps({"model": "gpt-4", "input": "a"} | fields).encode(), Limits(), profile=profile, strict=False
    )
    return resource(asked, id="resp_1", created=1_790_000_000, model="gpt-4-0613", profile=profile)


@pytest.fixture(scope="module")
def official(shared: Path) -> jsonschema_rs.Validator:
    document = json.loads((shared / "spec" / "openai-openapi.json").read_text("utf-8"))
    return jsonschema_rs.validator_for({"$ref": "#/components/schemas/Response", "components": document["components"]})


def without_null(response: dict[str, Any]) -> dict[str, Any]:
    """Without the nulls that OpenAI sends where its schema has none: of `user`, of the `description` of a schema."""
    form = {name: value for name, value in response["text"]["format"].items() if (name, value) != ("description", None)}
    found = {name: value for name, value in response.items() if (name, value) != ("user", None)}
    return found | {"text": response["text"] | {"format": form}}


def check(response: dict[str, Any], official: jsonschema_rs.Validator) -> None:
    assert json.loads(json.dumps(response)) == response
    official.validate(without_null(response) | {"usage": USAGE})
    for name, kind in OPEN_RESPONSES.items():
        assert name in response
        assert isinstance(response[name], kind), name
        if kind is int or kind == int | float:
            assert not isinstance(response[name], bool)
    assert response["text"]["format"]["type"] in ("text", "json_object", "json_schema")
    assert response["text"]["verbosity"] in ("low", "medium", "high")
    assert {"effort", "summary"} <= response["reasoning"].keys()
    for tool in response["tools"]:
        if tool["type"] == "function":
            assert {"type", "name", "description", "parameters", "strict"} <= tool.keys()


def test_the_least_request_has_a_value_for_everything(official: jsonschema_rs.Validator) -> None:
    response = made()
    check(response, official)
    assert response == {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_790_000_000,
        "completed_at": None,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "metadata": {},
        "model": "gpt-4-0613",
        "output": [],
        "output_text": "",
        "parallel_tool_calls": True,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "previous_response_id": None,
        "conversation": None,
        "prompt": None,
        "prompt_cache_key": None,
        "prompt_cache_retention": None,
        "reasoning": {"effort": None, "summary": None},
        "safety_identifier": None,
        "service_tier": "auto",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}, "verbosity": "medium"},
        "tool_choice": "auto",
        "tools": [],
        "top_logprobs": 0,
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
        "user": None,
    }


SAID: dict[str, Any] = {
    "instructions": "Be kind.",
    "previous_response_id": "resp_0",
    "prompt": {"id": "p", "version": "1", "variables": {"a": "b"}},
    "background": True,
    "max_output_tokens": 16,
    "max_tool_calls": 0,
    "temperature": 0.0,
    "top_p": 0.0,
    "top_logprobs": 20,
    "presence_penalty": -2.0,
    "frequency_penalty": 2.0,
    "truncation": "auto",
    "text": {"format": {"type": "json_object"}, "verbosity": "high"},
    "reasoning": {"effort": "low", "summary": "auto", "mode": "pro", "context": "all_turns"},
    "parallel_tool_calls": False,
    "metadata": {"k": "v"},
    "service_tier": "flex",
    "user": "u",
    "safety_identifier": "s",
    "prompt_cache_key": "p",
    "prompt_cache_retention": "24h",
    "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
}


@pytest.mark.parametrize("name", SAID)
def test_what_was_asked_is_said_again(name: str, official: jsonschema_rs.Validator) -> None:
    response = made(**{name: SAID[name]})
    check(response, official)
    assert response[name] == SAID[name]


def test_what_is_said_in_another_form(official: jsonschema_rs.Validator) -> None:
    assert made(conversation="conv_1")["conversation"] == {"id": "conv_1"}
    assert made(conversation={"id": "conv_1"})["conversation"] == {"id": "conv_1"}
    assert made(reasoning={"generate_summary": "concise"})["reasoning"] == {"effort": None, "summary": "concise"}
    assert made(store=False)["store"] is False
    assert made(prompt_cache_options={})["prompt_cache_options"] == {"mode": "implicit", "ttl": "30m"}
    response = made(text={"format": {"type": "json_schema", "name": "n", "schema": {"a": 1}, "description": None}})
    check(response, official)
    form = {"type": "json_schema", "name": "n", "schema": {"a": 1}, "strict": False, "description": None}
    assert response["text"]["format"] == form


@pytest.mark.parametrize("dialect", PROFILES)
def test_the_dialect_says_whether_it_is_stored_and_how_long_it_may_be(dialect: str) -> None:
    response = made(dialect)
    assert response["store"] is PROFILES[dialect].store_responses
    assert response["max_output_tokens"] == PROFILES[dialect].default_max_tokens


def test_tools_are_said_again(official: jsonschema_rs.Validator) -> None:
    function = {"type": "function", "name": "f"}
    custom = {"type": "custom", "name": "c", "format": {"type": "grammar", "syntax": "lark", "definition": "g"}}
    choice = {"type": "allowed_tools", "mode": "auto", "tools": [function]}
    response = made(tools=[function, custom, *HOSTED], tool_choice=choice)
    check(response, official)
    assert response["tools"][0] == function | {"description": None, "parameters": None, "strict": None}
    assert response["tools"][1] == custom
    assert response["tool_choice"] == choice
    whole = function | {"description": "d", "parameters": {"type": "object"}, "strict": True, "defer_loading": True}
    assert made(tools=[whole])["tools"] == [whole]


def test_secrets_of_tools_are_not_said_again() -> None:
    tool = {"type": "mcp", "server_label": "deep", "server_url": "https://example.com"}
    assert made(tools=[tool | {"authorization": "secret", "headers": {"x-key": "secret"}}])["tools"] == [tool]


def test_every_resource_fits(official: jsonschema_rs.Validator) -> None:
    @given(requests(), st.sampled_from(sorted(PROFILES)))
    def fit(body: dict[str, Any], dialect: str) -> None:
        check(made(dialect, **body), official)

    fit()
