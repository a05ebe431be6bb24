"""The items of conversations, in the order in which they came. Every query names the project that owns them.

A conversation is a stored object; where that is gone or past its time, so are its items.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Raw
from sqlalchemy import Row, Select, delete, exists, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ColumnElement

from penstock.core.errors import InvalidRequest, NotFound
from penstock.store.content import Blobs, Changes, Packer, chunks, read, refer, split, unpack_items
from penstock.store.database import Database
from penstock.store.errors import UnknownCursor
from penstock.store.schema import conversation_items, stored
from penstock.store.stored_object import StoredObject, alive

MOST_ITEMS = 10_000
"""Items of one conversation that are read at once."""

_table = conversation_items.c


class NewItem(msgspec.Struct, frozen=True):
    """An item to be appended to a conversation: its JSON, with its "id" inside."""

    conversation_id: str
    project_id: str
    item: Raw


def turn(response: StoredObject) -> list[NewItem]:
    """What `response` adds to its conversation now that it has ended: where it failed or was cancelled, nothing."""
    if response.conversation is None or response.status not in ("completed", "incomplete"):
        return []
    return [NewItem(response.conversation, response.project_id, raw) for raw in (*response.input, *response.output)]


class _Id(msgspec.Struct):
    id: str


_decode_id = msgspec.json.Decoder(_Id).decode


async def add_items(database: Database, project_id: str, conversation_id: str, items: Sequence[Raw]) -> None:
    """Appends `items`, in their order; one whose id is there already takes the place of that one.

    Raises NotFound where there is no such conversation, ValueError where an item has no id, DatabaseError.
    """
    packer = Packer()
    rows = pack([NewItem(conversation_id, project_id, item) for item in items], packer)
    async with database.write() as connection:
        if not await connection.scalar(select(_there(project_id, conversation_id))):
            raise NotFound(f"Conversation with id '{conversation_id}' not found.")
        changes: Changes = Counter()
        await append(connection, rows, changes)
        await refer(connection, changes, packer)


async def items(
    database: Database,
    project_id: str,
    conversation_id: str,
    *,
    after: str | None = None,
    limit: int = 20,
    descending: bool = True,
) -> list[Raw]:
    """Up to `limit` items after the one with the id `after`, newest first where `descending`.

    Raises UnknownCursor where `after` is no item of this conversation, DatabaseError.
    """
    query = _select(project_id, conversation_id)
    if after is not None:
        async with database.read() as connection:
            position = await connection.scalar(query.with_only_columns(_table.position).where(_table.item_id == after))
        if position is None:
            raise UnknownCursor(after)
        query = query.where(_table.position < position if descending else _table.position > position)
    query = query.order_by(_table.position.desc() if descending else _table.position).limit(limit)
    return _items(*await read(database, project_id, query))


async def all_items(database: Database, project_id: str, conversation_id: str) -> list[Raw]:
    """Every item, oldest first. Raises InvalidRequest where they are more than MOST_ITEMS, DatabaseError."""
    query = _select(project_id, conversation_id).order_by(_table.position).limit(MOST_ITEMS + 1)
    rows, contents = await read(database, project_id, query)
    if len(rows) > MOST_ITEMS:
        raise InvalidRequest(
            f"the conversation '{conversation_id}' has more than {MOST_ITEMS} items, too many to be continued; "
            f"delete some or begin another",
            param="conversation",
        )
    return _items(rows, contents)


async def item(database: Database, project_id: str, conversation_id: str, item_id: str) -> Raw | None:
    """The item, None where it is not there. Raises DatabaseError."""
    query = _select(project_id, conversation_id).where(_table.item_id == item_id)
    found = _items(*await read(database, project_id, query))
    return found[0] if found else None


async def delete_item(database: Database, project_id: str, conversation_id: str, item_id: str) -> bool:
    """Deletes the item; whether it was there. Raises DatabaseError."""
    async with database.write() as connection:
        query = _select(project_id, conversation_id).where(_table.item_id == item_id)
        row = (await connection.execute(query)).one_or_none()
        if row is None:
            return False
        where = (*_of(project_id, conversation_id), _table.item_id == item_id)
        await connection.execute(delete(conversation_items).where(*where))
        await refer(connection, Counter({(project_id, digest): -1 for digest in split(row.hashes)}), Packer())
        return True


def pack(new: Sequence[NewItem], packer: Packer) -> list[dict[str, Any]]:
    """The rows of `new`, but for their positions; of two items with one id in one conversation the last counts.

    Raises ValueError where an item has no id.
    """
    rows = {}
    for given in new:
        hashes: dict[bytes, int] = {}
        packed = packer.items([given.item], hashes)
        item_id = _decode_id(given.item).id
        rows[given.project_id, given.conversation_id, item_id] = {
            "project_id": given.project_id,
            "conversation_id": given.conversation_id,
            "item_id": item_id,
            "hashes": b"".join(hashes),
            "item": packed,
        }
    return list(rows.values())


async def append(connection: AsyncConnection, rows: Sequence[dict[str, Any]], changes: Changes) -> None:
    """Inside a write: puts in what `pack` made, and adds to `changes` what that changes of blobs.

    Items of a conversation that is gone are left out: they go with it.
    """
    together: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        together[row["project_id"], row["conversation_id"]].append(row)
    for (project_id, conversation_id), its in together.items():
        if not await connection.scalar(select(_there(project_id, conversation_id))):
            continue
        of_it = _of(project_id, conversation_id)
        old: dict[str, Row[Any]] = {}
        for ids in chunks([row["item_id"] for row in its]):
            query = select(_table.item_id, _table.position, _table.hashes).where(*of_it, _table.item_id.in_(ids))
            old.update({row.item_id: row for row in await connection.execute(query)})
        last = await connection.scalar(select(func.max(_table.position)).where(*of_it)) or 0
        new = []
        for row in its:
            for digest in split(row["hashes"]):
                changes[project_id, digest] += 1
            if (was := old.get(row["item_id"])) is None:
                last += 1
                new.append({**row, "position": last})
                continue
            for digest in split(was.hashes):
                changes[project_id, digest] -= 1
            place = (*of_it, _table.position == was.position)
            await connection.execute(
                update(conversation_items).where(*place).values(hashes=row["hashes"], item=row["item"])
            )
        if new:
            await connection.execute(insert(conversation_items), new)


async def remove_all(connection: AsyncConnection, project_id: str, conversation_id: str, changes: Changes) -> None:
    """Inside a write: deletes every item, and takes from `changes` the blobs that they needed."""
    of_it = _of(project_id, conversation_id)
    query = select(_table.hashes, func.count()).where(*of_it, _table.hashes != b"").group_by(_table.hashes)
    for hashes, count in await connection.execute(query):
        for digest in split(hashes):
            changes[project_id, digest] -= count
    await connection.execute(delete(conversation_items).where(*of_it))


def _of(project_id: str, conversation_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _table.project_id == project_id, _table.conversation_id == conversation_id


def _there(project_id: str, conversation_id: str) -> ColumnElement[bool]:
    where = (stored.c.project_id == project_id, stored.c.kind == "conversation", stored.c.id == conversation_id)
    return exists().where(*where, alive())


def _select(project_id: str, conversation_id: str) -> Select[Any]:
    of_it = _of(project_id, conversation_id)
    return select(_table.item, _table.hashes).where(*of_it, _there(project_id, conversation_id))


def _items(rows: Sequence[Row[Any]], contents: Blobs) -> list[Raw]:
    return [item for row in rows for item in unpack_items(row.item, row.hashes, contents)]
