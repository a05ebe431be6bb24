"""The output of a response from a vendor that has responses itself: its own items and events, under our numbers."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from penstock.core.errors import UpstreamBroke
from penstock.core.usage import Usage
from penstock.dialects.responses.events import Event, Sender
from penstock.dialects.responses.fold import Fold
from penstock.dialects.responses.items_out import OPEN_REASONING, REASONING, Kind
from penstock.dialects.responses.usage import usage_object

_MOST_BYTES: Final = 64 * 1024 * 1024
"""Events that one answer may have, in bytes."""

# Ours are sent in their place: when the stream begins, and when all is known.
_BEGINNINGS: Final = frozenset({"response.created", "response.queued", "response.in_progress"})
_ENDS: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
_THEIRS: Final = ("moderation", "tool_usage")
"""What only the vendor can know of the answer, beside its output."""

_read_members = msgspec.json.Decoder(dict[str, Raw]).decode
_read_type = msgspec.json.Decoder(str).decode


class NativeOutput:
    """Passes events on and knows the output that they make; ids of items stay the vendor's, which may need them."""

    def __init__(self, sender: Sender, response_id: str, *, reasoning: Kind) -> None:
        self._sender = sender
        self._response_id = Raw(msgspec.json.encode(response_id))
        other = REASONING if reasoning is OPEN_REASONING else OPEN_REASONING
        self._names = {f"{other.event}.{what}": f"{reasoning.event}.{what}" for what in ("delta", "done")}
        self._fold = Fold({})
        self._waiting: list[bytes] = []  # events that are not folded yet: most answers never need it
        self._final: dict[str, Any] | None = None
        self._left = _MOST_BYTES

    def event(self, data: bytes) -> None:
        """Takes one event of the vendor's. Raises UpstreamBroke where the answer grows over 64 MiB of events."""
        self._left -= len(data)
        if self._left < 0:
            raise UpstreamBroke(f"the streamed answer is larger than {_MOST_BYTES} bytes")
        members = _read_members(data)
        type = _read_type(members.pop("type"))
        if type in _BEGINNINGS:
            return
        if type in _ENDS:
            self._final = msgspec.json.decode(members["response"], type=dict[str, Any])
            return
        type = self._names.get(type, type)
        members.pop("sequence_number", None)
        if "response_id" in members:
            members["response_id"] = self._response_id
        numbered = {"type": type, "sequence_number": self._sender.number, **members}
        ours = msgspec.json.encode(numbered)
        self._waiting.append(ours)
        self._sender.add(Event(type, ours))

    def whole(self, answer: bytes) -> None:
        """Takes a whole response of the vendor's."""
        self._final = msgspec.json.decode(answer, type=dict[str, Any])

    def items(self) -> list[dict[str, Any]]:
        """The output as it stands."""
        if self._final is not None and self._final.get("output"):
            output: list[dict[str, Any]] = self._final["output"]
            return output
        return self._folded().items()

    def unfinished(self) -> list[dict[str, Any]]:
        """The output where nothing more comes."""
        return self.items() if self._final is not None else self._folded().unfinished()

    def outcome(self, usage: Usage | None) -> dict[str, Any]:
        """How the answer ended, as members of the response."""
        final = self._final or {}
        status = final.get("status")
        ended: dict[str, Any] = {
            "status": status if status in ("completed", "incomplete") else "completed",
            "incomplete_details": final.get("incomplete_details"),
            "usage": usage_object(usage, final.get("usage")) if usage is not None else None,
        }
        if isinstance(final.get("service_tier"), str):
            ended["service_tier"] = final["service_tier"]
        return ended | {name: final[name] for name in _THEIRS if final.get(name) is not None}

    def _folded(self) -> Fold:
        for data in self._waiting:
            self._fold.add(data)
        self._waiting.clear()
        return self._fold
