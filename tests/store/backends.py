"""Which databases a test runs on, and how each is asked."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import event, text

from penstock.store import at_once
from penstock.store import database as store_database
from penstock.store.database import Database

sqlite_only = pytest.mark.parametrize("on_settings", ["sqlite"], indirect=True)
"""For a test of what only a file has."""


async def ask(database: Database, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """The rows that `statement` gives; values stand in it as :name."""
    async with database.read() as connection:
        return [tuple(row) for row in await connection.execute(text(statement), values)]


async def change(database: Database, statement: str, **values: Any) -> None:
    """Runs `statement` in a transaction of its own."""
    async with database.write() as connection:
        await connection.execute(text(statement), values)


@contextmanager
def plans(database: Database) -> Iterator[Callable[[], Awaitable[list[tuple[str, str]]]]]:
    """Gives a function that tells the queries since, each with the plan that the database makes for it.

    PostgreSQL is kept from reading a small table whole, which it would do whatever indexes there are.
    """
    engine = database._engine.sync_engine
    noted: list[tuple[str, Any]] = []

    def note(*arguments: Any) -> None:
        statement, parameters = arguments[2:4]
        if statement.lstrip().startswith(("SELECT", "WITH")):
            noted.append((statement, parameters))

    async def explained() -> list[tuple[str, str]]:
        found = []
        async with database._engine.connect() as connection:  # in a transaction, which the settings are for
            how = "QUERY PLAN"
            if connection.dialect.name != "sqlite":
                how = "(ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)"  # without ANALYZE some subplans stay hidden
                await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
                await connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            for statement, parameters in noted[:]:
                explain = f"EXPLAIN {how} {statement}"
                lines = (await connection.exec_driver_sql(explain, parameters)).all()
                found.append((statement, "\n".join(str(line[-1]) for line in lines)))
        return found

    def ask_and_note(connection: sqlite3.Connection, query: Any, values: Any) -> Any:
        text, given = at_once.statement(query, values)
        noted.append((text, tuple(given)))
        return at_once.ask(connection, query, values)

    event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.object(store_database, "ask", ask_and_note):
            yield explained
    finally:
        event.remove(engine, "before_cursor_execute", note)
