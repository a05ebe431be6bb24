"""A transaction of SQLite's in one go: its thread is asked once, where SQLAlchemy asks it three times a statement."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import aiosqlite

_WAL_BYTES: Final = 64 * 1024 * 1024  # what is left of the write-ahead log on the disk after it had to grow
PRAGMAS: Final = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA journal_size_limit = {_WAL_BYTES}",
)
"""What every connection to SQLite begins with."""

Statement = tuple[str, Sequence[tuple[Any, ...]]]
"""A statement, and the values of each time that it is run."""


class AtOnce:
    """A connection of its own, opened at the first use. One transaction at a time."""

    def __init__(self, connect: Callable[[], Awaitable[aiosqlite.Connection]]) -> None:
        self._connect = connect
        self._connection: aiosqlite.Connection | None = None

    async def run(self, statements: Sequence[Statement]) -> None:
        """Runs all of them or none. Where the caller gives up, it may be either. Raises sqlite3.Error."""
        if self._connection is None:
            connection = await self._connect()
            try:
                for pragma in PRAGMAS:
                    await connection.execute(pragma)
            except BaseException:  # given up before it is what every connection is
                connection.stop()
                raise
            self._connection = connection
        # aiosqlite has no name of its own for this: a function run by the connection's thread.
        run, raw = self._connection._execute, self._connection._conn
        await run(_transact, raw, statements)  # type: ignore[no-untyped-call]  # it has no types there

    async def close(self) -> None:
        """Closes the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()


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
