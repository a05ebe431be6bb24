"""A responses request as a chat completion request: every field, what is noted, what is refused, and that the chat
dialect itself takes whatever comes out."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dialects.responses.request_strategy import conversations, requests

from penstock.core.errors import InvalidRequest, UnsupportedParameter
from penstock.dialects.chat import request as chat
from penstock.dialects.profiles import PROFILES
from penstock.dialects.responses.chat import ChatRequest, chat_body
from penstock.dialects.responses.items import input_items
from penstock.dialects.responses.request import CHAT_FIELDS, KNOWN, decode
from penstock.settings import Limits

LIMITS = Limits()
SCHEMA = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "number"}}}
F = {"type": "function", "name": "f"}
C = {"type": "custom", "name": "c"}
SAID = {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True}


def translated(
    body: dict[str, Any], history: list[dict[str, Any]] | None = None, *, dialect: str = "openai", strict: bool = False
) -> ChatRequest:
    asked = decode(json.dumps(body).encode(), LIMITS, profile=PROFILES[dialect], strict=strict)
    count = itertools.count()
    return chat_body(asked, [*(history or []), *input_items(asked, lambda prefix: f"{prefix}{next(count)}")])


def made(**fields: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What `fields` become, beside model and messages, and what is noted."""
    body, noted = translated({"model": "m", "input": "Hello"} | fields)
    members = json.loads(body)
    assert members.pop("model") == "m"
    assert members.pop("messages")[-1] == {"role": "user", "content": "Hello"}
    return members, noted


SAME = {
    "temperature": 0.5,
    "top_p": 0.25,
    "presence_penalty": -1,
    "frequency_penalty": 1.5,
    "metadata": {"k": "v"},
    "user": "u",
    "safety_identifier": "s",
    "prompt_cache_key": "p",
    "prompt_cache_retention": "24h",
    "prompt_cache_options": {"mode": "explicit", "ttl": "30m"},
    "moderation": {"model": "m"},
    "parallel_tool_calls": False,
    "service_tier": "flex",
    "top_k": 4,
    "min_p": 0.5,
    "repetition_penalty": 1.5,
    "logit_bias": {"1": -1},
    "stop": ["a"],
    "include_stop_str_in_output": True,
    "seed": 7,
    "enable_thinking": False,
    "separate_reasoning": True,
    "provider": "auto",
    "context_length_exceeded_behavior": "error",
}
BECOME: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"stream": True}, {"stream": True}),
    ({"stream": False}, {}),
    ({"max_output_tokens": 16}, {"max_completion_tokens": 16}),
    ({"top_logprobs": 3}, {"logprobs": True, "top_logprobs": 3}),
    ({"top_logprobs": 0}, {}),
    ({"include": ["message.output_text.logprobs"], "top_logprobs": 0}, {"logprobs": True}),
    ({"include": ["reasoning.encrypted_content", "message.input_image.image_url"]}, {}),
    ({"text": {"verbosity": "low"}}, {"verbosity": "low"}),
    ({"text": {"format": {"type": "text"}}}, {}),
    ({"text": {"format": {"type": "json_object"}}}, {"response_format": {"type": "json_object"}}),
    (
        {
            "text": {
                "format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True, "description": "d"}
            }
        },
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "schema": SCHEMA, "strict": True, "description": "d"},
            }
        },
    ),
    (
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}},
    ),
    ({"reasoning": {"effort": "high"}}, {"reasoning_effort": "high"}),
    ({"reasoning": {"mode": "standard", "context": "auto"}}, {}),
    (
        {"tools": [F | SAID]},
        {"tools": [{"type": "function", "function": SAID}]},
    ),
    (
        {"tools": [F | {"description": None, "strict": None}]},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
    ),
    (
        {"tools": [C | {"description": "d"}]},
        {"tools": [{"type": "custom", "custom": {"name": "c", "description": "d"}}]},
    ),
    (
        {"tools": [C | {"format": {"type": "grammar", "syntax": "lark", "definition": "g"}}]},
        {
            "tools": [
                {
                    "type": "custom",
                    "custom": {
                        "name": "c",
                        "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "g"}},
                    },
                }
            ]
        },
    ),
    (
        {"tools": [C | {"format": {"type": "text"}}]},
        {"tools": [{"type": "custom", "custom": {"name": "c", "format": {"type": "text"}}}]},
    ),
    ({"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}, {}),
    ({"truncation": "auto", "store": True, "background": True, "previous_response_id": "r"}, {}),
    ({"stream": True, "stream_options": {"include_obfuscation": False}}, {"stream": True}),
    ({"zzz": None}, {}),
]
CHOICES: list[tuple[Any, Any]] = [
    ("none", "none"),
    ("auto", "auto"),
    ("required", "required"),
    (F, {"type": "function", "function": {"name": "f"}}),
    (C, {"type": "custom", "custom": {"name": "c"}}),
    (
        {"type": "allowed_tools", "mode": "required", "tools": [F, C]},
        {
            "type": "allowed_tools",
            "allowed_tools": {
                "mode": "required",
                "tools": [
                    {"type": "function", "function": {"name": "f"}},
                    {"type": "custom", "custom": {"name": "c"}},
                ],
            },
        },
    ),
]
NOTED: list[tuple[dict[str, Any], dict[str, Any], dict[str, str]]] = [
    ({"max_tool_calls": 3}, {}, {"max_tool_calls": "ignored"}),
    ({"context_management": [{"type": "compaction"}]}, {}, {"context_management": "ignored"}),
    ({"service_tier": "ultrafast"}, {"service_tier": "fast"}, {"service_tier": "translated"}),
    ({"reasoning": {"summary": "auto"}}, {}, {"reasoning.summary": "ignored"}),
    ({"reasoning": {"generate_summary": "auto"}}, {}, {"reasoning.generate_summary": "ignored"}),
    ({"reasoning": {"mode": "pro"}}, {}, {"reasoning.mode": "ignored"}),
    (
        {"stream": True, "stream_options": {"include_obfuscation": True}},
        {"stream": True},
        {"stream_options.include_obfuscation": "ignored"},
    ),
    ({"zzz": 1, "messages": [], "n": 2}, {}, {"zzz": "ignored", "messages": "ignored", "n": "ignored"}),
    (
        {"tools": [F | {"output_schema": {}, "defer_loading": True, "allowed_callers": ["programmatic"]}]},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"tools.output_schema": "ignored", "tools.defer_loading": "ignored", "tools.allowed_callers": "ignored"},
    ),
]


@pytest.mark.parametrize("name", SAME)
def test_a_field_that_is_the_same(name: str) -> None:
    tools = {"tools": [F]} if name == "parallel_tool_calls" else {}
    members, noted = made(**{name: SAME[name]}, **tools)
    assert members[name] == SAME[name]
    assert noted == {}
    assert made(**{name: None})[0] == {}


@pytest.mark.parametrize(("fields", "expected"), BECOME)
def test_a_field_becomes_another(fields: dict[str, Any], expected: dict[str, Any]) -> None:
    assert made(**fields) == (expected, {})


@pytest.mark.parametrize(("choice", "expected"), CHOICES)
def test_the_choice_of_tools(choice: Any, expected: Any) -> None:
    members, noted = made(tools=[F, C], tool_choice=choice)
    assert (members["tool_choice"], noted) == (expected, {})


@pytest.mark.parametrize(("fields", "expected", "noted"), NOTED)
def test_what_a_chat_completion_cannot_say_is_noted(
    fields: dict[str, Any], expected: dict[str, Any], noted: dict[str, str]
) -> None:
    assert made(**fields) == (expected, noted)
    with pytest.raises(UnsupportedParameter) as caught:
        translated({"model": "m", "input": "a"} | fields, strict=True)
    assert caught.value.param == next(iter(noted))
    assert all(f"'{name}' would be {what}" in caught.value.message for name, what in noted.items())


def test_every_field_has_its_row() -> None:
    there = set(SAME) | {name for row in [*BECOME, *NOTED] for name in row[0]} | {"tool_choice"}
    elsewhere = {"model", "input", "instructions", "conversation", "prompt"}
    assert KNOWN - there - elsewhere == set()
    assert set(CHAT_FIELDS) <= set(SAME)


def test_members_of_a_schema_keep_their_order() -> None:
    body = translated({"model": "m", "input": "a", "tools": [F | {"parameters": SCHEMA}]}).body
    assert body.index(b'"b"') < body.index(b'"a":')


def test_instructions_stand_before_everything() -> None:
    history = [{"id": "msg_9", "type": "message", "role": "user", "content": "Before"}]
    body, noted = translated({"model": "m", "input": "Now", "instructions": "Be kind."}, history)
    assert json.loads(body)["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Before"},
        {"role": "user", "content": "Now"},
    ]
    assert noted == {}


def test_reasoning_of_earlier_turns_goes_where_it_is_asked_for() -> None:
    thought = {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "Hm."}]}
    items = [thought, {"role": "assistant", "content": "Yes."}, {"role": "user", "content": "Why?"}]
    for context, there in (("auto", False), ("current_turn", False), ("all_turns", True)):
        body = translated({"model": "m", "input": items, "reasoning": {"context": context}}).body
        assert (b"Hm." in body) is there


@pytest.mark.parametrize(
    ("fields", "param", "words"),
    [
        ({"prompt": {"id": "p"}}, "prompt", "a template that is kept at a vendor"),
        ({"tools": [F, {"type": "web_search"}]}, "tools[1]", "'web_search'"),
        ({"tools": [F], "tool_choice": {"type": "shell"}}, "tool_choice", "'shell'"),
        (
            {
                "tools": [F],
                "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [F, {"type": "web_search"}]},
            },
            "tool_choice.tools[1]",
            "'web_search'",
        ),
        ({"input": [{"type": "compaction", "encrypted_content": "x"}]}, "input[0]", "'compaction'"),
        ({"input": [{"type": "item_reference", "id": "msg_9"}]}, "input[0].id", "'msg_9'"),
        ({"input": [{"type": "function_call_output", "call_id": "a", "output": "4"}]}, "input[0].call_id", "'a'"),
        ({"input": None, "previous_response_id": "r"}, "input", "nothing to answer"),
        ({"input": [{"type": "reasoning", "encrypted_content": "x"}]}, "input", "nothing to answer"),
    ],
)
def test_what_is_refused(fields: dict[str, Any], param: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        translated({"model": "m", "input": "a"} | fields)
    assert caught.value.param == param
    assert words in caught.value.message
    assert caught.value.status == 400


def test_places_are_those_of_the_input_whatever_stands_before() -> None:
    image = {"type": "input_image", "file_id": "f"}
    history = [{"id": "msg_9", "type": "message", "role": "user", "content": "Before"}] * 3
    body = {"model": "m", "input": [{"role": "user", "content": "a"}, {"role": "user", "content": [image]}]}
    with pytest.raises(InvalidRequest) as caught:
        translated(body, history)
    assert caught.value.param == "input[1]"
    with pytest.raises(InvalidRequest, match="The item 'msg_9' of the conversation so far") as caught:
        translated(body | {"input": "a"}, [history[0] | {"content": [image]}])
    assert caught.value.param == "input"


def test_the_length_of_the_dialect_goes_too() -> None:
    assert (
        json.loads(translated({"model": "m", "input": "a"}, dialect="aimlapi-legacy").body)["max_completion_tokens"]
        == 512
    )


def test_metadata_of_scale() -> None:
    body, noted = translated({"model": "m", "input": "a", "metadata": {"a": 1}}, dialect="sgp")
    assert json.loads(body)["metadata"] == {"a": "1"}
    assert noted == {"metadata": "translated"}


@given(requests(), st.lists(conversations(), max_size=1), st.sampled_from(sorted(PROFILES)))
def test_the_chat_dialect_takes_what_comes_out(
    body: dict[str, Any], before: list[list[dict[str, Any]]], dialect: str
) -> None:
    history: list[dict[str, Any]] = []
    for items in before:
        asked = decode(
            json.dumps({"model": "m", "input": items}).encode(), LIMITS, profile=PROFILES["openai"], strict=False
        )
        history = input_items(asked, lambda prefix: f"{prefix}_")
    result = translated(body, history, dialect=dialect)
    call = chat.decode(result.body, LIMITS, id="i", request_id="r", now=1, strict=True, profile=PROFILES[dialect])
    assert call.model == "m"
    assert call.stream is bool(body.get("stream"))
    assert chat.KNOWN.issuperset(call.members)
    assert set(result.noted.values()) <= {"translated", "emulated", "ignored"}
