"""A database and a spool in a folder of the test's own, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest
from tests.postgres import PostgresServer, missing

from penstock.settings import Database as DatabaseSettings
from penstock.settings import Settings, SpoolSettings
from penstock.store.database import Database
from penstock.store.spool import Spool


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A server for the session. Skips where none can run."""
    if reason := missing():
        pytest.skip(reason)
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of an empty PostgreSQL database of this test's own."""
    url = postgres.database()
    yield url
    postgres.drop(url)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=str(tmp_path / "home"), spool=SpoolSettings(fsync_ms=5, drain_ms=20))


@pytest.fixture(params=["sqlite", "postgresql"])
def on_settings(request: pytest.FixtureRequest, settings: Settings) -> Settings:
    """`settings` on each of the databases; `tests.store.backends.sqlite_only` keeps a test to the one."""
    if request.param == "sqlite":
        return settings
    return msgspec.structs.replace(settings, database=DatabaseSettings(url=request.getfixturevalue("postgres_url")))


@pytest.fixture
async def database(on_settings: Settings) -> AsyncIterator[Database]:
    """A database at the newest revision, on SQLite and on PostgreSQL."""
    async with await Database.open(on_settings, lock_wait_s=0.1) as opened:
        yield opened


@pytest.fixture
def spool(settings: Settings) -> Iterator[Spool]:
    made = Spool(Path(settings.home) / "spool", settings.spool)
    yield made
    made.close()
