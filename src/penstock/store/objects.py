"""Stored objects: responses, chat completions, conversations. Every query names the project that owns them.

An object past its time is found by none of these, whether or not `expire` took it away yet.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, bindparam, insert, select, update
from sqlalchemy import delete as delete_from
from sqlalchemy.ext.asyncio import AsyncConnection

from penstock.settings import StoredSettings
from penstock.store import conversations
from penstock.store.at_once import Statement
from penstock.store.content import Changes, Packer, chunks, counting, read, refer, split
from penstock.store.conversations import NewItem
from penstock.store.database import Database
from penstock.store.lists import chain, count, listed, walk
from penstock.store.rows_in import inserting
from penstock.store.schema import ENDING, FOLLOWED, IS_UNDER_WAY, UNASKED, UNDER_WAY, stored, stored_labels
from penstock.store.stored_object import (
    SHORT,
    Kind,
    StoredObject,
    alive,
    json_of_metadata,
    labels,
    labels_of,
    object_of,
    row_of,
)

__all__ = [
    "ENDING",
    "UNASKED",
    "UNDER_WAY",
    "Kind",
    "NewItem",
    "StoredObject",
    "ask_to_end",
    "ask_to_tell",
    "asked",
    "chain",
    "count",
    "delete",
    "expire",
    "expiry",
    "get",
    "listed",
    "lost",
    "put",
    "set_metadata",
    "tell",
    "walk",
]

_DAY_US = 86_400_000_000
_ASKED_ABOVE = 16 * 1024  # bytes of blobs: fewer are packed sooner than asked for, whether they are there
_LARGE = 128 * 1024  # bytes that are packed or unpacked beside the event loop rather than within it

_Key = tuple[str, str, str]  # project_id, kind, id

# What of a row tells which other rows belong to it.
_LINKED = [stored.c[name] for name in ("project_id", "kind", "id", "model", "metadata", "hashes")]


def expiry(settings: StoredSettings, project: str, created: int) -> int | None:
    """When an object of the project of that name, made at `created` (Unix microseconds), expires; None: never."""
    days = settings.projects.get(project, settings.days)
    return created + days * _DAY_US if days else None


async def put(
    database: Database, objects: Sequence[StoredObject], items: Sequence[NewItem] = (), *, fresh: bool = False
) -> None:
    """Puts in all of it in one transaction, or nothing; what has the id of an object replaces that object.

    `fresh`: every id is a new one, so nothing is looked for; where one is not, RowRefused is raised. Of two with
    one id the last counts. `items` are appended to their conversations, which may be among `objects`; where one is
    gone, its items are left out. Raises DatabaseError, RowRefused where something can never go in, ValueError where an
    item has no id.
    """
    packer = Packer()
    if sum(map(_size, objects)) + sum(len(bytes(new.item)) for new in items) > _LARGE:
        rows, new_items = await asyncio.to_thread(_packed, objects, items, packer)
    else:
        rows, new_items = _packed(objects, items, packer)
    changes: Changes = Counter()
    for row in rows.values():
        for digest in split(row["hashes"]):
            changes[row["project_id"], digest] += 1
    if fresh and not new_items and packer.blob_bytes <= _ASKED_ABOVE:
        await database.put(_of_new(rows, changes, packer, database.numbered))
        return
    async with database.write() as connection:
        old = {} if fresh else await _linked(connection, rows)
        for was in old.values():
            for digest in split(was.hashes):
                changes[was.project_id, digest] -= 1
        await _delete_rows(connection, old)
        if rows:
            statement, values = inserting(stored, list(rows.values()), database.numbered)
            await connection.exec_driver_sql(statement, list(values))
        before = {key: labels_of(row) for key, row in old.items()}
        await _relabel(connection, before, {key: labels_of(row) for key, row in rows.items()})
        await conversations.append(connection, new_items, changes)
        await refer(connection, changes, packer)


def _of_new(
    rows: Mapping[_Key, Mapping[str, Any]], changes: Changes, packer: Packer, numbered: bool
) -> list[Statement]:
    """What puts in `rows`, of which none is there, with their labels and blobs."""
    statements = [inserting(stored, list(rows.values()), numbered)]
    found = [
        {"project_id": key[0], "label": label, "id": key[2]} for key, row in rows.items() for label in labels_of(row)
    ]
    if found:
        statements.append(inserting(stored_labels, found, numbered))
    if changes:
        statements.append(counting(changes, packer, numbered))
    return statements


async def get(database: Database, project_id: str, kind: Kind, id: str, *, events: bool = False) -> StoredObject | None:
    """The object, None where it is not there; with its events only where they are asked for. Raises DatabaseError."""
    columns = [*SHORT, stored.c.body, stored.c.input, stored.c.output]
    if events:
        columns.append(stored.c.events)
    rows, contents = await read(database, project_id, select(*columns).where(*_is(project_id, kind, id), alive()))
    if not rows:
        return None
    row = rows[0]
    packed = len(row.body) + len(row.input) + len(row.output) + len(row.events or b"" if events else b"")
    if packed + sum(map(len, contents.values())) > _LARGE // 4:
        return await asyncio.to_thread(object_of, row, contents)
    return object_of(row, contents)


async def set_metadata(
    database: Database, project_id: str, kind: Kind, id: str, metadata: Mapping[str, str]
) -> StoredObject | None:
    """Gives the object `metadata` instead of what it had, and returns it; None where it is not there.

    Raises DatabaseError.
    """
    async with database.write() as connection:
        row = await _alive(connection, project_id, kind, id)
        if row is None:
            return None
        change = update(stored).where(*_is(project_id, kind, id)).values(metadata=json_of_metadata(metadata))
        await connection.execute(change)
        key = (project_id, kind, id)
        await _relabel(connection, {key: labels_of(row)}, {key: labels(kind, row.model, metadata)})
    return await get(database, project_id, kind, id)


async def delete(database: Database, project_id: str, kind: Kind, id: str) -> bool:
    """Deletes the object with its content, a conversation with its items; whether it was there.

    Raises DatabaseError.
    """
    async with database.write() as connection:
        row = await _alive(connection, project_id, kind, id)
        if row is None:
            return False
        await _remove(connection, [row])
        return True


async def ask_to_end(database: Database, project_id: str, id: str) -> None:
    """Asks whichever process runs the response to end it. Raises DatabaseError."""
    async with database.write() as connection:
        runs = stored.c.status.in_(UNDER_WAY)
        await connection.execute(update(stored).where(*_is(project_id, "response", id), runs).values(status=ENDING))


async def ask_to_tell(database: Database, project_id: str, id: str) -> None:
    """Asks the process that runs the response, which is another one, to `tell` what was said so far; it goes on as long
    as it is asked. Raises DatabaseError."""
    runs = stored.c.status.in_(UNASKED)
    async with database.write() as connection:
        await connection.execute(update(stored).where(*_is(project_id, "response", id), runs).values(status=FOLLOWED))


async def tell(database: Database, project_id: str, id: str, events: bytes) -> None:
    """Does so, with the JSON array of the events. Nothing where nobody asked, or it has ended. Raises DatabaseError."""
    asked = stored.c.status == FOLLOWED
    packed = await asyncio.to_thread(Packer().whole, events) if len(events) > _LARGE else Packer().whole(events)
    async with database.write() as connection:
        told = update(stored).where(*_is(project_id, "response", id), asked)
        await connection.execute(told.values(status="in_progress", events=packed))


async def asked(database: Database, responses: Iterable[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Those of `responses`, each a project's id and its own, that were asked for something: ENDING or FOLLOWED.

    Raises DatabaseError.
    """
    by_project: dict[str, list[str]] = defaultdict(list)
    for project_id, id in responses:
        by_project[project_id].append(id)
    found: list[tuple[str, str, str]] = []
    if not by_project:
        return found
    async with database.read() as connection:
        for project_id, ids in by_project.items():
            for some in chunks(ids):
                query = select(stored.c.id, stored.c.status).where(
                    stored.c.project_id == project_id,
                    stored.c.kind == "response",
                    stored.c.id.in_(some),
                    stored.c.status.in_((ENDING, FOLLOWED)),
                )
                found += [(project_id, row.id, row.status) for row in await connection.execute(query)]
    return found


async def lost(database: Database, before: int, limit: int = 100) -> list[tuple[str, Kind, str]]:
    """Projects, kinds and ids of up to `limit` objects that are under way, and began before that (Unix microseconds).

    Raises DatabaseError.
    """
    query = select(stored.c.project_id, stored.c.kind, stored.c.id).where(IS_UNDER_WAY, stored.c.created < before)
    async with database.read() as connection:
        rows = (await connection.execute(query.order_by(stored.c.created).limit(limit))).all()
    return [(row.project_id, row.kind, row.id) for row in rows]


async def expire(database: Database, now: int, limit: int = 500) -> int:
    """Deletes up to `limit` objects whose time is over at `now` (Unix microseconds); how many. Raises DatabaseError."""
    over = select(*_LINKED).where(stored.c.expires <= now).order_by(stored.c.expires).limit(limit)
    async with database.read() as connection:  # mostly there is nothing to do, and nobody to hold up for it
        if (await connection.execute(over.limit(1))).first() is None:
            return 0
    async with database.write() as connection:
        rows = (await connection.execute(over)).all()
        await _remove(connection, rows)
        return len(rows)


def _packed(
    objects: Sequence[StoredObject], items: Sequence[NewItem], packer: Packer
) -> tuple[dict[_Key, dict[str, Any]], list[dict[str, Any]]]:
    rows: dict[_Key, dict[str, Any]] = {}
    for given in objects:
        rows[given.project_id, given.kind, given.id] = row_of(given, packer)
    return rows, conversations.pack(items, packer)


def _size(given: StoredObject) -> int:
    """Bytes of its content."""
    size = len(given.body) + len(given.events or b"")
    return size + sum(len(bytes(item)) for item in given.input) + sum(len(bytes(item)) for item in given.output)


def _is(project_id: str, kind: str, id: str) -> tuple[Any, ...]:
    return stored.c.project_id == project_id, stored.c.kind == kind, stored.c.id == id


async def _alive(connection: AsyncConnection, project_id: str, kind: str, id: str) -> Row[Any] | None:
    query = select(*_LINKED).where(*_is(project_id, kind, id), alive())
    return (await connection.execute(query)).one_or_none()


async def _linked(connection: AsyncConnection, keys: Iterable[_Key]) -> dict[_Key, Row[Any]]:
    """The rows of `keys` that are there, whether or not their time is over."""
    together: dict[tuple[str, str], list[str]] = defaultdict(list)
    for project_id, kind, id in keys:
        together[project_id, kind].append(id)
    found = {}
    for (project_id, kind), ids in together.items():
        of_kind = (stored.c.project_id == project_id, stored.c.kind == kind)
        for some in chunks(ids):
            for row in await connection.execute(select(*_LINKED).where(*of_kind, stored.c.id.in_(some))):
                found[row.project_id, row.kind, row.id] = row
    return found


async def _remove(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> None:
    """Deletes the rows with all that belongs to them."""
    changes: Changes = Counter()
    of_key = {(row.project_id, row.kind, row.id): row for row in rows}
    for row in rows:
        for digest in split(row.hashes):
            changes[row.project_id, digest] -= 1
        if row.kind == "conversation":
            await conversations.remove_all(connection, row.project_id, row.id, changes)
    await _relabel(connection, {key: labels_of(row) for key, row in of_key.items()}, {})
    await _delete_rows(connection, of_key)
    await refer(connection, changes, Packer())


async def _delete_rows(connection: AsyncConnection, keys: Iterable[_Key]) -> None:
    values = [{"of": project_id, "its_kind": kind, "its_id": id} for project_id, kind, id in keys]
    if values:
        is_it = _is(bindparam("of"), bindparam("its_kind"), bindparam("its_id"))  # type: ignore[arg-type]  # parameters
        await connection.execute(delete_from(stored).where(*is_it), values)


async def _relabel(
    connection: AsyncConnection, before: Mapping[_Key, set[bytes]], after: Mapping[_Key, set[bytes]]
) -> None:
    """Makes the labels of objects those of `after` where they were those of `before`."""
    gone, new = [], []
    for key in before.keys() | after.keys():
        was, will_be = before.get(key, set()), after.get(key, set())
        gone += [{"of": key[0], "its_label": label, "its_id": key[2]} for label in was - will_be]
        new += [{"project_id": key[0], "label": label, "id": key[2]} for label in will_be - was]
    if gone:
        columns = stored_labels.c
        is_it = (columns.project_id == bindparam("of"), columns.label == bindparam("its_label"))
        await connection.execute(delete_from(stored_labels).where(*is_it, columns.id == bindparam("its_id")), gone)
    if new:
        await connection.execute(insert(stored_labels), new)
