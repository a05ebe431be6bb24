"""The database: opened, its schema made or brought up to date, its errors put into words."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.parse import quote

import aiosqlite
from sqlalchemy import Connection, Select, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import DataError as RefusedData
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from penstock.settings import Settings
from penstock.store.at_once import PRAGMAS, AtOnce, Statement, T, ask
from penstock.store.errors import DatabaseError, RowRefused
from penstock.store.files import make_file, make_folder
from penstock.store.revisions import prepare

_WRITERS = 0x70656E73  # PostgreSQL's number for "who writes to Penstock's tables"
_LAST_WORD_S = 5.0
_CONNECTIONS = 4  # for queries, in each of the two ways to ask

Ask = Callable[[Select[Any], Mapping[str, Any]], Sequence[Sequence[Any]]]
"""Gives the rows of a query that is made once, with the values of its parameters as the database holds them."""


class Database:
    """Connections to one database. For one event loop; close it before that ends."""

    def __init__(
        self, engine: AsyncEngine, file: Path | None, connect: Callable[[], aiosqlite.Connection], threads: set[Thread]
    ) -> None:
        self._engine = engine
        self._puts = AtOnce(connect) if file else None
        self._looks = AtOnce(connect, _CONNECTIONS) if file else None
        self._threads = threads
        self._file = file
        self._identity = _identity(file) if file else None
        # PostgreSQL is not told of the begin and the end of a read: each query sees what is committed by itself.
        self._reader = engine if file else engine.execution_options(isolation_level="AUTOCOMMIT")
        # Those who wait for each other's locks in the database are not served in turn, and hold its connections.
        self._writing = asyncio.Lock()

    @classmethod
    async def open(cls, settings: Settings, *, lock_wait_s: float = 2.0) -> Self:
        """Opens the database of `settings`, and makes folder, file and tables where they are missing.

        `lock_wait_s` is how long a statement waits for another process that writes to the same SQLite file.
        Raises DatabaseError: not there, not ours, made by a newer Penstock; its data is then untouched.
        """
        url, file = _place(settings)
        try:
            make_folder(Path(settings.home))
            if file is not None:
                make_folder(file.parent)
                make_file(file)
        except OSError as error:
            raise DatabaseError(f"the data folder cannot be made: {error.strerror}: '{error.filename}'") from error
        threads: set[Thread] = set()
        connect = _connecting(threads)
        # No transactions of the driver's own making: each begins here, and begins with the lock.
        how = {"isolation_level": None, "timeout": lock_wait_s}
        engine = _engine(url, how, connect)
        database = cls(engine, file, lambda: connect(f"{url.database}?mode=rw", uri=True, **how), threads)
        try:
            await prepare(database)
            await database._log_ahead(lock_wait_s)
        except BaseException:
            await database.close()
            raise
        return database

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def name(self) -> str:
        """What to call it in a message: the file, or the address without its password."""
        if self._file is not None:
            return f"'{self._file}'"
        return self._engine.url.set(drivername="postgresql").render_as_string(hide_password=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for queries; each sees what is committed when it starts. Raises DatabaseError."""
        with _Words(self.name):
            async with self._reader.connect() as connection:
                yield connection

    async def look(self, function: Callable[[Ask], T]) -> T:
        """What `function` makes of what it asks; each query sees what is committed when it starts. With SQLite all is
        asked in one go, in another thread. Raises DatabaseError.
        """
        with _Words(self.name):
            if self._looks is not None:
                return await self._looks.run(lambda connection: function(partial(ask, connection)))
            async with self._reader.connect() as connection:
                return await connection.run_sync(lambda sync: function(asking(sync)))

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at the end of the block; one at a time, whoever else writes.

        So numbers taken from `max(...) + 1` or a sequence become visible in their order, and a look before a
        write holds. Raises DatabaseError, RowRefused.
        """
        with _Words(self.name):
            self._check_identity()
            async with self._writing, self._engine.begin() as connection:
                if self._file is not None:
                    await connection.exec_driver_sql("BEGIN IMMEDIATE")
                else:
                    await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _WRITERS})
                yield connection

    @property
    def numbered(self) -> bool:
        """Whether its statements number the places of values ($1, $2...), or say ? for each."""
        return self._file is None

    async def put(self, statements: Sequence[Statement]) -> None:
        """All of `statements` as one such transaction: with SQLite in one go, at a third of the cost.

        Raises DatabaseError, RowRefused.
        """
        if self._puts is None:
            async with self.write() as connection:
                for statement, rows in statements:
                    await connection.exec_driver_sql(statement, list(rows))
            return
        with _Words(self.name):
            self._check_identity()
            async with self._writing:
                await self._puts.put(statements)

    def _check_identity(self) -> None:
        if self._identity is not None and _identity(self._file) != self._identity:
            # SQLite would go on writing into a file that nobody finds again.
            raise DatabaseError(f"the database {self.name} was moved or replaced; restart to use what is there now")

    async def harden(self) -> bool:
        """Forces every commit so far onto the disk. False where others kept it from it: try again later.

        SQLite's write-ahead log is not forced at each commit (synchronous = NORMAL): a lost machine may lose
        the last ones. PostgreSQL forces each. Raises DatabaseError.
        """
        if self._file is None:
            return True
        async with self.read() as connection:
            busy, pages, forced = tuple((await connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")).one())
        return bool(not busy and pages == forced)

    async def _log_ahead(self, lock_wait_s: float) -> None:
        """Lets readers and a writer of the SQLite file work side by side (WAL); the file remembers it."""
        if self._file is None:
            return
        end = time.monotonic() + lock_wait_s
        while True:
            try:
                async with self.read() as connection:
                    await connection.exec_driver_sql("PRAGMA journal_mode = WAL")
                return
            except DatabaseError as error:
                # Several first starts at once: SQLite does not wait for this lock by itself.
                if "locked" not in str(error) or time.monotonic() > end:
                    raise
                await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Closes every connection."""
        for at_once in (self._puts, self._looks):
            if at_once is not None:
                await at_once.close()
        await self._engine.dispose()
        # A query whose caller gave up may run on, and its thread answers to the event loop, which must be there still.
        for thread in [thread for thread in self._threads if thread.is_alive()]:
            await asyncio.to_thread(thread.join, _LAST_WORD_S)


def asking(connection: Connection) -> Ask:
    """The same over a connection of SQLAlchemy's."""
    return lambda query, values: connection.execute(query, values).all()


class _Words:
    """Puts the errors of drivers into DatabaseError and RowRefused, on the way out of a `with` block."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OverflowError):  # an integer of more than 64 bits, refused by sqlite3 itself
            raise RowRefused(f"the database {self._name} refuses a row: {error}") from error
        if not isinstance(error, (SQLAlchemyError, sqlite3.Error, OSError)):
            return
        cause = error.orig if isinstance(error, DBAPIError) and error.orig else error
        reason = str(cause).strip().partition("\n")[0]
        if _refuses_rows(error):
            raise RowRefused(f"the database {self._name} refuses a row: {reason}") from error
        raise DatabaseError(f"the database {self._name} cannot be used: {reason}") from error


def _refuses_rows(error: Exception) -> bool:
    if isinstance(error, (IntegrityError, RefusedData, sqlite3.IntegrityError, sqlite3.DataError)):
        return True
    # asyncpg's refusals of data arrive as plain errors: its own for a value that it cannot send, or the server's,
    # of SQL's class 22.
    driver = error.orig.__cause__ if isinstance(error, DBAPIError) and error.orig else None
    return isinstance(driver, ValueError) or str(getattr(driver, "sqlstate", "")).startswith("22")


def _place(settings: Settings) -> tuple[URL, Path | None]:
    """The address with the driver that is used for it, and the file where it is SQLite's. Raises DatabaseError."""
    given = settings.database.url
    if given is None:
        return _sqlite(Path(settings.home) / "penstock.db")
    try:
        url = make_url(given)
    except (ArgumentError, ValueError) as error:
        raise DatabaseError("database.url is no address; try sqlite:////path/file.db or postgresql://...") from error
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite" and url.database and url.database != ":memory:":
        return _sqlite(Path(url.database))
    if backend in ("postgresql", "postgres"):
        if importlib.util.find_spec("asyncpg") is None:
            raise DatabaseError("database.url is PostgreSQL's and needs a driver: pip install 'penstock[postgresql]'")
        return url.set(drivername="postgresql+asyncpg"), None
    raise DatabaseError(f"database.url: '{url.drivername}': sqlite:////path/file.db and postgresql://... are known")


def _sqlite(file: Path) -> tuple[URL, Path]:
    # mode=rw: a file that was moved away is an error, not an empty database made in its place.
    query = {"mode": "rw", "uri": "true"}
    return URL.create("sqlite+aiosqlite", database=f"file:{quote(str(file.absolute()))}", query=query), file


def _connecting(threads: set[Thread]) -> Callable[..., aiosqlite.Connection]:
    """Makes connections to SQLite; `threads` holds those that run them."""

    def connect(*arguments: Any, **more: Any) -> aiosqlite.Connection:
        made = aiosqlite.connect(*arguments, **more)
        made._thread.daemon = True  # as SQLAlchemy does: a query that hangs must not keep the process alive
        threads.difference_update([thread for thread in threads if not thread.is_alive()])
        threads.add(made._thread)
        return made

    return connect


def _engine(url: URL, how: dict[str, Any], connect: Callable[..., aiosqlite.Connection]) -> AsyncEngine:
    if url.get_backend_name() != "sqlite":
        return create_async_engine(
            url, pool_size=_CONNECTIONS, max_overflow=0, pool_pre_ping=True, pool_timeout=10, hide_parameters=True
        )

    engine = create_async_engine(
        url,
        pool_size=_CONNECTIONS,
        max_overflow=0,
        pool_use_lifo=True,  # mostly one connection, with its prepared statements, and not four
        pool_timeout=10,
        hide_parameters=True,  # what is stored stays out of errors and logs
        connect_args={**how, "async_creator_fn": connect},
    )

    @event.listens_for(engine.sync_engine, "connect")
    def _configure(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    return engine


def _identity(file: Path | None) -> tuple[int, int] | None:
    """Which file that is, whatever it is called; None where there is none."""
    try:
        found = os.stat(file) if file else None
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino) if found else None
