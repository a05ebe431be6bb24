"""What of a response its client sees: reasoning that only its vendor can read is kept, and shown where asked for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

import msgspec

from penstock.dialects.responses.events import Event

ENCRYPTED: Final = "reasoning.encrypted_content"
"""What `include` holds where it is to be shown."""

_MARK: Final = b'"encrypted_content"'


def shown(response: bytes, include: Collection[str]) -> bytes:
    """The JSON of a response as a client that asked for `include` sees it."""
    if ENCRYPTED in include or _MARK not in response:
        return response
    return msgspec.json.encode(_without(msgspec.json.decode(response)))


def shown_events(events: list[Event], include: Collection[str]) -> list[Event]:
    """Events of a stream as such a client sees them."""
    if ENCRYPTED in include:
        return events
    return [
        Event(event.type, msgspec.json.encode(_without(msgspec.json.decode(event.data))))
        if _MARK in event.data
        else event
        for event in events
    ]


def _without(value: dict[str, Any]) -> dict[str, Any]:
    """An event or a response without the encrypted content of its reasoning items, changed in place."""
    response = value.get("response", value)
    for item in (*response.get("output", ()), value.get("item")):
        if isinstance(item, dict) and item.get("type") == "reasoning":
            item.pop("encrypted_content", None)
    return value
