"""The databases that a scenario runs on: SQLite, and a PostgreSQL server of its own where one can run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.postgres import PostgresServer, missing

from soak.report import Report


@contextmanager
def databases(report: Report) -> Iterator[dict[str, str]]:
    """By the name of each database what penstock.toml says to use it, for as long as the context lasts.

    Where PostgreSQL cannot run, the report names that as not run; in CI it is a failure.
    """
    sqlite = {"SQLite": ""}
    reason = missing()
    if reason is not None:
        report.figure("on PostgreSQL", f"not run: {reason}")
        report.expect(not os.environ.get("CI"), f"not run on PostgreSQL: {reason}")
        yield sqlite
        return
    with PostgresServer() as server:
        yield sqlite | {"PostgreSQL": f'[database]\nurl = "{server.database()}"\n'}
