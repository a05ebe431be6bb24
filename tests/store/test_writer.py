from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.store.backends import sqlite_only
from tests.store.records import a_record

from penstock.settings import Settings
from penstock.store import segments
from penstock.store.database import Database
from penstock.store.errors import DatabaseError
from penstock.store.requests import listing
from penstock.store.spool import Spool
from penstock.store.writer import Writer

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def writer(spool: Spool, database: Database) -> AsyncIterator[Writer]:
    made = Writer(spool, database)
    yield made
    await made.close()


async def _ids(database: Database) -> list[str]:
    """The request ids in the database, sorted; each as often as it is there."""
    return sorted([record.request_id async for record in listing(database, None)])


async def _eventually(holds: Callable[[], bool], within_s: float = 10) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


def _file(settings: Settings) -> Path:
    return Path(settings.home) / "penstock.db"


async def test_what_is_appended_gets_into_the_database_by_itself(
    spool: Spool, database: Database, writer: Writer
) -> None:
    await writer.start()
    for number in range(30):
        spool.append(a_record(number))
    await _eventually(lambda: spool.waiting_bytes == 0)
    assert await _ids(database) == [f"req_{n:08d}" for n in range(30)]
    spool.append(a_record(30))
    await _eventually(lambda: spool.waiting_bytes == 0)
    assert len(await _ids(database)) == 31


async def test_ten_thousand_records_each_once_and_as_they_were(
    spool: Spool, database: Database, writer: Writer
) -> None:
    for number in range(10_000):
        spool.append(a_record(number))
    assert len(segments.names(spool.folder)) == 1
    await writer.flush()
    assert spool.waiting_bytes == 0
    found = [record async for record in listing(database, None, newest_first=False)]
    assert found == [a_record(number) for number in range(10_000)]


async def test_a_drained_segment_is_removed_and_the_live_one_stays(
    spool: Spool, database: Database, writer: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 2000)
    for number in range(20):
        spool.append(a_record(number))
    await writer.start()
    live = [] if spool.live is None else [spool.live]
    await _eventually(lambda: segments.names(spool.folder) == live)
    assert len(await _ids(database)) == 20


async def test_the_end_leaves_no_segment(spool: Spool, database: Database) -> None:
    writer = Writer(spool, database)
    await writer.start()
    for number in range(5):
        spool.append(a_record(number))
    await writer.close()
    assert os.listdir(spool.folder) == []
    assert len(await _ids(database)) == 5


@sqlite_only
async def test_a_segment_stays_until_the_database_is_on_the_disk(
    spool: Spool, database: Database, writer: Writer, settings: Settings
) -> None:
    spool.append(a_record(1))
    spool.close()
    # Someone who reads keeps the log from being taken over into the file, and so from being forced.
    reader = sqlite3.connect(_file(settings), isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM requests").fetchall()
    await writer.flush()
    assert await _ids(database) == ["req_00000001"]
    assert len(segments.names(spool.folder)) == 1
    reader.close()
    await writer.flush()
    assert segments.names(spool.folder) == []


async def test_reading_a_segment_again_adds_nothing(spool: Spool, database: Database) -> None:
    for number in range(700):
        spool.append(a_record(number))
    spool.close()
    (name,) = segments.names(spool.folder)
    content = (spool.folder / name).read_bytes()
    for _ in range(2):
        (spool.folder / name).write_bytes(content)
        await Writer(spool, database).flush()  # as after a restart: where it was is forgotten
    assert await _ids(database) == [f"req_{n:08d}" for n in range(700)]


async def test_a_torn_last_line_is_no_record_and_no_hindrance(spool: Spool, database: Database, writer: Writer) -> None:
    for number in range(3):
        spool.append(a_record(number))
    spool.close()
    (name,) = segments.names(spool.folder)
    with (spool.folder / name).open("ab") as file:
        file.write(b'{"request_id":"req_torn","ti')
    with capture_logs() as logs:
        await writer.flush()
    assert [(entry["log_level"], entry["bytes"]) for entry in logs] == [("warning", 28)]
    assert await _ids(database) == ["req_00000000", "req_00000001", "req_00000002"]
    assert segments.names(spool.folder) == []


async def test_a_bad_line_is_put_aside_and_the_others_go_on(spool: Spool, database: Database, writer: Writer) -> None:
    for number in range(3):
        spool.append(a_record(number))
    with (spool.folder / str(spool.live)).open("ab") as file:
        file.write(b"\0\0\0\0\n" + b'{"request_id": 7}\n')
    spool.append(a_record(3))
    with capture_logs() as logs:
        await writer.flush()
    assert [entry["log_level"] for entry in logs] == ["error", "error"]
    assert await _ids(database) == [f"req_{n:08d}" for n in range(4)]
    rejected = spool.folder / segments.REJECTED
    assert rejected.read_bytes() == b"\0\0\0\0\n" + b'{"request_id": 7}\n'
    assert rejected.stat().st_mode & 0o777 == 0o600
    assert spool.waiting_bytes == rejected.stat().st_size  # until a person has looked at it, it takes its room


@sqlite_only
async def test_a_bad_line_is_put_aside_once_although_the_database_is_down_for_long(
    spool: Spool, database: Database, writer: Writer, settings: Settings
) -> None:
    spool.append(a_record(1))
    with (spool.folder / str(spool.live)).open("ab") as file:
        file.write(b"{}\n")
    with closing(sqlite3.connect(_file(settings), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        for _ in range(3):
            with pytest.raises(DatabaseError):
                await writer.flush()
    await writer.flush()
    assert (spool.folder / segments.REJECTED).read_bytes() == b"{}\n"
    assert await _ids(database) == ["req_00000001"]


@sqlite_only
async def test_a_row_that_the_database_refuses_is_put_aside(spool: Spool, database: Database, writer: Writer) -> None:
    for number in range(600):
        spool.append(a_record(number))
    spool.append(a_record(600, latency_us=2**63))  # more than a column holds
    async with database.write() as connection:
        await connection.exec_driver_sql(
            "CREATE TRIGGER refuse BEFORE INSERT ON requests WHEN NEW.model_asked = 'refused' "
            "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        )
    spool.append(a_record(601, model_asked="refused"))
    for number in range(602, 700):
        spool.append(a_record(number))
    with capture_logs() as logs:
        await writer.flush()
    assert await _ids(database) == [f"req_{n:08d}" for n in range(700) if n not in (600, 601)]
    lines = (spool.folder / segments.REJECTED).read_bytes().splitlines()
    assert [b"req_00000600" in lines[0], b"req_00000601" in lines[1], len(lines)] == [True, True, 2]
    assert ["too large" in logs[0]["reason"], "not this one" in logs[1]["reason"], len(logs)] == [True, True, 2]


@sqlite_only
async def test_a_locked_database_holds_up_neither_calls_nor_the_loop(
    spool: Spool, database: Database, writer: Writer, settings: Settings
) -> None:
    other = sqlite3.connect(_file(settings), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with capture_logs() as logs:
        await writer.start()
        longest, last, end = 0.0, time.monotonic(), time.monotonic() + 2.0
        number = 0
        while time.monotonic() < end:
            spool.append(a_record(number))
            number += 1
            await asyncio.sleep(0.01)
            longest, last = max(longest, time.monotonic() - last), time.monotonic()
        assert longest < 0.5
        assert await _ids(database) == []
        other.execute("ROLLBACK")
        other.close()
        await _eventually(lambda: spool.waiting_bytes == 0, within_s=5)
    assert await _ids(database) == [f"req_{n:08d}" for n in range(number)]
    assert [(entry["event"], entry["log_level"]) for entry in logs] == [  # once, not at every try
        ("records wait in the spool", "error"),
        ("records move on again", "info"),
    ]


@sqlite_only
async def test_a_database_that_stays_locked_leaves_the_records_for_the_next_start(
    spool: Spool, database: Database, settings: Settings
) -> None:
    other = sqlite3.connect(_file(settings), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer = Writer(spool, database)
    spool.append(a_record(1))
    with pytest.raises(DatabaseError, match="database is locked"):
        await writer.flush()
    with capture_logs() as logs:
        await writer.close(timeout_s=1)
    assert logs[0]["bytes"] == spool.waiting_bytes > 0
    other.execute("ROLLBACK")
    other.close()
    next_start = Spool(spool.folder, settings.spool)
    assert next_start.waiting_bytes == spool.waiting_bytes
    await Writer(next_start, database).flush()
    assert await _ids(database) == ["req_00000001"]
    assert next_start.waiting_bytes == 0


@sqlite_only
async def test_a_database_that_was_moved_away_gets_nothing_until_it_is_back(
    spool: Spool, database: Database, writer: Writer, settings: Settings
) -> None:
    file = _file(settings)
    file.rename(file.with_suffix(".away"))
    spool.append(a_record(1))
    with pytest.raises(DatabaseError, match="moved or replaced"):
        await writer.flush()
    file.with_suffix(".away").rename(file)
    await writer.flush()
    assert await _ids(database) == ["req_00000001"]


async def test_the_live_segment_of_another_process_is_left_to_it(
    spool: Spool, database: Database, writer: Writer, settings: Settings
) -> None:
    other = Spool(spool.folder, settings.spool)
    other.append(a_record(1))
    spool.append(a_record(2))
    await writer.flush()
    assert await _ids(database) == ["req_00000002"]
    assert spool.waiting_bytes == 0
    other.close()  # as when that process ends, however it does
    await writer.flush()
    assert await _ids(database) == ["req_00000001", "req_00000002"]
    assert segments.names(spool.folder) == [spool.live]


async def test_a_live_segment_that_someone_removed_is_reported_and_followed_by_another(
    spool: Spool, database: Database, writer: Writer
) -> None:
    spool.append(a_record(1))
    (spool.folder / str(spool.live)).unlink()
    spool.append(a_record(2))
    with capture_logs() as logs:
        await writer.flush()
    assert [entry["log_level"] for entry in logs] == ["error"]
    spool.append(a_record(3))
    await writer.flush()
    assert await _ids(database) == ["req_00000003"]


KILLED = """
    import asyncio, os, random, signal, sys, time
    from pathlib import Path
    from penstock.settings import Settings, SpoolSettings
    from penstock.store import segments
    from penstock.store.database import Database
    from penstock.store.spool import Spool
    from penstock.store.writer import Writer
    from tests.store.records import a_record

    async def serve(home, first, begun):
        settings = Settings(home=home, spool=SpoolSettings(drain_ms=5, fsync_ms=5))
        database = await Database.open(settings)
        spool = Spool(Path(home) / "spool", settings.spool)
        await Writer(spool, database).start()
        for number in range(first, first + 1_000_000):
            spool.append(a_record(number))
            os.write(1, b"req_%08d\\n" % number)
            if number == first:
                os.write(begun, b"!")
            if number % 10 == 0:
                await asyncio.sleep(0.001)

    segments.SEGMENT_BYTES = 100_000  # so that segments are ended and removed, too
    chance = random.Random(2)
    for turn in range(5):
        children = []
        for first in (2 * turn * 1_000_000, (2 * turn + 1) * 1_000_000):
            reading, begun = os.pipe()
            child = os.fork()
            if child == 0:
                asyncio.run(serve(sys.argv[1], first, begun))
            os.close(begun)
            children.append((child, reading))
        for child, reading in children:
            assert os.read(reading, 1) == b"!"
            os.close(reading)
            time.sleep(chance.uniform(0.0, 0.3))
            os.kill(child, signal.SIGKILL)
            assert os.waitpid(child, 0)[1] == signal.SIGKILL
"""


def _start(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


async def _output(process: subprocess.Popen[bytes]) -> bytes:
    """What the process writes, until it has ended well."""
    output, _ = await asyncio.to_thread(process.communicate, timeout=60)
    assert process.returncode == 0, output.decode()
    return output


async def test_killed_processes_lose_nothing_and_double_nothing(settings: Settings) -> None:
    """Ten of them, two at a time in one folder, each killed at some moment while it appends and drains."""
    acknowledged = (await _output(_start(KILLED, settings.home))).decode().split()
    async with await Database.open(settings) as database:
        spool = Spool(Path(settings.home) / "spool", settings.spool)
        await Writer(spool, database).flush()
        found = Counter(await _ids(database))
    assert len({request_id[:6] for request_id in acknowledged}) == 10  # each of them
    assert set(acknowledged) <= set(found)
    assert set(found.values()) == {1}
    assert os.listdir(spool.folder) == []


DRAIN = """
    import asyncio, sys
    from pathlib import Path
    from penstock.settings import Settings
    from penstock.store.database import Database
    from penstock.store.spool import Spool
    from penstock.store.writer import Writer

    async def main(home):
        settings = Settings(home=home)
        async with await Database.open(settings) as database:
            writer = Writer(Spool(Path(home) / "spool", settings.spool), database)
            print("ready", flush=True)
            sys.stdin.read()
            await writer.start()
            await asyncio.sleep(1)
            await writer.close()

    asyncio.run(main(sys.argv[1]))
"""


async def test_two_processes_drain_one_folder(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 20_000)
    spool = Spool(Path(settings.home) / "spool", settings.spool)
    for number in range(2000):
        spool.append(a_record(number))
    spool.close()
    assert len(segments.names(spool.folder)) > 50

    started = [_start(DRAIN, settings.home) for _ in range(2)]
    for process in started:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"ready\n"
    await asyncio.gather(*(_output(process) for process in started))  # closes their stdin: off they go
    async with await Database.open(settings) as database:
        assert await _ids(database) == [f"req_{n:08d}" for n in range(2000)]
    assert os.listdir(spool.folder) == []


DATABASE_FULL = """
    import asyncio, resource, sys
    from pathlib import Path
    from penstock.settings import Settings, SpoolSettings
    from penstock.store.database import Database
    from penstock.store.requests import listing
    from penstock.store.spool import Spool
    from penstock.store.writer import Writer
    from tests.store.records import a_record

    async def main(home):
        settings = Settings(home=home, spool=SpoolSettings(drain_ms=10))
        async with await Database.open(settings) as database:
            spool = Spool(Path(home) / "spool", settings.spool)
            for number in range(2000):
                spool.append(a_record(number))
            # Files of more bytes than this cannot be written: as on a full disk.
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))
            writer = Writer(spool, database)
            await writer.start()
            await asyncio.sleep(0.5)
            assert spool.waiting_bytes > 0
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            async with asyncio.timeout(5):
                while spool.waiting_bytes:
                    await asyncio.sleep(0.01)
            assert [r async for r in listing(database, None, newest_first=False)] == [a_record(n) for n in range(2000)]
            await writer.close()

    asyncio.run(main(sys.argv[1]))
"""


async def test_a_full_disk_under_the_database_costs_no_record(settings: Settings) -> None:
    logs = await _output(_start(DATABASE_FULL, settings.home))
    assert b"records wait in the spool" in logs
    assert b"records move on again" in logs
