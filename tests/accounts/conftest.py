"""A database in a folder of the test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from penstock.settings import Settings
from penstock.store.database import Database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=str(tmp_path / "home"))


@pytest.fixture
async def database(settings: Settings) -> AsyncIterator[Database]:
    async with await Database.open(settings, lock_wait_s=0.1) as opened:
        yield opened
