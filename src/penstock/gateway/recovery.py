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


class _Typed(msgspec.Struct):
    type: str


def cut_short(begun: StoredObject, events: list[bytes]) -> StoredObject:
    """`begun`, with what `events` add to it: failed where it ran in the background, else incomplete."""
    if begun.kind != "response":
        return begun
    resource: dict[str, Any] = msgspec.json.decode(begun.body)
    response = fold(resource | {"output": []}, events)
    if response.get("background") and not (events and msgspec.json.decode(events[-1], type=_Typed).type in _ENDS):
        response["status"], response["error"] = "failed", response_error(Unavailable(_LOST))
    shown = {name: value for name, value in response.items() if name != "output"}
    return msgspec.structs.replace(
        begun,
        status=response["status"],
        output=[Raw(msgspec.json.encode(item)) for item in response["output"]],
        body=msgspec.json.encode(shown),
        events=b"[" + b",".join(events) + b"]" if events else None,
    )
