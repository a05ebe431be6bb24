"""Stored objects as calls leave them, and what of them is in the database, for the tests of what keeps them."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Raw
from tests.store.backends import ask

from penstock.store.database import Database
from penstock.store.objects import StoredObject

START = 1_790_000_000_000_000

TABLES = ("stored", "stored_labels", "blobs", "conversation_items")


def raw(value: Any) -> Raw:
    """The JSON of an item."""
    return Raw(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


def message(id: str, text: str = "hi") -> Raw:
    """An input item with an id."""
    return raw({"type": "message", "id": id, "role": "user", "content": [{"type": "input_text", "text": text}]})


def an_object(number: int, **fields: Any) -> StoredObject:
    """Response `number`, a millisecond after the one before."""
    given = {"id": f"resp_{number:08d}", "project_id": "proj_1", "kind": "response", "created": START + number * 1000}
    return StoredObject(**given | fields)


def plain(stored: StoredObject) -> dict[str, Any]:
    """Its fields, with the JSON of items as bytes: two `Raw` are equal only where they are one."""
    fields = {name: getattr(stored, name) for name in stored.__struct_fields__}
    return fields | {name: [bytes(item) for item in fields[name]] for name in ("input", "output")}


async def blobs(database: Database) -> dict[tuple[str, int], int]:
    """How many blobs there are of each project and number of references."""
    rows = await ask(database, "SELECT project_id, refs, count(*) FROM blobs GROUP BY project_id, refs")
    return {(project, refs): number for project, refs, number in rows}


async def rows(database: Database) -> dict[str, int]:
    """How many rows each table of stored objects has; tables without any are left out."""
    counts = {table: (await ask(database, f"SELECT count(*) FROM {table}"))[0][0] for table in TABLES}  # noqa: S608
    return {table: count for table, count in counts.items() if count}
