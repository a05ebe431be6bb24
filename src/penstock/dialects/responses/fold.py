"""What a client knows of a response from the events that it got: the way back from a stream to its response."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

_LIFECYCLE: Final = frozenset(
    f"response.{name}" for name in ("created", "queued", "in_progress", "completed", "incomplete", "failed")
)
_ENDS: Final = ("completed", "incomplete", "failed", "cancelled")

# The texts that grow: how the names of their events begin, the list of the item that they are in (with the member of
# the event that counts it), and the member that holds them.
_TEXTS: Final[dict[str, tuple[str | None, str, str]]] = {
    "response.output_text": ("content", "content_index", "text"),
    "response.refusal": ("content", "content_index", "refusal"),
    "response.reasoning_text": ("content", "content_index", "text"),
    "response.reasoning": ("content", "content_index", "text"),
    "response.reasoning_summary_text": ("summary", "summary_index", "text"),
    "response.function_call_arguments": (None, "", "arguments"),
    "response.mcp_call_arguments": (None, "", "arguments"),
    "response.custom_tool_call_input": (None, "", "input"),
    "response.code_interpreter_call_code": (None, "", "code"),
}
_PART_TYPES: Final = {
    "response.output_text": "output_text",
    "response.refusal": "refusal",
    "response.reasoning_text": "reasoning_text",
    "response.reasoning": "reasoning_text",
    "response.reasoning_summary_text": "summary_text",
}
_NEVER_INCOMPLETE: Final = ("web_search_call", "image_generation_call")  # they end, or they fail

_Place = tuple[int, str | None, int]


class Fold:
    """Follows the events of one response; what is no event of a response changes nothing.

    Texts are kept in pieces until they are asked for, so that long ones cost no more than their length.
    """

    def __init__(self, resource: Mapping[str, Any]) -> None:
        self._response = dict(resource)
        self._items: dict[int, dict[str, Any]] = {}
        self._done: set[int] = set()
        self._pieces: dict[_Place, tuple[dict[str, Any], str, list[str]]] = {}
        self._error: dict[str, Any] | None = None

    def add(self, data: bytes) -> None:
        """Takes the JSON of one event."""
        event = msgspec.json.decode(data)
        type = event.get("type") if isinstance(event, dict) else None
        if not isinstance(type, str):
            return
        if type in _LIFECYCLE:
            self._replace(event.get("response"))
        elif type == "error":
            self._error = event["error"] if isinstance(event.get("error"), dict) else event
        elif isinstance(event.get("output_index"), int):
            self._change(type, event, event["output_index"])

    def items(self) -> list[dict[str, Any]]:
        """The output as it stands; later events change it."""
        for container, member, pieces in self._pieces.values():
            if len(pieces) > 1:
                pieces[:] = ["".join(pieces)]
            container[member] = pieces[0]
        return [self._items[index] for index in sorted(self._items)]

    def response(self) -> dict[str, Any]:
        """The response as far as it is known."""
        output = self.items()
        return {**self._response, "output": output, "output_text": output_text(output)}

    def broken_off(self) -> dict[str, Any]:
        """The response where no more events come: what had not ended is incomplete, or failed after an error."""
        response = self.response()
        if response.get("status") in _ENDS:
            return response
        if self._error is not None:
            error = {"code": self._error.get("code") or "server_error", "message": self._error.get("message") or ""}
            return {**response, "output": self.unfinished(), "status": "failed", "error": error}
        return {**response, "output": self.unfinished(), "status": "incomplete"}

    def unfinished(self) -> list[dict[str, Any]]:
        """The output where nothing more comes: items that had not ended are incomplete."""
        self.items()
        return [
            item
            if index in self._done
            else {**item, "status": "failed" if item.get("type") in _NEVER_INCOMPLETE else "incomplete"}
            for index, item in sorted(self._items.items())
        ]

    def _replace(self, response: Any) -> None:
        if not isinstance(response, dict):
            return
        self._response = response
        output = response.get("output")
        if output or response.get("status") in _ENDS:
            items = output if isinstance(output, list) else []
            self._items = dict(enumerate(item for item in items if isinstance(item, dict)))
            self._done = set(self._items)
            self._pieces.clear()

    def _change(self, type: str, event: dict[str, Any], index: int) -> None:
        name, _, what = type.rpartition(".")
        if type in ("response.output_item.added", "response.output_item.done"):
            if isinstance(event.get("item"), dict):
                self._items[index] = event["item"]
                self._forget(index)
                if what == "done":
                    self._done.add(index)
            return
        item = self._items.get(index)
        if item is None:
            return
        if name in _TEXTS and what in ("delta", "done"):
            self._text(item, index, name, what, event)
        elif name in ("response.content_part", "response.reasoning_summary_part"):
            self._part(item, index, "content" if name == "response.content_part" else "summary", event)
        elif type == "response.output_text.annotation.added":
            part = _at(item, "content", _number(event, "content_index"), "output_text")
            _list(part, "annotations").append(event.get("annotation"))
        elif name.endswith("_call") and "status" in item:
            item["status"] = what

    def _text(self, item: dict[str, Any], index: int, name: str, what: str, event: dict[str, Any]) -> None:
        within, counter, member = _TEXTS[name]
        number = _number(event, counter)
        place = (index, within, number)
        known = self._pieces.get(place)
        if known is None or what == "done":
            part = item if within is None else _at(item, within, number, _PART_TYPES[name])
            before = part.get(member)
            known = self._pieces[place] = (part, member, [before if isinstance(before, str) else ""])
        part, _, pieces = known
        said = event.get("delta" if what == "delta" else member)
        if isinstance(said, str):
            if what == "done":
                pieces.clear()
            pieces.append(said)
        logprobs = event.get("logprobs")
        if isinstance(logprobs, list) and (logprobs or what == "done"):
            if what == "done":
                part["logprobs"] = []
            _list(part, "logprobs").extend(logprobs)

    def _part(self, item: dict[str, Any], index: int, within: str, event: dict[str, Any]) -> None:
        number = _number(event, "content_index" if within == "content" else "summary_index")
        if isinstance(event.get("part"), dict):
            part = _at(item, within, number, "")
            # OpenAI leaves the logprobs out of a part that is done, though its text had some.
            kept = {name: part[name] for name in ("annotations", "logprobs") if part.get(name)}
            part.clear()
            part.update(event["part"])
            part.update({name: known for name, known in kept.items() if not part.get(name)})
            self._pieces.pop((index, within, number), None)

    def _forget(self, index: int) -> None:
        for place in [place for place in self._pieces if place[0] == index]:
            del self._pieces[place]


def fold(resource: Mapping[str, Any], events: Iterable[bytes]) -> dict[str, Any]:
    """The response that `events`, the JSON of each in the order of their numbers, tell of; `resource` is the response
    before the first of them. Where the last one is no end, what had not ended is incomplete, as is the response; after
    an `error` event it has failed."""
    folding = Fold(resource)
    for data in events:
        folding.add(data)
    return folding.broken_off()


def output_text(output: Iterable[Mapping[str, Any]]) -> str:
    """The text of all messages of an output, one after another."""
    return "".join(
        part["text"]
        for item in output
        if item.get("type") == "message" and isinstance(item.get("content"), list)
        for part in item["content"]
        if isinstance(part, dict) and part.get("type") == "output_text" and isinstance(part.get("text"), str)
    )


def _at(item: dict[str, Any], within: str, number: int, type: str) -> dict[str, Any]:
    """The part with that number in a list of `item`; a new one at the list's end where it has none."""
    parts = _list(item, within)
    if number < len(parts) and isinstance(parts[number], dict):
        found: dict[str, Any] = parts[number]
        return found
    part: dict[str, Any] = {"type": type}
    if type == "output_text":
        part |= {"annotations": [], "logprobs": []}
    parts.append(part)
    return part


def _list(value: dict[str, Any], member: str) -> list[Any]:
    if not isinstance(value.get(member), list):
        value[member] = []
    found: list[Any] = value[member]
    return found


def _number(event: dict[str, Any], member: str) -> int:
    number = event.get(member)
    return number if isinstance(number, int) and number > 0 else 0
