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
            self._connection = await self._connect()
            for pragma in PRAGMAS:
                await self._connection.execute(pragma)
        # aiosqlite has no name of its own for this: a function run by the connection's thread.
        await self._connection._execute(_transact, self._connection._conn, statements)  # type: ignore[no-untyped-call]

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
