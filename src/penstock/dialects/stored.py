"""What the endpoints of stored objects have in common: metadata, pages, and how their bodies are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta

from penstock.core.errors import InvalidRequest
from penstock.dialects import mismatch
from penstock.dialects.body import members
from penstock.dialects.chat.messages import WireObject
from penstock.settings import Limits

MOST_PAIRS: Final = 16
LONGEST_KEY: Final = 64
LONGEST_VALUE: Final = 512

MetadataKey = Annotated[str, Meta(max_length=LONGEST_KEY)]
MetadataValue = Annotated[str, Meta(max_length=LONGEST_VALUE)]
Metadata = Annotated[dict[MetadataKey, MetadataValue], Meta(max_length=MOST_PAIRS)]


class UpdateMetadata(WireObject):
    """The new metadata of a stored object, instead of all that it had; null: none."""

    metadata: Metadata | None


Wire = TypeVar("Wire", bound=WireObject)


def read(body: bytes, limits: Limits, kind: type[Wire]) -> Wire:
    """The request in `body`, which may have the fields of `kind` alone. Raises InvalidRequest."""
    found = members(body, limits)
    try:
        wire = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise mismatch.explain(error, found, msgspec.inspect.type_info(kind)) from None
    unknown = next((name for name in found if name not in kind.__struct_fields__), None)
    if unknown is not None:
        raise InvalidRequest(
            f"'{unknown[:64]}' is no parameter of this endpoint; it has {', '.join(kind.__struct_fields__)}.",
            param=unknown[:64],
            code="unknown_parameter",
        )
    return wire


def page(data: Sequence[Mapping[str, Any]], *, more: bool) -> dict[str, Any]:
    """A list in the official envelope. The ids of an empty one are empty: the official schemas allow no null there."""
    return {
        "object": "list",
        "data": data,
        "first_id": data[0]["id"] if data else "",
        "last_id": data[-1]["id"] if data else "",
        "has_more": more,
    }
