"""Work with SQLite in one go: a connection's thread is asked once, where SQLAlchemy asks it three times a statement."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final, TypeVar

import aiosqlite
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

_LAST_S: Final = 5.0
_WAL_BYTES: Final = 64 * 1024 * 1024  # what is left of the write-ahead log on the disk after it had to grow
PRAGMAS: Final = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA journal_size_limit = {_WAL_BYTES}",
)
"""What every connection to SQLite begins with."""

Statement = tuple[str, Sequence[tuple[Any, ...]]]
"""A statement, and the values of each time that it is run."""


T = TypeVar("T")


class AtOnce:
    """Up to `most` connections of its own, each opened when it is first needed."""

    def __init__(self, connect: Callable[[], Awaitable[aiosqlite.Connection]], most: int = 1) -> None:
        self._connect = connect
        self._most = most
        self._free = asyncio.Semaphore(most)
        self._idle: list[aiosqlite.Connection] = []

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What `function` returns, run by the thread of a connection. Where its caller gives up, it runs to its end,
        and only then the connection is free. Raises sqlite3.Error.
        """
        await self._free.acquire()
        try:
            connection = self._idle.pop() if self._idle else await self._open()
        except BaseException:
            self._free.release()
            raise
        # aiosqlite has no name of its own for this.
        execute, raw = connection._execute, connection._conn
        working: asyncio.Task[T] = asyncio.ensure_future(execute(function, raw))  # type: ignore[no-untyped-call]  # it has no types there
        working.add_done_callback(partial(self._back, connection))
        return await asyncio.shield(working)

    def _back(self, connection: aiosqlite.Connection, working: asyncio.Task[Any]) -> None:
        self._idle.append(connection)
        self._free.release()
        if not working.cancelled():
            working.exception()  # which its caller may not have waited for

    async def put(self, statements: Sequence[Statement]) -> None:
        """Runs all of them or none. Where the caller gives up, it may be either. Raises sqlite3.Error."""
        await self.run(partial(_transact, statements=statements))

    async def _open(self) -> aiosqlite.Connection:
        connection = await self._connect()
        try:
            for pragma in PRAGMAS:
                await connection.execute(pragma)
        except BaseException:  # given up before it is what every connection is
            connection.stop()
            raise
        return connection

    async def close(self) -> None:
        """Closes the connections, once what runs has ended; what takes long is left to itself."""
        held = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_S):
                for _ in range(self._most):
                    await self._free.acquire()
                    held += 1
        while self._idle:
            await self._idle.pop().close()
        for _ in range(held):
            self._free.release()


def ask(connection: sqlite3.Connection, query: Select[Any], values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """The rows of `query`, by `statement`."""
    return connection.execute(*statement(query, values)).fetchall()


def statement(query: Select[Any], values: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """The text of `query` and what its marks stand for: `values`, by the names of its parameters, as they are.

    It must be one of few queries, each made once: their texts are remembered for good.
    """
    compiled = _compiled(query)
    given = compiled.construct_params(values)
    return compiled.string, [given[name] for name in compiled.positiontup or ()]


@cache
def _compiled(query: Select[Any]) -> SQLCompiler:
    compiled = query.compile(dialect=sqlite.dialect())
    assert isinstance(compiled, SQLCompiler)
    return compiled


def _transact(connection: sqlite3.Connection, statements: Sequence[Statement]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement, rows in statements:
            connection.executemany(statement, rows)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
