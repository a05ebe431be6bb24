from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from contextlib import aclosing, closing, suppress
from pathlib import Path

import msgspec
import pytest
from tests.store.records import START, a_record

from penstock.core.record import Record
from penstock.settings import Settings
from penstock.store import requests, segments
from penstock.store.database import Database
from penstock.store.history import follow, history
from penstock.store.rows import row_of_line
from penstock.store.spool import Spool
from penstock.store.waiting import Waiting
from penstock.store.writer import Writer

pytestmark = pytest.mark.anyio


async def _insert(database: Database, records: list[Record]) -> None:
    await requests.insert(database, [row_of_line(msgspec.json.encode(record)) for record in records])


async def _history(database: Database, folder: Path, project: str | None = None, **how: object) -> list[Record]:
    with Waiting(folder) as waiting:
        return [record async for record in history(database, waiting, project, **how)]  # type: ignore[arg-type]


@pytest.mark.parametrize("limit", [0, 1, 3, 20, 59, 60, 1000])
async def test_database_and_spool_are_one_list_and_each_record_is_in_it_once(
    database: Database, spool: Spool, limit: int
) -> None:
    chance = random.Random(limit)
    # Several of each time; some in the database, some in the spool, some in both.
    records = [a_record(n, time=START + n // 4, project=chance.choice("ab")) for n in range(60)]
    where = [chance.choice(("database", "spool", "both")) for _ in records]
    await _insert(database, [record for record, place in zip(records, where, strict=True) if place != "spool"])
    shuffled = [record for record, place in zip(records, where, strict=True) if place != "database"]
    chance.shuffle(shuffled)
    for record in shuffled:
        spool.append(record)
    newest = records[::-1]
    assert await _history(database, spool.folder, limit=limit) == newest[: limit or None]
    of_a = [record for record in newest if record.project == "a"]
    assert await _history(database, spool.folder, "a", limit=limit) == of_a[: limit or None]
    assert await _history(database, spool.folder, newest_first=False) == records


async def test_a_record_of_this_moment_is_seen(database: Database, spool: Spool) -> None:
    spool.append(a_record(1))
    assert await _history(database, spool.folder, limit=20) == [a_record(1)]


async def test_without_a_spool_the_database_is_all(database: Database, tmp_path: Path) -> None:
    await _insert(database, [a_record(1)])
    assert await _history(database, tmp_path / "nowhere") == [a_record(1)]


async def test_lines_that_are_no_records_are_passed_over(database: Database, spool: Spool) -> None:
    spool.append(a_record(1))
    with (spool.folder / str(spool.live)).open("ab") as file:
        file.write(b"\0\0\n{}\n")
    spool.append(a_record(2))
    with (spool.folder / str(spool.live)).open("ab") as file:
        file.write(b'{"request_id":"req_torn')
    assert await _history(database, spool.folder) == [a_record(2), a_record(1)]


async def test_what_is_drained_while_one_looks_is_not_missed(database: Database, spool: Spool) -> None:
    for number in range(10):
        spool.append(a_record(number))
    with Waiting(spool.folder) as waiting:
        assert [link for link in _open_files() if link.startswith(str(spool.folder))]
        spool.close()
        await Writer(spool, database).flush()
        assert segments.names(spool.folder) == []
        found = [record async for record in history(database, waiting, None)]
    assert found == [a_record(number) for number in range(10)][::-1]


async def test_to_look_changes_nothing_and_holds_nothing(database: Database, spool: Spool, settings: Settings) -> None:
    spool.append(a_record(1))
    spool.close()
    (name,) = segments.names(spool.folder)
    before = (spool.folder / name).read_bytes()
    with closing(sqlite3.connect(Path(settings.home) / "penstock.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert await _history(database, spool.folder) == [a_record(1)]
    assert not [link for link in _open_files() if link.startswith(str(spool.folder))]
    assert (spool.folder / name).read_bytes() == before
    descriptor = segments.claim(spool.folder / name)
    assert descriptor is not None
    os.close(descriptor)


def _open_files() -> list[str]:
    found = []
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the one of this very listing
            found.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    return found


@pytest.mark.parametrize("limit", [3, 0])
async def test_following_tells_each_record_once_oldest_first(database: Database, spool: Spool, limit: int) -> None:
    writer = Writer(spool, database)
    await _insert(database, [a_record(number) for number in range(1, 5)])
    spool.append(a_record(5))
    spool.append(a_record(6, project="b"))
    told: list[str] = []
    first_part = asyncio.Event()

    async def listen() -> None:
        async with aclosing(follow(database, Waiting(spool.folder), "default", limit=limit, poll_s=0.01)) as parts:
            async for records in parts:
                told.extend(record.request_id for record in records)
                if "req_00000005" in told:
                    first_part.set()

    task = asyncio.create_task(listen())
    await asyncio.wait_for(first_part.wait(), 10)
    earlier = [f"req_{n:08d}" for n in ((3, 4, 5) if limit else (1, 2, 3, 4, 5))]
    assert told == earlier
    for number in (9, 0, 8):  # 0: a call that began before all the others and ends last
        spool.append(a_record(number))
    spool.append(a_record(10, project="b"))
    await writer.flush()
    async with asyncio.timeout(10):
        while len(told) < len(earlier) + 3:
            await asyncio.sleep(0.01)
    spool.append(a_record(11))
    await writer.flush()
    async with asyncio.timeout(10):
        while len(told) < len(earlier) + 4:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == [*earlier, "req_00000009", "req_00000000", "req_00000008", "req_00000011"]
