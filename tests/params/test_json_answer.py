from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from msgspec import Raw
from tests.vendor_calls import a_call

from penstock.core.errors import InvalidRequest
from penstock.params.json_answer import JsonAnswer

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}


def form(schema: Any = None) -> JsonAnswer:
    wanted = (
        {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}} if schema else {"type": "json_object"}
    )
    return JsonAnswer(Raw(json.dumps(wanted)))


@pytest.mark.parametrize(
    ("schema", "text", "expected", "words"),
    [
        (None, ' {"a": 1}\n', '{"a": 1}', None),
        (None, '```json\n{"a": 1}\n```', '{"a": 1}', None),
        (None, "```\n{}```", "{}", None),
        (None, "[1]", "[1]", "it is not a JSON object"),
        (None, "Here: {}", "Here: {}", "it is not JSON"),
        (None, "", "", "it is not JSON"),
        (None, "[" * 100_000, None, "it is not JSON"),
        (SCHEMA, '{"a": 1}', '{"a": 1}', None),
        (SCHEMA, '{"a": "x"}', '{"a": "x"}', "does not fit the schema at ['a']"),
        (SCHEMA, "{}", "{}", '"a" is a required property'),
        ({"type": "array"}, "[1]", "[1]", None),
        ({"type": "array", "items": {"$ref": "#/$defs/x"}, "$defs": {"x": {"type": "null"}}}, "[1]", "[1]", "at [0]"),
    ],
)
def test_what_is_wrong_with_an_answer(schema: Any, text: str, expected: str | None, words: str | None) -> None:
    found, problem = form(schema).read(text)
    assert expected is None or found == expected
    assert (problem is None) is (words is None)
    assert words is None or words in (problem or "")


def messages(call: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = msgspec.json.decode(call.members["messages"])
    return found


def test_the_instruction_joins_a_system_message_or_makes_one() -> None:
    plain = form().asked_of(a_call())
    assert [m["role"] for m in messages(plain)] == ["system", "user"]
    call = a_call({"messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "a"}]})
    first, user = messages(form(SCHEMA).asked_of(call))
    assert first["content"].startswith("Be brief\n\nAnswer with one JSON value")
    assert first["content"].endswith(json.dumps(SCHEMA, separators=(",", ":")))
    assert user["content"] == "a"
    assert messages(call)[0]["content"] == "Be brief"


def test_the_second_try_tells_what_was_wrong() -> None:
    again = messages(form().asked_again(a_call(), "nonsense", "it is not JSON"))
    assert again[-2] == {"role": "assistant", "content": "nonsense"}
    assert "it is not JSON" in again[-1]["content"]
    assert "one JSON object" in again[-1]["content"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nope"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "file:///etc/hostname"},
        {"$schema": "urn:of-nobody"},
        {"pattern": "(?=a)"},
        {"$ref": "#/nowhere"},
    ],
)
def test_a_schema_that_cannot_be_checked(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        form(schema)
    assert caught.value.param == "response_format.json_schema.schema"
