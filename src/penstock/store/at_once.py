"""Work with SQLite in one go: a connection's thread is asked once, where SQLAlchemy asks it three times a statement."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, Final, TypeVar

import aiosqlite
from sqlalchemy import Select
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler

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
        self._free = asyncio.Semaphore(most)
        self._idle: list[aiosqlite.Connection] = []

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """What `function` returns, run by the thread of a connection. Where its caller gives up, it runs to its end,
        and that connection's next one waits. Raises sqlite3.Error.
        """
        async with self._free:
            connection = self._idle.pop() if self._idle else await self._open()
            try:
                # aiosqlite has no name of its own for this.
                execute, raw = connection._execute, connection._conn
                made: T = await execute(function, raw)  # type: ignore[no-untyped-call]  # it has no types there
                return made
            finally:
                self._idle.append(connection)

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
        """Closes the connections that nobody uses."""
        while self._idle:
            await self._idle.pop().close()


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
