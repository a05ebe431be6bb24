"""A function call that a model was made to write as JSON, `{"name": ..., "arguments": {...}}`, read as it comes."""

from __future__ import annotations

import enum
from collections.abc import Iterable

import msgspec


class Text(msgspec.Struct, frozen=True):
    """Text that is no call."""

    text: str


class Named(msgspec.Struct, frozen=True):
    """A call of the function `name` begins."""

    name: str


class Arguments(msgspec.Struct, frozen=True):
    """A part of the JSON of its arguments."""

    text: str


class _State(enum.Enum):
    HEADER = enum.auto()
    ARGUMENTS = enum.auto()
    AFTER = enum.auto()
    TEXT = enum.auto()


class ForcedCall:
    """Cuts the text of one answer into a call; an answer that begins in any other way is text.

    The grammar puts `name` before `arguments`, and allows white space anywhere between.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._headers = {name: f'{{"name":"{name}","arguments":' for name in names}
        self._state = _State.HEADER
        self._held = ""
        self._depth = 0
        self._in_string = False
        self._escaped = False

    @property
    def called(self) -> bool:
        """Whether a call has begun."""
        return self._state in (_State.ARGUMENTS, _State.AFTER)

    def feed(self, text: str) -> list[Text | Named | Arguments]:
        """What `text` adds."""
        if self._state is _State.TEXT:
            return [Text(text)]
        if self._state is _State.ARGUMENTS:
            return self._arguments(text)
        if self._state is _State.AFTER:
            return []  # the closing brace of the object around the call
        self._held += text
        begun = "".join(self._held.split())
        for name, header in self._headers.items():
            if begun.startswith(header):
                rest = self._after(len(header))
                self._state, self._held = _State.ARGUMENTS, ""
                return [Named(name), *self._arguments(rest)]
        if any(header.startswith(begun) for header in self._headers.values()):
            return []
        self._state = _State.TEXT
        return [Text(self.close())]

    def close(self) -> str:
        """The beginning of a call that never came, at the end of the answer."""
        held, self._held = self._held, ""
        return held

    def _after(self, size: int) -> str:
        """What follows the first `size` characters of the held text that are no white space."""
        for position, character in enumerate(self._held):
            size -= not character.isspace()
            if size == 0:
                return self._held[position + 1 :]
        return ""

    def _arguments(self, text: str) -> list[Text | Named | Arguments]:
        if self._depth == 0:
            text = text.lstrip()
        for position, character in enumerate(text):
            if self._in_string:
                if self._escaped:
                    self._escaped = False
                elif character == "\\":
                    self._escaped = True
                elif character == '"':
                    self._in_string = False
            elif character == '"':
                self._in_string = True
            elif character in "{[":
                self._depth += 1
            elif character in "}]":
                self._depth -= 1
                if self._depth == 0:
                    self._state = _State.AFTER
                    return [Arguments(text[: position + 1])]
        return [Arguments(text)] if text else []
