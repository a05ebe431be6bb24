"""Transactions in one go: all or nothing, beside other writers, and not into a file that was moved away."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiosqlite
import pytest

from penstock.store.at_once import AtOnce

pytestmark = pytest.mark.anyio

Opened = Callable[[Path], AtOnce]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE numbers (number INTEGER PRIMARY KEY)")
    connection.close()
    return path


def numbers(file: Path) -> list[int]:
    connection = sqlite3.connect(file)
    try:
        return [row[0] for row in connection.execute("SELECT number FROM numbers ORDER BY number")]
    finally:
        connection.close()


@pytest.fixture
async def opened() -> AsyncIterator[Opened]:
    threads = []

    def connect(file: Path) -> aiosqlite.Connection:
        made = aiosqlite.connect(f"file:{file}?mode=rw", uri=True, isolation_level=None, timeout=2)
        threads.append(made._thread)
        return made

    yield lambda file: AtOnce(lambda: connect(file))
    for thread in threads:  # one whose connection failed answers to the event loop all the same
        await asyncio.to_thread(thread.join, 5)


INSERT = "INSERT INTO numbers VALUES (?)"


async def test_what_was_put_in_is_there_for_others_at_once(opened: Opened, file: Path) -> None:
    at_once = opened(file)
    await at_once.put([(INSERT, [(1,), (2,)]), (INSERT, [(3,)])])
    assert numbers(file) == [1, 2, 3]
    await at_once.close()


async def test_one_statement_that_fails_takes_all_with_it_and_the_next_run_works(opened: Opened, file: Path) -> None:
    at_once = opened(file)
    with pytest.raises(sqlite3.IntegrityError):
        await at_once.put([(INSERT, [(1,), (2,)]), (INSERT, [(3,), (2,)])])
    assert numbers(file) == []
    await at_once.put([(INSERT, [(4,)])])
    assert numbers(file) == [4]
    await at_once.close()


async def test_it_waits_for_another_writer(opened: Opened, file: Path) -> None:
    at_once = opened(file)
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute(INSERT, (1,))
    running = asyncio.create_task(at_once.put([(INSERT, [(2,)])]))
    done, _ = await asyncio.wait([running], timeout=0.2)
    assert not done
    other.execute("COMMIT")
    other.close()
    await running
    assert numbers(file) == [1, 2]
    await at_once.close()


async def test_whoever_gives_up_leaves_nothing_half_done(opened: Opened, file: Path) -> None:
    at_once = opened(file)
    await at_once.put([(INSERT, [(0,)])])
    running = asyncio.create_task(at_once.put([(INSERT, [(number,) for number in range(1, 5001)])]))
    await asyncio.sleep(0)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await at_once.put([(INSERT, [(9999,)])])
    assert numbers(file) in ([0, 9999], [*range(5001), 9999])
    await at_once.close()


async def test_no_file_is_made_where_there_is_none(opened: Opened, tmp_path: Path) -> None:
    at_once = opened(tmp_path / "none.db")
    with pytest.raises(sqlite3.OperationalError):
        await at_once.put([(INSERT, [(1,)])])
    await at_once.close()
    assert not (tmp_path / "none.db").exists()
