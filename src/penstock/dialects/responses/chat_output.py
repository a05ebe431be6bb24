"""The output of a response from a chat completion, whole or in chunks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import msgspec

from penstock.core.errors import UpstreamBroke
from penstock.dialects.responses.events import Sender
from penstock.dialects.responses.items_out import (
    PREFIXES,
    REFUSAL,
    TEXT,
    Called,
    Kind,
    Part,
    Spoken,
    annotation,
    logprob,
    of_text,
)

_MOST_BYTES: Final = 64 * 1024 * 1024  # of chunks, as much as a whole answer may have
_LEGACY: Final = -1  # the place of the one call of `function_call`, which chat had before tools


class _Said(msgspec.Struct, gc=False):
    """A delta or a message. Vendors disagree about the types within, so that none is asked for."""

    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    annotations: Any = None
    tool_calls: Any = None
    function_call: Any = None


class _Choice(msgspec.Struct, gc=False):
    index: Any = None
    delta: _Said | None = None
    message: _Said | None = None
    logprobs: Any = None
    finish_reason: Any = None


class _Chat(msgspec.Struct, gc=False):
    """A `chat.completion` or a `chat.completion.chunk`, as far as a response has something of it."""

    choices: list[_Choice] | None = None
    service_tier: Any = None


_read = msgspec.json.Decoder(_Chat).decode


class ChatOutput:
    """Output items in the order in which they began: reasoning, then what is said, then calls of tools.

    An item ends where the next one begins, but for a call whose arguments are not whole yet: calls of several tools
    may come in turns. Of several choices the one with index 0 counts.
    """

    def __init__(self, sender: Sender, new_id: Callable[[str], str], *, reasoning: Kind, logprobs: bool) -> None:
        self.finish_reason: str | None = None
        self.service_tier: str | None = None
        self._sender = sender
        self._new_id = new_id
        self._reasoning = reasoning
        self._logprobs = logprobs
        self._items: list[Spoken | Called] = []
        self._calls: dict[int, Called] = {}  # by the index that chat gives them
        self._nameless: dict[int, dict[str, Any]] = {}  # calls whose name has not come: what they said so far
        self._left = _MOST_BYTES

    def chunk(self, data: bytes) -> None:
        """Takes one chunk. Raises UpstreamBroke where the answer grows over 64 MiB of chunks, or where a call of a
        tool goes on after its end."""
        self._left -= len(data)
        if self._left < 0:
            raise UpstreamBroke(f"the streamed answer is larger than {_MOST_BYTES} bytes")
        self._take(_read(data))

    def whole(self, answer: bytes) -> None:
        """Takes a whole chat completion."""
        self._take(_read(answer))

    def finish(self, *, cut: bool) -> None:
        """Ends every item; where the answer was `cut`, the last one and calls without all their arguments are
        incomplete. An answer that says nothing has an empty message."""
        for index in list(self._nameless):
            self._begin_call(index, "")
        if not self._items:
            self._part(TEXT)
        last = self._items[-1]
        for item in self._items:
            if item.status == "in_progress":
                half = item is last or (item.type == "function_call" and not _whole(item))
                self._end(item, "incomplete" if cut and half else "completed")

    def break_off(self) -> None:
        """Nothing more comes: what has not ended is incomplete."""
        for item in self._items:
            if item.status == "in_progress":
                item.status = "incomplete"

    def items(self) -> list[dict[str, Any]]:
        """The output as it stands."""
        return [item.value() for item in self._items]

    def _take(self, chat: _Chat) -> None:
        if isinstance(chat.service_tier, str):
            self.service_tier = chat.service_tier
        for choice in chat.choices or ():
            if choice.index:
                continue
            if choice.finish_reason and isinstance(choice.finish_reason, str):
                self.finish_reason = choice.finish_reason
            said = choice.delta or choice.message
            if said is not None:
                self._say_all(said, self._entries(choice.logprobs) if self._logprobs and choice.logprobs else [])

    def _entries(self, logprobs: Any) -> list[dict[str, Any]]:
        content = logprobs.get("content") if isinstance(logprobs, dict) else None
        return [logprob(entry) for entry in content or () if isinstance(entry, dict)]

    def _say_all(self, said: _Said, entries: list[dict[str, Any]]) -> None:
        reasoning = said.reasoning_content or said.reasoning
        if reasoning and isinstance(reasoning, str):
            self._say(self._reasoning, reasoning)
        text = said.content if isinstance(said.content, str) else ""
        if text:
            self._say(TEXT, text, of_text(entries, text) if entries else None)
        elif entries and not reasoning and not said.tool_calls and self._is_open(TEXT):
            self._say(TEXT, "", entries)  # of a token that is half a character
        for each in said.annotations or ():
            if isinstance(each, dict):
                self._annotate(annotation(each))
        if said.refusal and isinstance(said.refusal, str):
            self._say(REFUSAL, said.refusal)
        for position, call in enumerate(said.tool_calls or ()):
            if isinstance(call, dict):
                index = call.get("index")
                self._call(index if isinstance(index, int) else position, call)
        if isinstance(said.function_call, dict):
            self._call(_LEGACY, {"function": said.function_call})

    def _say(self, kind: Kind, text: str, entries: list[dict[str, Any]] | None = None) -> None:
        part = self._part(kind)
        part.pieces.append(text)
        if entries:
            part.logprobs += entries
        self._sender.delta(part.deltas, text, entries)

    def _annotate(self, value: dict[str, Any]) -> None:
        part = self._part(TEXT)
        part.annotations.append(value)
        self._sender.send(
            "response.output_text.annotation.added",
            lambda: {**part.place, "annotation_index": len(part.annotations) - 1, "annotation": value},
        )

    def _is_open(self, kind: Kind) -> bool:
        last = self._items[-1] if self._items else None
        return isinstance(last, Spoken) and last.parts[-1].kind is kind

    def _part(self, kind: Kind) -> Part:
        """The open part of that kind, which begins here unless the last words were of that kind too."""
        last = self._items[-1] if self._items else None
        if isinstance(last, Spoken) and last.type == kind.item:
            if last.parts[-1].kind is kind:
                return last.parts[-1]
            self._end_part(last.parts[-1])
        else:
            self._make_room()
            last = Spoken(kind.item, self._new_id(PREFIXES[kind.item]), len(self._items))
            self._add(last)
        part = last.begin(kind)
        self._sender.send("response.content_part.added", lambda: {**part.place, "part": part.value()})
        return part

    def _call(self, index: int, call: dict[str, Any]) -> None:
        """Takes what is new of a call of a tool."""
        custom = call.get("type") == "custom" or "custom" in call
        inner = call.get("custom" if custom else "function")
        inner = inner if isinstance(inner, dict) else {}
        name, text = inner.get("name"), inner.get("input" if custom else "arguments")
        if text is not None and not isinstance(text, str):
            text = msgspec.json.encode(text).decode()
        if index not in self._calls:
            known = self._nameless.setdefault(index, {"custom": custom, "id": None, "pieces": []})
            known["custom"] = known["custom"] or custom
            known["id"] = known["id"] or call.get("id")
            if text:
                known["pieces"].append(text)
            if name and isinstance(name, str):
                self._begin_call(index, name)
        elif text:
            self._continue_call(self._calls[index], text)

    def _begin_call(self, index: int, name: str) -> None:
        known = self._nameless.pop(index)
        self._make_room()
        id = self._new_id(PREFIXES["custom_tool_call" if known["custom"] else "function_call"])
        call_id = known["id"] if isinstance(known["id"], str) else self._new_id("call_")
        item = Called(known["custom"], id, len(self._items), call_id, name)
        self._calls[index] = item
        self._add(item)
        for text in known["pieces"]:
            self._continue_call(item, text)

    def _continue_call(self, item: Called, text: str) -> None:
        if item.status == "in_progress":
            item.pieces.append(text)
            self._sender.delta(item.deltas, text)
        elif not text.isspace():
            raise UpstreamBroke(f"the answer goes on with the call of a tool that had ended: '{text[:100]}'")

    def _add(self, item: Spoken | Called) -> None:
        self._items.append(item)
        self._sender.send("response.output_item.added", lambda: {"output_index": item.index, "item": item.value()})

    def _make_room(self) -> None:
        """Ends the last item, as another one begins."""
        for item in self._items[-1:]:
            if isinstance(item, Spoken) or item.is_whole:
                self._end(item, "completed")

    def _end_part(self, part: Part) -> None:
        self._sender.send(f"{part.kind.event}.done", part.done)
        self._sender.send("response.content_part.done", lambda: {**part.place, "part": part.value()})

    def _end(self, item: Spoken | Called, status: str) -> None:
        if isinstance(item, Spoken):
            self._end_part(item.parts[-1])
        else:
            self._sender.send(f"{item.event}.done", item.done)
        item.status = status
        self._sender.send("response.output_item.done", lambda: {"output_index": item.index, "item": item.value()})


def _whole(item: Spoken | Called) -> bool:
    return isinstance(item, Called) and item.is_whole
