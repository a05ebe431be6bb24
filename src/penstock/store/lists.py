"""Stored objects found in numbers: chains of responses, lists page by page, all of them for an export."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, and_, exists, func, literal, select
from sqlalchemy.sql import ColumnElement

from penstock.core.errors import InvalidRequest
from penstock.store.content import read
from penstock.store.database import Database
from penstock.store.errors import UnknownCursor
from penstock.store.schema import stored, stored_labels
from penstock.store.stored_object import SHORT, Kind, StoredObject, alive, labels, object_of

_WALKED = 8  # objects of a walk that are in memory at once: each may be as long as a request
_COUNTED = 1000  # rows of a label that are counted to find the rarest
_AT_ONCE = 64  # objects that are unpacked within one turn of the event loop


async def chain(database: Database, project_id: str, id: str, most: int = 10_000) -> list[StoredObject]:
    """The response `id` and all before it, oldest first, each with input and output, without body and events.

    Empty where it, or any before it, is not there: to go on from the rest would be another conversation. Raises
    InvalidRequest where they are more than `most`, DatabaseError.
    """
    columns = [*SHORT, stored.c.input, stored.c.output]
    of_project = (stored.c.project_id == project_id, stored.c.kind == "response", alive())
    found = select(*columns, literal(0).label("depth")).where(*of_project, stored.c.id == id)
    link = found.cte("link", recursive=True)
    older = select(*columns, link.c.depth + 1).where(*of_project, stored.c.id == link.c.previous, link.c.depth < most)
    rows, contents = await read(database, project_id, select(link.union_all(older)))
    if len(rows) > most:
        raise InvalidRequest(
            f"more than {most} responses come before '{id}', too many to be continued", param="previous_response_id"
        )
    rows = sorted(rows, key=lambda row: -row.depth)
    if not rows or rows[0].previous is not None:
        return []
    if len(rows) <= _AT_ONCE:
        return [object_of(row, contents) for row in rows]
    return await asyncio.to_thread(lambda: [object_of(row, contents) for row in rows])


async def listed(
    database: Database,
    project_id: str,
    kind: Kind,
    *,
    model: str | None = None,
    metadata: Mapping[str, str] | None = None,
    after: str | None = None,
    limit: int = 20,
    descending: bool = False,
) -> list[StoredObject]:
    """Up to `limit` objects by id, those after `after`, of that model and with all those pairs of metadata.

    Without input, output and events: a page of them may be larger than memory. Raises UnknownCursor where `after` is no
    object of that kind and project, DatabaseError.
    """
    if after is not None:
        cursor = select(stored.c.id).where(stored.c.project_id == project_id, stored.c.kind == kind)
        async with database.read() as connection:
            if await connection.scalar(cursor.where(stored.c.id == after, alive())) is None:
                raise UnknownCursor(after)
    columns = [*SHORT, stored.c.body]
    query, key = await _narrowed(database, project_id, kind, labels(kind, model, metadata or {}), columns)
    query = query.order_by(key.desc() if descending else key).limit(limit)
    if after is not None:
        query = query.where(key < after if descending else key > after)
    async with database.read() as connection:
        rows = (await connection.execute(query)).all()
    return [object_of(row, {}) for row in rows]


async def walk(
    database: Database,
    project_id: str,
    kind: Kind,
    *,
    model: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> AsyncGenerator[StoredObject]:
    """Every object that `listed` would give, oldest first, without events; holds a few at a time.

    Raises DatabaseError.
    """
    columns = [*SHORT, stored.c.body, stored.c.input, stored.c.output]
    query, key = await _narrowed(database, project_id, kind, labels(kind, model, metadata or {}), columns)
    query = this_page = query.order_by(key).limit(_WALKED)
    while True:
        rows, contents = await read(database, project_id, this_page)
        for row in rows:
            yield await asyncio.to_thread(object_of, row, contents)
        if len(rows) < _WALKED:
            return
        this_page = query.where(key > rows[-1].id)


async def count(
    database: Database,
    project_id: str,
    kind: Kind,
    *,
    model: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> int:
    """How many objects `walk` gives. Raises DatabaseError."""
    query, _ = await _narrowed(database, project_id, kind, labels(kind, model, metadata or {}), [func.count()])
    async with database.read() as connection:
        return int(await connection.scalar(query) or 0)


async def _narrowed(
    database: Database, project_id: str, kind: Kind, wanted: set[bytes], columns: Sequence[ColumnElement[Any]]
) -> tuple[Select[Any], ColumnElement[str]]:
    """A query for `columns` of the objects with all of the labels `wanted`, and the column to order it by."""
    query: Select[Any] = select(*columns).where(stored.c.project_id == project_id, stored.c.kind == kind, alive())
    if not wanted:
        return query, stored.c.id
    rarest, *others = await _rarest_first(database, project_id, list(wanted))
    first = stored_labels.alias("first")
    both = and_(stored.c.project_id == first.c.project_id, stored.c.id == first.c.id)
    query = query.select_from(first.join(stored, both))
    query = query.where(first.c.project_id == project_id, first.c.label == rarest)
    for label in others:
        other = stored_labels.alias()
        same = (other.c.project_id == project_id, other.c.label == label, other.c.id == first.c.id)
        query = query.where(exists().where(*same))
    return query, first.c.id


async def _rarest_first(database: Database, project_id: str, wanted: list[bytes]) -> list[bytes]:
    """`wanted` by how many objects have each, as far as that is counted."""
    if len(wanted) == 1:
        return wanted
    counts = []
    for label in wanted:
        some = select(literal(1)).where(stored_labels.c.project_id == project_id, stored_labels.c.label == label)
        counts.append(select(func.count()).select_from(some.limit(_COUNTED).subquery()).scalar_subquery())
    async with database.read() as connection:
        found = (await connection.execute(select(*counts))).one()
    return [label for _, label in sorted(zip(found, wanted, strict=True))]
