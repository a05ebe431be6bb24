"""Tools as requests define them, and what every kind of them shares: a definition, and requests that call for it."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from training.conversations.draw import Draw
from training.conversations.example import Answer, ToolCall

_WORDS_FOR: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"
)  # fmt: skip
_SWITCHES: Final = (("on", "off"), ("yes", "no"), ("true", "false"), ("enabled", "disabled"))
_BOTH: Final = ("{} and {}", "{} and {}", "{} and {}", "{} and also {}", "{} & {}", "{} and then {}")

Message = dict[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a tool. `slot` is what the requests for the tool call it."""

    slot: str
    name: str
    kind: str
    about: str | None
    make: Callable[[Draw], Any]
    options: tuple[str, ...] = ()
    optional: bool = False

    def schema(self) -> dict[str, Any]:
        """Its JSON schema."""
        schema: dict[str, Any] = {"type": "string" if self.kind == "enum" else self.kind}
        if self.kind == "array":
            schema["items"] = {"type": "string"}
        if self.about is not None:
            schema["description"] = self.about
        if self.options:
            schema["enum"] = list(self.options)
        return schema

    def value(self, draw: Draw) -> Any:
        """An argument."""
        return draw.any(self.options) if self.options else self.make(draw)


@dataclass(frozen=True)
class Request:
    """What a user says, and the calls that it needs. `open_end`: it ends with free text."""

    text: str
    calls: list[ToolCall]
    open_end: bool = False


class Tool(ABC):
    """One tool with a name, a description and parameters.

    `kind`: tools of one kind do the same, so never two of them are offered. `words`: a request with one of these may be
    about this tool.
    """

    name: str
    about: str | None
    kind: str
    words: frozenset[str]
    parameters: list[Parameter]

    @abstractmethod
    def ask(self, draw: Draw, count: int = 1, *, plain: bool = False) -> Request | None:
        """A request for `count` calls; None if this tool has none for as many. `plain`: without a greeting."""

    def entry(self, draw: Draw) -> dict[str, Any]:
        """The definition, as a request has it."""
        required = [parameter.name for parameter in self.parameters if not parameter.optional]
        parameters: dict[str, Any] = {"type": "object", "properties": {p.name: p.schema() for p in self.parameters}}
        if required:
            parameters["required"] = required
        if draw.chance(0.2):
            parameters["additionalProperties"] = False
        function: dict[str, Any] = {"name": self.name, "parameters": parameters}
        if self.about is not None:
            function["description"] = self.about
        return {"type": "function", "function": function}

    def call(self, arguments: dict[str, Any]) -> ToolCall:
        """A call; arguments come in the order in which they are defined."""
        return ToolCall(self.name, {p.name: arguments[p.slot] for p in self.parameters if p.slot in arguments})


def shown(draw: Draw, value: Any) -> str:
    """An argument as a user writes it."""
    if isinstance(value, bool):
        return draw.any(_SWITCHES)[not value]
    if isinstance(value, int) and 0 < value < len(_WORDS_FOR) and draw.chance(0.1):
        return _WORDS_FOR[value]
    if isinstance(value, list):
        return together(draw, value)
    return str(value)


def together(draw: Draw, parts: Sequence[str]) -> str:
    """Several things in one list."""
    if len(parts) == 1:
        return parts[0]
    return ", ".join(parts[:-1]) + draw.any((" and ", ", and " if len(parts) > 2 else " and ")) + parts[-1]


def both(draw: Draw, parts: Sequence[str]) -> str:
    """Several things that are each meant for a call of its own."""
    return draw.any(_BOTH).format(*parts) if len(parts) == 2 else together(draw, parts)


def different(draw: Draw, make: Callable[[Draw], Any], count: int) -> list[Any]:
    """`count` values, no two the same."""
    values: list[Any] = []
    while len(values) < count:
        value = make(draw)
        if value not in values:
            values.append(value)
    return values


def called(calls: list[ToolCall], first: int = 1) -> Message:
    """The assistant's turn that calls, as it stands in a history."""
    return {
        "role": "assistant",
        "content": "",
        "tool_calls": [
            {
                "id": f"call_{first + position}",
                "type": "function",
                "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
            }
            for position, call in enumerate(calls)
        ],
    }


def results(contents: list[str], first: int = 1) -> list[Message]:
    """The tools' turns after that."""
    return [
        {"role": "tool", "tool_call_id": f"call_{first + position}", "content": content}
        for position, content in enumerate(contents)
    ]


def right_calls(expected: list[ToolCall]) -> Callable[[Answer], bool]:
    """A judge: the same calls with the same arguments, in any order."""

    def accepts(given: Answer) -> bool:
        return sorted(map(_plain, given.calls)) == sorted(map(_plain, expected))

    return accepts


def _plain(call: ToolCall) -> str:
    arguments = {key: float(v) if type(v) is int else v for key, v in call.arguments.items()}
    return json.dumps([call.name, arguments], sort_keys=True)
