"""Request records in the database: put in, listed newest first, followed as they come.

Every query names the project whose records it may see; None is every project, and only the operator's to ask.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from functools import cache
from itertools import chain

from sqlalchemy import func, select, tuple_
from sqlalchemy.sql import ColumnElement

from penstock.core.record import Record
from penstock.store import rows_in
from penstock.store.at_once import Statement
from penstock.store.database import Database
from penstock.store.rows import COLUMNS, Row, record_of_row
from penstock.store.schema import requests

PAGE = 500
"""Rows that are read at a time: what a listing of any length holds in memory."""

_TOGETHER = 250  # rows that go in with one statement, which costs a third less than one by one

_columns = [requests.c[name] for name in COLUMNS]


async def insert(database: Database, rows: Sequence[Row]) -> None:
    """Puts in all of `rows` (of COLUMNS) or none; a request id that is there already is passed over.

    Raises DatabaseError, RowRefused where one of them can never go in.
    """
    whole = len(rows) - len(rows) % _TOGETHER
    together = [tuple(chain.from_iterable(rows[start : start + _TOGETHER])) for start in range(0, whole, _TOGETHER)]
    statements: list[Statement] = []
    if together:
        statements.append((_insert(_TOGETHER, database.numbered), together))
    if rest := rows[whole:]:
        statements.append((_insert(1, database.numbered), rest))
    await database.put(statements)


@cache
def _insert(rows: int, numbered: bool) -> str:
    return rows_in.insert("requests", COLUMNS, numbered, rows) + " ON CONFLICT DO NOTHING"


async def last_seq(database: Database) -> int:
    """The number of the record that arrived last, 0 where there is none. Raises DatabaseError."""
    async with database.read() as connection:
        return int(await connection.scalar(select(func.coalesce(func.max(requests.c.seq), 0))) or 0)


async def listing(
    database: Database, project: str | None, *, newest_first: bool = True, upto: int | None = None, page: int = PAGE
) -> AsyncGenerator[Record]:
    """Every record of `project` by time and request id, `page` rows at a time; up to the sequence number `upto`.

    Raises DatabaseError.
    """
    key = tuple_(requests.c.time, requests.c.request_id)
    order = [column.desc() if newest_first else column for column in (requests.c.time, requests.c.request_id)]
    query = select(*_columns).where(*_of(project)).order_by(*order).limit(page)
    if upto is not None:
        query = query.where(requests.c.seq <= upto)
    this_page = query
    while True:
        async with database.read() as connection:  # not all in one: a long read would hold up SQLite's log
            rows = (await connection.execute(this_page)).all()
        for row in rows:
            yield record_of_row(row)
        if len(rows) < page:
            return
        last = (rows[-1].time, rows[-1].request_id)
        this_page = query.where(key < last if newest_first else key > last)


async def arrived(database: Database, project: str | None, after: int) -> tuple[list[Record], int]:
    """Up to PAGE records of `project` that arrived after the one numbered `after`, and the number to go on from.

    In the order of arrival, so none is missed that comes late with an older time. Raises DatabaseError.
    """
    query = select(*_columns, requests.c.seq).where(requests.c.seq > after, *_of(project))
    async with database.read() as connection:
        rows = (await connection.execute(query.order_by(requests.c.seq).limit(PAGE))).all()
    return [record_of_row(row[:-1]) for row in rows], rows[-1].seq if rows else after


def _of(project: str | None) -> list[ColumnElement[bool]]:
    return [] if project is None else [requests.c.project == project]
