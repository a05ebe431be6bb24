"""Events of a streamed response, numbered in the order in which they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final, NamedTuple

import msgspec

_PAD: Final = 16  # a delta and its padding have a multiple of so many bytes, as at OpenAI

_encode = msgspec.json.Encoder().encode


class Event(NamedTuple):
    """One event; `data` is its JSON, which begins with `type` and `sequence_number`."""

    type: str
    data: bytes


class Deltas:
    """Writes the events of one growing text; `place` says which text it is. All but the delta is encoded once."""

    __slots__ = ("_head", "_logprobs", "_place", "type")

    def __init__(self, type: str, place: Mapping[str, Any], *, logprobs: bool) -> None:
        self.type = type
        self._head = b'{"type":' + _encode(type) + b',"sequence_number":'
        self._place = b"," + _encode(place)[1:-1] + b',"delta":'
        self._logprobs = b',"logprobs":[]' if logprobs else b""

    def event(self, number: int, delta: str, logprobs: list[Any] | None, ends: tuple[bytes, ...]) -> Event:
        """The event of one delta; `ends` holds the end of its JSON for each length of the delta modulo 16."""
        text = _encode(delta)
        more = b',"logprobs":' + _encode(logprobs) if logprobs else self._logprobs
        end = ends[len(text) % _PAD]
        return Event(self.type, b"%b%d%b%b%b%b" % (self._head, number, self._place, text, more, end))


class Sender:
    """Numbers the events of one response from 0, and holds them until they are taken.

    `padding` is text of a-z, A-Z, 0-9 to fill every delta event up with, as `obfuscation`, so that sizes on the wire
    tell little of the text; "" for none.
    """

    def __init__(self, padding: str = "") -> None:
        self.quiet = False
        """nothing is sent: the response is answered whole"""
        self._number = 0
        self._events: list[Event] = []
        self._padding = padding

    @cached_property
    def _ends(self) -> tuple[bytes, ...]:
        pad = self._padding.encode() * _PAD
        return tuple(b',"obfuscation":"%b"}' % pad[:size] if pad else b"}" for size in range(_PAD, 0, -1))

    def send(self, type: str, members: Callable[[], Mapping[str, Any]]) -> None:
        """One event with what `members` gives beside its type and number."""
        if not self.quiet:
            self.add(Event(type, _encode({"type": type, "sequence_number": self._number, **members()})))

    def delta(self, deltas: Deltas, text: str, logprobs: list[Any] | None = None) -> None:
        """One event that says what is new of a text."""
        if not self.quiet:
            self.add(deltas.event(self._number, text, logprobs, self._ends))

    def add(self, event: Event) -> None:
        """One event that has the next number already."""
        self._events.append(event)
        self._number += 1

    @property
    def number(self) -> int:
        """The number of the next event."""
        return self._number

    def take(self) -> list[Event]:
        """The events since the last time."""
        events, self._events = self._events, []
        return events
