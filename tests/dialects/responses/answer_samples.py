"""Answers for the tests of what a response is written from, and the contract that its events keep."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any, Final

import jsonschema_rs

from penstock.core.usage import Usage
from penstock.dialects.profiles import OPENAI, Profile
from penstock.dialects.responses.events import Event
from penstock.dialects.responses.writer import ResponseWriter

USAGE: Final = Usage(prompt_tokens=9, completion_tokens=5, cached_tokens=4, cache_write_tokens=1, reasoning_tokens=2)
COMPLETED_AT: Final = 1_700_000_009
CREATED: Final = 1_700_000_000

RESOURCE: Final[dict[str, Any]] = {
    "id": "resp_ours",
    "object": "response",
    "created_at": CREATED,
    "completed_at": None,
    "status": "in_progress",
    "background": False,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "max_tool_calls": None,
    "model": "gpt-4-0613",
    "output": [],
    "output_text": "",
    "parallel_tool_calls": True,
    "presence_penalty": 0,
    "frequency_penalty": 0,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "reasoning": {"effort": None, "summary": None},
    "safety_identifier": None,
    "service_tier": "auto",
    "store": True,
    "temperature": 1,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_logprobs": 0,
    "top_p": 1,
    "truncation": "disabled",
    "usage": None,
    "user": None,
    "metadata": {},
}
"""A response of which nothing is known yet."""


def ids() -> Callable[[str], str]:
    """Ids that tell the order in which they were made."""
    numbers = count()
    return lambda prefix: f"{prefix}{next(numbers)}" if prefix else "x" * 32


def a_writer(
    *, profile: Profile = OPENAI, logprobs: bool = False, obfuscation: bool = True, **resource: Any
) -> ResponseWriter:
    return ResponseWriter(
        {**RESOURCE, **resource}, new_id=ids(), profile=profile, logprobs=logprobs, obfuscation=obfuscation
    )


def chunk(finish: str | None = None, *, logprobs: Any = None, index: int = 0, **delta: Any) -> bytes:
    """A chunk as Penstock sends it, with one choice."""
    choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
    envelope = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED, "model": "gpt-4-0613"}
    return json.dumps({**envelope, "choices": [choice]}).encode()


def tool(index: int, **function: Any) -> dict[str, Any]:
    """The beginning of a call of a function."""
    return {"index": index, "id": f"call_of_{index}", "type": "function", "function": function}


def more(index: int, arguments: str) -> dict[str, Any]:
    """What is new of a call of a function."""
    return {"index": index, "function": {"arguments": arguments}}


def run(writer: ResponseWriter, chunks: Iterable[bytes], usage: Usage | None = USAGE) -> list[Event]:
    """All events of an answer in `chunks`."""
    events = writer.start()
    for data in chunks:
        events += writer.chunk(data)
    return events + writer.finish(usage, completed_at=COMPLETED_AT)


def read(events: Iterable[Event]) -> list[dict[str, Any]]:
    return [json.loads(event.data) for event in events]


def types(events: Iterable[Event]) -> list[str]:
    """The types of the events without `response.`; those of several deltas in a row count once."""
    named = [event.type.removeprefix("response.") for event in events]
    return [name for at, name in enumerate(named) if not (at and name.endswith("delta") and named[at - 1] == name)]


class Contract:
    """What OpenAI's document says of each event, and what its recorded events always have."""

    def __init__(self, specification: Path) -> None:
        document = json.loads((specification / "openai-openapi.json").read_text("utf-8"))
        self._always = json.loads((specification / "openai_invariants.json").read_text("utf-8"))["always"]
        self._components = document["components"]
        schemas = self._components["schemas"]
        self._names: dict[str, str] = {"response": "Response"}
        for one in schemas["ResponseStreamEvent"]["anyOf"]:
            name = one["$ref"].rpartition("/")[2]
            (type,) = schemas[name]["properties"]["type"]["enum"]
            self._names[type] = name
        self._validators: dict[str, jsonschema_rs.Validator] = {}
        required = schemas["Response"]["allOf"][-1]["required"]
        seen = self._always["ev:response.created.response"]["types"]
        # OpenAI sends null where its document says that a member is absent or a value: user and usage, for two.
        self._null = {name for name, kinds in seen.items() if "NoneType" in kinds and name not in required}

    def breaches(self, events: list[Event]) -> list[str]:
        """Where `events`, all of one response, break the contract."""
        found = []
        for number, (event, value) in enumerate(zip(events, read(events), strict=True)):
            if (value["type"], value["sequence_number"]) != (event.type, number):
                found.append(f"event {number} says {value['type']} {value['sequence_number']}")
            found += self._absent(f"ev:{event.type}", value)
            fitting = {**value, "response": self._without_null(value["response"])} if "response" in value else value
            found += [f"{event.type}: {message}" for message in self._misfits(event.type, fitting)]
        return found

    def misfits(self, response: dict[str, Any]) -> list[str]:
        """Where a response breaks the contract."""
        return self._misfits("response", self._without_null(response))

    def _misfits(self, type: str, value: dict[str, Any]) -> list[str]:
        if type not in self._validators:
            schema = {"$ref": f"#/components/schemas/{self._names[type]}", "components": self._components}
            self._validators[type] = jsonschema_rs.validator_for(schema)
        return [error.message for error in self._validators[type].iter_errors(value)]

    def _without_null(self, response: dict[str, Any]) -> dict[str, Any]:
        return {name: member for name, member in response.items() if member is not None or name not in self._null}

    def _absent(self, path: str, value: dict[str, Any]) -> list[str]:
        """Members that are always there in OpenAI's own events, and not here."""
        found = [f"{path}: no {name}" for name in self._always.get(path, {}).get("always", ()) if name not in value]
        for name, member in value.items():
            inner = [(f"{path}.{name}[]", each) for each in member] if isinstance(member, list) else []
            for place, each in inner or [(f"{path}.{name}", member)]:
                if isinstance(each, dict):
                    kind = each.get("type")
                    found += self._absent(f"{place}<{kind}>" if isinstance(kind, str) else place, each)
        return found
