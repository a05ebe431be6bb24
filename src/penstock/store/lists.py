"""Stored objects found in numbers: chains of responses, lists page by page, all of them for an export."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import (
    FromClause,
    Row,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    literal,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.sql import ColumnElement

from penstock.core.errors import InvalidRequest
from penstock.store.content import TOGETHER, TRIES, Blobs, blobs_of, chunks, lacking, read, unpack_items
from penstock.store.database import Ask, Database
from penstock.store.errors import UnknownCursor
from penstock.store.schema import holdable, stored, stored_labels
from penstock.store.stored_object import SHORT, Kind, StoredObject, alive, labels, object_of

_TRIES = 10  # of a list that others' deletes come in between
_WALKED = 8  # objects of a walk that are in memory at once: each may be as long as a request
_COUNTED = 1000  # rows of a label that are counted to find the rarest
_AT_ONCE = 256  # objects that are unpacked within one turn of the event loop


async def chain(database: Database, project_id: str, id: str, most: int = 10_000) -> list[StoredObject]:
    """The response `id` and all before it, oldest first, each with input, output and status, and little besides.

    Empty where it, or any before it, is not there: to go on from the rest would be another conversation. Raises
    InvalidRequest where they are more than `most`, DatabaseError.
    """
    query = _LATERAL_LINKS if database.numbered else _LINKS
    values = {"project_id": project_id, "newest": holdable(id), "most": most, "now": time.time_ns() // 1000}
    for _ in range(TRIES):
        rows, contents, whole = await database.look(partial(_chained, query, values))
        if len(rows) > most:
            raise InvalidRequest(
                f"more than {most} responses come before '{id}', too many to be continued", param="previous_response_id"
            )
        if rows and rows[-1][_ID] is None:
            return []
        if whole:
            unpack = partial(_responses, project_id, rows, contents)
            return unpack() if len(rows) <= _AT_ONCE else await asyncio.to_thread(unpack)
    raise lacking(database)


def _chained(query: Select[Any], values: Mapping[str, Any], ask: Ask) -> tuple[Sequence[Sequence[Any]], Blobs, bool]:
    """The rows of a chain, newest first, the last one of None where a link is missing; their blobs, and whether those
    are all there."""
    rows = ask(query, values)
    return rows, *blobs_of(ask, values["project_id"], [row[_HASHES] or b"" for row in rows])


def _of_project() -> tuple[ColumnElement[bool], ...]:
    alive_now = or_(stored.c.expires.is_(None), stored.c.expires > bindparam("now"))
    return stored.c.project_id == bindparam("project_id"), stored.c.kind == "response", alive_now


def _links(lateral: bool) -> Select[Any]:
    """The columns of a chain, newest first. What is `lateral` PostgreSQL looks up link by link, by the key: asked for a
    plain join it may read everything at each link, as long as it has counted nothing of a table."""
    of_project = _of_project()
    columns = [stored.c[name] for name in _COLUMNS]
    newest = select(*columns, literal(0).label("depth")).where(*of_project, stored.c.id == bindparam("newest"))
    link = newest.cte("link", recursive=True)
    is_it = and_(*of_project, stored.c.id == link.c.previous)
    older = select(*columns).where(is_it).offset(0).correlate(link).lateral("older") if lateral else stored
    further = select(*(older.c[name] for name in _COLUMNS), link.c.depth + 1)
    further = further.select_from(link.outerjoin(older, true() if lateral else is_it))
    chained = link.union_all(further.where(link.c.previous.is_not(None), link.c.depth < bindparam("most")))
    return select(*(chained.c[name] for name in _COLUMNS)).order_by(chained.c.depth)


_COLUMNS = ("id", "created", "status", "previous", "hashes", "input", "output")
_ID, _HASHES = _COLUMNS.index("id"), _COLUMNS.index("hashes")
# Made once: to make one takes longer than to ask it.
_LINKS, _LATERAL_LINKS = _links(lateral=False), _links(lateral=True)


def _objects(rows: Sequence[Row[Any]], contents: Blobs) -> dict[str, StoredObject]:
    return {row.id: object_of(row, contents) for row in rows}


def _responses(project_id: str, rows: Sequence[Sequence[Any]], contents: Blobs) -> list[StoredObject]:
    return [
        StoredObject(
            id=id,
            project_id=project_id,
            kind="response",
            created=created,
            status=status,
            previous=previous,
            input=unpack_items(input, hashes, contents),
            output=unpack_items(output, hashes, contents),
        )
        for id, created, status, previous, hashes, input, output in reversed(rows)
    ]


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
    query, key = await _narrowed(database, project_id, kind, labels(kind, model, metadata or {}))
    if after is not None:
        query = query.where(key < after if descending else key > after)
    query = query.order_by(key.desc() if descending else key).limit(limit)
    rows: Select[Any] = select(*SHORT, stored.c.body)
    rows = rows.where(stored.c.project_id == project_id, stored.c.kind == kind)
    found: dict[str, StoredObject] = {}
    ids: list[str] = []
    for _ in range(_TRIES):
        async with database.read() as connection:
            ids = list(await connection.scalars(query))
            found = _objects((await connection.execute(rows.where(stored.c.id.in_(ids)))).all(), {})
        if len(found) == len(ids):
            break  # none was deleted between the two, which would make this look like the last page
    return [found[id] for id in ids if id in found]


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
    query, key = await _narrowed(database, project_id, kind, labels(kind, model, metadata or {}))
    query = this_page = query.order_by(key).limit(TOGETHER)
    columns = [*SHORT, stored.c.body, stored.c.input, stored.c.output]
    whole = select(*columns).where(stored.c.project_id == project_id, stored.c.kind == kind).order_by(stored.c.id)
    while True:
        async with database.read() as connection:
            ids = list(await connection.scalars(this_page))
        for some in chunks(ids, _WALKED):
            rows, contents = await read(database, project_id, whole.where(stored.c.id.in_(some)))
            for row in rows:
                yield await asyncio.to_thread(object_of, row, contents)
        if len(ids) < TOGETHER:
            return
        this_page = query.where(key > ids[-1])


async def count(
    database: Database,
    project_id: str,
    kind: Kind,
    *,
    model: str | None = None,
    metadata: Mapping[str, str] | None = None,
) -> int:
    """How many objects `walk` gives. Raises DatabaseError."""
    query, _ = await _narrowed(database, project_id, kind, labels(kind, model, metadata or {}))
    async with database.read() as connection:
        return int(await connection.scalar(select(func.count()).select_from(query.subquery())) or 0)


async def _narrowed(
    database: Database, project_id: str, kind: Kind, wanted: set[bytes]
) -> tuple[Select[tuple[str]], ColumnElement[str]]:
    """A query for the ids of the objects with all of the labels `wanted`, and the column to order them by."""
    if not wanted:
        query = select(stored.c.id).where(stored.c.project_id == project_id, stored.c.kind == kind, alive())
        return query, stored.c.id
    rarest, *others = await _rarest_first(database, project_id, list(wanted))
    first = stored_labels.alias("first")
    itself = (stored.c.project_id == first.c.project_id, stored.c.kind == kind, stored.c.id == first.c.id, alive())
    query = select(first.c.id).where(first.c.project_id == project_id, first.c.label == rarest)
    has = []
    for label in others:
        other = stored_labels.alias()
        same = (other.c.project_id == first.c.project_id, other.c.label == label, other.c.id == first.c.id)
        has.append(_one(first, *same))
    there = _one(first, *itself)
    # At last, since its rows are the long ones: of conditions side by side PostgreSQL takes any first.
    return query.where(case((and_(*has), there), else_=false()) if has else there), first.c.id


def _one(outer: FromClause, *where: ColumnElement[bool]) -> ColumnElement[bool]:
    """There is the one row of a key, for a row of `outer`.

    EXISTS would say the same: but that PostgreSQL may turn into a join, and while it knows little of the tables it
    begins at the wrong end of it, with every row of the project.
    """
    return select(literal_column("1")).where(*where).correlate(outer).scalar_subquery() == literal_column("1")


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
