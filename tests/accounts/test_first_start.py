from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from penstock.accounts import Keyring, keys
from penstock.accounts.first_start import first_key
from penstock.settings import Settings
from penstock.store.database import Database

pytestmark = pytest.mark.anyio


async def test_the_first_start_makes_a_key_that_works(database: Database) -> None:
    text = await first_key(database)
    assert text is not None
    key = await Keyring(database).look_up(text)
    assert key is not None
    assert (key.name, key.project) == ("first", "default")


async def test_only_the_first(database: Database) -> None:
    assert await first_key(database)
    assert await first_key(database) is None
    await keys.delete(database, "first")
    assert await first_key(database) is None  # whoever deleted it wants none


async def test_servers_that_start_at_once_make_one_key(settings: Settings) -> None:
    async def start() -> str | None:
        async with await Database.open(settings, lock_wait_s=10) as database:
            return await first_key(database)

    made = await asyncio.gather(*(start() for _ in range(6)))
    assert len([text for text in made if text]) == 1
    async with await Database.open(settings) as database:
        assert len(await keys.list_keys(database)) == 1


async def test_a_usual_start_does_not_wait_for_who_writes(database: Database, tmp_path: Path) -> None:
    await keys.create(database, "laptop")
    with closing(sqlite3.connect(tmp_path / "home" / "penstock.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await first_key(database) is None
