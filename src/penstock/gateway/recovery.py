"""What is kept of a response whose process died: all that was received, and that there is no more."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from penstock.core.errors import Unavailable
from penstock.dialects.responses.failure import response_error
from penstock.dialects.responses.fold import fold
from penstock.store.objects import StoredObject

_ENDS: Final = ("response.completed", "response.incomplete", "response.failed")
_LOST: Final = "the server ended before this response was whole; what was received until then is in it"


class _Head(msgspec.Struct):
    type: str
    sequence_number: int


def cut_short(begun: StoredObject, events: list[bytes]) -> StoredObject:
    """`begun`, with what `events` add to it: failed where it ran in the background, else incomplete.

    Whoever joins its stream again is told so by an event of the end.
    """
    if begun.kind != "response":
        return begun
    resource: dict[str, Any] = msgspec.json.decode(begun.body)
    response = fold(resource | {"output": []}, events)
    last = msgspec.json.decode(events[-1], type=_Head) if events else None
    ended = last is not None and last.type in _ENDS
    if response.get("background") and not ended:
        response["status"], response["error"] = "failed", response_error(Unavailable(_LOST))
    if last is not None and not ended:
        events = [*events, _end(response, last.sequence_number + 1)]
    shown = {name: value for name, value in response.items() if name != "output"}
    return msgspec.structs.replace(
        begun,
        status=response["status"],
        output=[Raw(msgspec.json.encode(item)) for item in response["output"]],
        body=msgspec.json.encode(shown),
        events=b"[" + b",".join(events) + b"]" if events else None,
    )


def _end(response: dict[str, Any], number: int) -> bytes:
    name = "failed" if response["status"] == "failed" else "incomplete"
    return msgspec.json.encode({"type": f"response.{name}", "sequence_number": number, "response": response})
