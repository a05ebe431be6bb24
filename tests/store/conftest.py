"""A database and a spool in a folder of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from penstock.settings import Settings, SpoolSettings
from penstock.store.database import Database
from penstock.store.spool import Spool


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=str(tmp_path / "home"), spool=SpoolSettings(fsync_ms=5, drain_ms=20))


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with await Database.open(settings, lock_wait_s=0.1) as opened:
        yield opened


@pytest.fixture
def spool(settings: Settings) -> Iterator[Spool]:
    made = Spool(Path(settings.home) / "spool", settings.spool)
    yield made
    made.close()
