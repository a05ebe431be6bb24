"""A stored object as the value that it is, and as the row that the database holds."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec
from msgspec import Raw
from sqlalchemy import Row, or_
from sqlalchemy.sql import ColumnElement

from penstock.store.content import Blobs, Packer, unpack, unpack_items
from penstock.store.schema import stored

Kind = Literal["response", "completion", "conversation"]


class StoredObject(msgspec.Struct, kw_only=True):
    """A response, a chat completion or a conversation. Times are Unix microseconds.

    `id` sorts by time (core.ids), for a list is in the order of ids. `status` is that of a response: queued,
    in_progress, completed, incomplete, failed, cancelled. `input` holds the JSON of each input item or message,
    `output` of each output item (a completion has none), `body` of the object itself without what the other fields
    hold; `events` is a JSON array of the events that were sent, in their order, None where there was no stream.
    """

    id: str
    project_id: str
    kind: Kind
    created: int
    model: str | None = None
    status: str = "completed"
    previous: str | None = None
    conversation: str | None = None
    expires: int | None = None  # None: never
    metadata: dict[str, str] = {}
    input: list[Raw] = []
    output: list[Raw] = []
    body: bytes = b"{}"
    events: bytes | None = None


SHORT = [
    stored.c[name]
    for name in (
        *("id", "project_id", "kind", "created", "model", "status", "previous", "conversation", "expires", "metadata"),
        "hashes",
    )
]
"""The columns without content."""

_LABEL_BYTES = 16
_decode_metadata = msgspec.json.Decoder(dict[str, str]).decode


def row_of(stored_object: StoredObject, packer: Packer) -> dict[str, Any]:
    """Its row, by column; what becomes blobs is with `packer`."""
    hashes: dict[bytes, int] = {}
    return {
        "project_id": stored_object.project_id,
        "kind": stored_object.kind,
        "id": stored_object.id,
        "created": stored_object.created,
        "expires": stored_object.expires,
        "status": stored_object.status,
        "model": stored_object.model,
        "previous": stored_object.previous,
        "conversation": stored_object.conversation,
        "metadata": json_of_metadata(stored_object.metadata),
        "body": packer.whole(stored_object.body),
        "input": packer.items(stored_object.input, hashes),
        "output": packer.items(stored_object.output, hashes),
        "events": None if stored_object.events is None else packer.whole(stored_object.events),
        "hashes": b"".join(hashes),
    }


def object_of(row: Row[Any], contents: Blobs) -> StoredObject:
    """The object of a row of SHORT and any of the packed columns; a field whose column is not there is empty."""
    columns = row._mapping
    made = StoredObject(
        id=columns["id"],
        project_id=columns["project_id"],
        kind=columns["kind"],
        created=columns["created"],
        model=columns["model"],
        status=columns["status"],
        previous=columns["previous"],
        conversation=columns["conversation"],
        expires=columns["expires"],
        metadata=_decode_metadata(columns["metadata"]),
    )
    hashes = columns["hashes"]
    if "body" in columns:
        made.body = unpack(columns["body"])
    if "input" in columns:
        made.input = unpack_items(columns["input"], hashes, contents)
    if "output" in columns:
        made.output = unpack_items(columns["output"], hashes, contents)
    if columns.get("events") is not None:
        made.events = unpack(columns["events"])
    return made


def json_of_metadata(metadata: Mapping[str, str]) -> str:
    """The column `metadata`."""
    return msgspec.json.encode(metadata).decode()


def labels_of(row: Row[Any] | Mapping[str, Any]) -> set[bytes]:
    """What a row with `kind`, `model` and `metadata` can be found by in a list."""
    columns = row._mapping if isinstance(row, Row) else row
    return labels(columns["kind"], columns["model"], _decode_metadata(columns["metadata"]))


def labels(kind: str, model: str | None, metadata: Mapping[str, str]) -> set[bytes]:
    """The label of `model` and that of each pair, among objects of `kind`."""
    named: Iterable[tuple[str, ...]] = [(kind, "metadata", key, value) for key, value in metadata.items()]
    if model is not None:
        named = [*named, (kind, "model", model)]
    # ascii() tells every two values apart, whatever characters they are of.
    return {hashlib.sha256(ascii(name).encode()).digest()[:_LABEL_BYTES] for name in named}


def alive() -> ColumnElement[bool]:
    """Of a row of `stored`: its time is not over."""
    return or_(stored.c.expires.is_(None), stored.c.expires > time.time_ns() // 1000)
