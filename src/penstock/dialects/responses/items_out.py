"""Output items of a response as they grow, and how chat says what they hold."""

from __future__ import annotations

from functools import cached_property
from typing import Any, Final, NamedTuple

import msgspec

from penstock.dialects.responses.events import Deltas


class Kind(NamedTuple):
    """A kind of content part: its type, the type of the item that it is in, how its events' names begin, and the
    member of it and of its last event that holds the text."""

    part: str
    item: str
    event: str
    member: str


TEXT: Final = Kind("output_text", "message", "response.output_text", "text")
REFUSAL: Final = Kind("refusal", "message", "response.refusal", "refusal")
REASONING: Final = Kind("reasoning_text", "reasoning", "response.reasoning_text", "text")
OPEN_REASONING: Final = REASONING._replace(event="response.reasoning")
"""What Open Responses calls the events of reasoning text."""


PREFIXES: Final = {"message": "msg_", "reasoning": "rs_", "function_call": "fc_", "custom_tool_call": "ctc_"}
"""How the ids of items begin, by type."""


class Part:
    """A content part of a message or of reasoning, at `index` of its content."""

    def __init__(self, kind: Kind, item: str, output_index: int, index: int) -> None:
        self.kind = kind
        self.place = {"item_id": item, "output_index": output_index, "content_index": index}
        self.pieces: list[str] = []
        self.logprobs: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []

    @cached_property
    def deltas(self) -> Deltas:
        """The events of its text."""
        return Deltas(f"{self.kind.event}.delta", self.place, logprobs=self.kind is TEXT)

    def value(self) -> dict[str, Any]:
        """The part as it stands."""
        text = "".join(self.pieces)
        if self.kind is TEXT:
            lists = {"annotations": list(self.annotations), "logprobs": list(self.logprobs)}
            return {"type": "output_text", **lists, "text": text}
        return {"type": self.kind.part, self.kind.member: text}

    def done(self) -> dict[str, Any]:
        """What the last event of its text says."""
        said = {**self.place, self.kind.member: "".join(self.pieces)}
        return {**said, "logprobs": list(self.logprobs)} if self.kind is TEXT else said


class Spoken:
    """A message or a reasoning item. Of its parts the last one is open as long as the item is."""

    def __init__(self, type: str, id: str, index: int) -> None:
        self.type = type
        self.id = id
        self.index = index
        self.status = "in_progress"
        self.parts: list[Part] = []

    def begin(self, kind: Kind) -> Part:
        """A new part at the end."""
        part = Part(kind, self.id, self.index, len(self.parts))
        self.parts.append(part)
        return part

    def value(self) -> dict[str, Any]:
        """The item as it stands."""
        content = [part.value() for part in self.parts]
        if self.type == "message":
            return {
                "id": self.id,
                "type": "message",
                "status": self.status,
                "content": content,
                "role": "assistant",
            }
        return {"id": self.id, "type": "reasoning", "status": self.status, "summary": [], "content": content}


class Called:
    """A call of a function or of a custom tool."""

    def __init__(self, custom: bool, id: str, index: int, call_id: str, name: str) -> None:
        self.type = "custom_tool_call" if custom else "function_call"
        self.member = "input" if custom else "arguments"
        self.event = "response.custom_tool_call_input" if custom else "response.function_call_arguments"
        self.id = id
        self.index = index
        self.status = "in_progress"
        self.place = {"item_id": id, "output_index": index}
        self.pieces: list[str] = []
        self._call_id = call_id
        self._name = name

    @cached_property
    def deltas(self) -> Deltas:
        """The events of its input."""
        return Deltas(f"{self.event}.delta", self.place, logprobs=False)

    @property
    def is_whole(self) -> bool:
        """Whether nothing can follow: the arguments of a function are a whole JSON object. Others may always go on."""
        text = "".join(self.pieces)
        if self.type == "custom_tool_call" or text.lstrip()[:1] != "{":
            return False
        try:
            msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError):
            return False
        return True

    def value(self) -> dict[str, Any]:
        """The item as it stands."""
        return {
            "id": self.id,
            "type": self.type,
            "status": self.status,
            self.member: "".join(self.pieces),
            "call_id": self._call_id,
            "name": self._name,
        }

    def done(self) -> dict[str, Any]:
        """What the last event of its input says."""
        name = {"name": self._name} if self.type == "function_call" else {}
        return {**self.place, **name, self.member: "".join(self.pieces)}


def annotation(value: dict[str, Any]) -> dict[str, Any]:
    """An annotation of chat, which keeps its members in an object of its own, as responses have it: flat."""
    kind = value.get("type")
    inner = value.get(kind) if isinstance(kind, str) else None
    flat = {"type": kind, **inner} if isinstance(inner, dict) else dict(value)
    if kind == "url_citation":  # some vendors tell the address alone
        flat = {"url": "", "title": "", "start_index": 0, "end_index": 0} | {
            name: member for name, member in flat.items() if member is not None
        }
    return flat


def logprob(entry: dict[str, Any]) -> dict[str, Any]:
    """A logprob of chat as responses have it: no list in it is null or absent."""
    top = [_token(each) for each in entry.get("top_logprobs") or () if isinstance(each, dict)]
    return {**_token(entry), "top_logprobs": top}


def of_text(entries: list[dict[str, Any]], text: str) -> list[dict[str, Any]]:
    """Those of `entries` that make up `text`, as some vendors tell those of reasoning and of tool calls too; all of
    them where the tokens do not add up to it."""
    tokens = [str(entry.get("token", "")) for entry in entries]
    joined = "".join(tokens)
    if not text or joined == text:
        return entries
    starts: dict[int, int] = {}
    at = 0
    for number, token in enumerate(tokens):
        starts.setdefault(at, number)
        at += len(token)
    starts.setdefault(at, len(tokens))
    found = joined.rfind(text)
    first, last = starts.get(found), starts.get(found + len(text))
    return entries if first is None or last is None else entries[first:last]


def _token(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "bytes": entry.get("bytes") or []}
