from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw
from structlog.testing import capture_logs
from tests.store.backends import ask, sqlite_only

from penstock.core.errors import Unavailable
from penstock.settings import Settings
from penstock.store import keeper as keeper_module
from penstock.store import objects
from penstock.store.conversations import NewItem, all_items
from penstock.store.database import Database
from penstock.store.errors import RowRefused
from penstock.store.journal import REJECTED, Journal
from penstock.store.keeper import Keeper
from penstock.store.stored_object import StoredObject

pytestmark = pytest.mark.anyio


def an_object(id: str = "resp_1", **more: object) -> StoredObject:
    given = {"project_id": "proj_1", "kind": "response", "created": 1} | more
    return StoredObject(id=id, **given)  # type: ignore[arg-type]


def fold(begun: StoredObject, events: list[bytes]) -> StoredObject:
    """Keeps what was received, as the gateway's does; the test's own needs no dialect."""
    if b"defect" in events or b'"defect"' in events:
        raise ValueError("a defect")
    return msgspec.structs.replace(begun, status="incomplete", output=[Raw(event) for event in events])


@pytest.fixture
def journal(settings: Settings) -> Journal:
    return Journal(Path(settings.home) / "journal", 1 << 20)


@pytest.fixture
async def keeper(database: Database, journal: Journal) -> AsyncIterator[Keeper]:
    made = Keeper(database, journal, fold, 600)
    yield made
    await made.close()


async def _get(database: Database, id: str = "resp_1") -> StoredObject | None:
    return await objects.get(database, "proj_1", "response", id, events=True)


async def _status(database: Database, id: str = "resp_1") -> str | None:
    found = await _get(database, id)
    return None if found is None else found.status


async def _eventually(holds: Callable[[], bool], within_s: float = 15) -> None:
    async with asyncio.timeout(within_s):
        while not holds():
            await asyncio.sleep(0.01)


@contextmanager
def _nobody_else_writes(settings: Settings) -> Iterator[None]:
    """Holds the lock of the SQLite file: to everybody else the database is down for writing."""
    other = sqlite3.connect(Path(settings.home) / "penstock.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


async def test_what_is_kept_is_in_the_database_when_it_returns(
    keeper: Keeper, database: Database, journal: Journal
) -> None:
    entry = keeper.begin(an_object(status="in_progress"))
    await keeper.announce(an_object(status="in_progress"))
    assert await _status(database) == "in_progress"
    assert len(os.listdir(journal.folder)) == 1
    await keeper.keep(an_object(output=[Raw(b'{"id":"msg_1"}')]), entry)
    found = await _get(database)
    assert found is not None
    assert (found.status, [bytes(raw) for raw in found.output]) == ("completed", [b'{"id":"msg_1"}'])
    assert os.listdir(journal.folder) == []


async def test_items_go_in_with_their_object(keeper: Keeper, database: Database) -> None:
    await keeper.keep(an_object("conv_1", kind="conversation"))
    item = Raw(b'{"id":"msg_1","type":"message"}')
    await keeper.keep(an_object(conversation="conv_1"), items=[NewItem("conv_1", "proj_1", item)])
    assert [bytes(raw) for raw in await all_items(database, "proj_1", "conv_1")] == [bytes(item)]


async def test_many_share_few_transactions(keeper: Keeper, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    together: list[int] = []
    put = objects.put

    async def counted(database: Database, batch: list[StoredObject], items: list[NewItem], *, fresh: bool) -> None:
        together.append(len(batch))
        await put(database, batch, items, fresh=fresh)

    monkeypatch.setattr(objects, "put", counted)
    await asyncio.gather(*(keeper.keep(an_object(f"resp_{n}")) for n in range(350)))
    assert sum(together) == 350
    assert len(together) <= 5
    assert await objects.count(database, "proj_1", "response") == 350


async def test_of_one_object_the_last_state_counts(keeper: Keeper, database: Database) -> None:
    states = ["queued", "in_progress", "completed"]
    await asyncio.gather(*(keeper.keep(an_object(status=status)) for status in states))
    assert await _status(database) == "completed"


async def test_one_that_no_database_takes_does_not_fail_the_others(
    keeper: Keeper, database: Database, journal: Journal
) -> None:
    refused = an_object("resp_refused", created=2**70)
    entry = keeper.begin(refused)
    rest = [keeper.keep(an_object(f"resp_{n}")) for n in range(20)]
    found = await asyncio.gather(*rest[:10], keeper.keep(refused, entry), *rest[10:], return_exceptions=True)
    assert isinstance(found.pop(10), RowRefused)
    assert found == [None] * 20
    assert await objects.count(database, "proj_1", "response") == 20
    await keeper.start()  # what it left is not tried for ever
    assert [name.endswith(REJECTED) for name in os.listdir(journal.folder)] == [True]


async def test_a_caller_that_leaves_takes_nothing_back(keeper: Keeper, database: Database, journal: Journal) -> None:
    entry = keeper.begin(an_object())
    keeping = asyncio.create_task(keeper.keep(an_object(), entry))
    await asyncio.sleep(0)
    keeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await keeping
    await keeper.keep(an_object("resp_2"))
    assert await _status(database) == "completed"
    assert os.listdir(journal.folder) == []


@sqlite_only
async def test_while_the_database_is_down_the_journal_has_it(
    keeper: Keeper, database: Database, journal: Journal, settings: Settings
) -> None:
    await keeper.start()
    await keeper.keep(an_object("conv_1", kind="conversation"))
    item = NewItem("conv_1", "proj_1", Raw(b'{"id":"msg_1"}'))
    with _nobody_else_writes(settings):
        entry = keeper.begin(an_object(status="in_progress"))
        await keeper.announce(an_object(status="in_progress"))  # no word: its entry stands for it
        began = time.monotonic()
        await keeper.keep(an_object(conversation="conv_1", events=b"[1]"), entry, [item])
        await asyncio.gather(*(keeper.keep(an_object(f"resp_more{n}")) for n in range(50)))
        assert time.monotonic() - began < 5
        assert journal.waiting_bytes > 0
        assert await _status(database) is None
    await _eventually(lambda: journal.waiting_bytes == 0)
    found = await _get(database)
    assert found is not None
    assert (found.status, found.events) == ("completed", b"[1]")
    assert [bytes(raw) for raw in await all_items(database, "proj_1", "conv_1")] == [b'{"id":"msg_1"}']
    assert await objects.count(database, "proj_1", "response") == 51
    assert os.listdir(journal.folder) == []


@sqlite_only
async def test_where_neither_takes_it_its_caller_hears_so(database: Database, settings: Settings) -> None:
    keeper = Keeper(database, Journal(Path(settings.home) / "journal", 1), fold, 600)
    with _nobody_else_writes(settings), pytest.raises(Unavailable) as caught:
        await keeper.keep(an_object())
    assert caught.value.code == "journal_full"
    assert os.listdir(Path(settings.home) / "journal") == []
    await keeper.close()


async def test_a_database_that_does_not_answer_counts_as_down(
    keeper: Keeper, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(objects, "put", hang)
    monkeypatch.setattr(keeper_module, "_LONGEST_S", 0.1)
    await keeper.keep(an_object())
    assert len(journal.left()) == 1


async def test_runs_that_were_cut_short_are_kept_as_far_as_they_came(database: Database, journal: Journal) -> None:
    first = Keeper(database, journal, fold, 600)
    for n in range(70):
        entry = first.begin(an_object(f"resp_{n}", status="in_progress"))
        if n % 2:
            await first.announce(an_object(f"resp_{n}", status="in_progress"))
        entry.append(b'{"id":"msg_%d"}\n' % n)
        del entry  # the process is gone
    again = Keeper(database, Journal(journal.folder, 1 << 20), fold, 600)
    await again.start()
    for n in range(70):
        found = await _get(database, f"resp_{n}")
        assert found is not None
        assert (found.status, [bytes(raw) for raw in found.output]) == ("incomplete", [b'{"id":"msg_%d"}' % n])
    assert os.listdir(journal.folder) == []
    await first.close()
    await again.close()


async def test_one_that_ended_stays_as_it_ended(keeper: Keeper, database: Database, journal: Journal) -> None:
    """The process was killed after the commit, before it removed the file."""
    entry = keeper.begin(an_object(status="in_progress"))
    entry.append(b'{"id":"msg_1"}\n')
    await keeper.keep(an_object(model="gpt-4"))
    entry.finish(an_object(model="older"), [NewItem("conv_1", "proj_1", Raw(b'{"id":"msg_1"}'))])
    entry.leave()
    await keeper.start()
    found = await _get(database)
    assert found is not None
    assert (found.status, found.model) == ("completed", "gpt-4")
    assert os.listdir(journal.folder) == []


async def test_one_that_cannot_be_recovered_does_not_hold_up_the_others(
    keeper: Keeper, database: Database, journal: Journal
) -> None:
    for id, event in (("resp_1", b'{"a":1}'), ("resp_2", b"defect"), ("resp_3", b'{"a":1}')):
        entry = keeper.begin(an_object(id))
        entry.append(event + b"\n")
        entry.leave()
    with capture_logs() as logs:
        await keeper.start()
    assert [await _status(database, f"resp_{n}") for n in (1, 2, 3)] == ["incomplete", None, "incomplete"]
    (name,) = os.listdir(journal.folder)
    assert name.endswith(REJECTED)
    assert {line["id"] for line in logs} == {"resp_2"}


def _killed_in_the_middle_of_many(home: str) -> tuple[set[str], set[str]]:
    """The numbers of the runs that a process began, and of those that it kept, before it was killed."""
    program = """
        import asyncio, sys
        from itertools import count
        from pathlib import Path
        from penstock.settings import Settings
        from penstock.store.database import Database
        from penstock.store.journal import Journal
        from penstock.store.keeper import Keeper
        from penstock.store.stored_object import StoredObject

        async def run(keeper, n):
            def state(status):
                return StoredObject(id=f"resp_{n}", project_id="proj_1", kind="response", created=1, status=status)
            entry = keeper.begin(state("in_progress"))
            await keeper.announce(state("in_progress"))
            print("began", n, flush=True)
            for event in range(n % 7):
                entry.append(b'{"event":%d}\\n' % event)
                await asyncio.sleep(0.001)
            await keeper.keep(state("completed"), entry)
            print("kept", n, flush=True)

        async def work(keeper, numbers):
            while True:
                await run(keeper, next(numbers))

        async def main(home):
            async with await Database.open(Settings(home=home)) as database:
                keeper, numbers = Keeper(database, Journal(Path(home) / "journal", 1 << 24), None, 600), count()
                await asyncio.gather(*(work(keeper, numbers) for _ in range(200)))

        asyncio.run(main(sys.argv[1]))
    """
    arguments = [sys.executable, "-c", textwrap.dedent(program), home]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while sum(line.startswith("kept") for line in lines) < 500:
            lines.append(process.stdout.readline())
            assert lines[-1], "it ended too early"
        process.send_signal(signal.SIGKILL)
        lines += process.stdout.readlines()
    began = {line.split()[1] for line in lines if line.startswith("began") and line.endswith("\n")}
    kept = {line.split()[1] for line in lines if line.startswith("kept") and line.endswith("\n")}
    return began, kept


@sqlite_only
async def test_killed_in_the_middle_of_many(keeper: Keeper, database: Database, settings: Settings) -> None:
    """What was kept is kept; every other run is there as far as it came."""
    began, kept = await asyncio.to_thread(_killed_in_the_middle_of_many, settings.home)
    assert len(kept) < len(began)
    await keeper.start()
    for n in began:
        assert await _status(database, f"resp_{n}") in ({"completed"} if n in kept else {"completed", "incomplete"})
    under_way = "SELECT count(*) FROM stored WHERE status = 'in_progress'"
    assert await ask(database, under_way) == [(0,)]
    assert os.listdir(Path(settings.home) / "journal") == []


async def test_what_is_past_its_time_is_deleted_by_itself(keeper: Keeper, database: Database) -> None:
    await keeper.keep(an_object(expires=2))
    await keeper.keep(an_object("resp_2"))
    await keeper.start()
    async with asyncio.timeout(10):
        while await ask(database, "SELECT id FROM stored") != [("resp_2",)]:
            await asyncio.sleep(0.01)


async def test_what_no_process_can_have_in_hand_any_more_is_ended(
    keeper: Keeper, database: Database, journal: Journal
) -> None:
    now = time.time_ns() // 1000
    for id, status, created in (
        ("resp_old", "in_progress", now - 5 * 3600 * 10**6),
        ("resp_asked", "ending", now - 5 * 3600 * 10**6),
        ("resp_new", "in_progress", now - 3600 * 10**6),
        ("resp_over", "completed", now - 5 * 3600 * 10**6),
    ):
        await keeper.announce(an_object(id, status=status, created=created))
    await keeper.start()
    async with asyncio.timeout(10):
        while await ask(database, "SELECT id FROM stored WHERE status = 'incomplete' ORDER BY id") != [
            ("resp_asked",),
            ("resp_old",),
        ]:
            await asyncio.sleep(0.01)
    untouched = "SELECT id, status FROM stored WHERE status <> 'incomplete' ORDER BY id"
    assert await ask(database, untouched) == [("resp_new", "in_progress"), ("resp_over", "completed")]


async def test_a_machine_that_comes_back_after_that_brings_what_it_has(
    keeper: Keeper, database: Database, journal: Journal
) -> None:
    """What others had been told of it is kept until then."""
    told = b'[{"id":"msg_1"}]'
    await keeper.announce(an_object("resp_0", status="followed", events=b'["defect"]'))
    await keeper.announce(an_object(status="followed", events=told))
    await keeper._end_lost()
    found = await _get(database)
    assert found is not None
    assert (found.status, [bytes(raw) for raw in found.output]) == ("incomplete", [b'{"id":"msg_1"}'])
    for events, more in ((b'{"id":"msg_1"}\n', []), (b'{"id":"msg_1"}\n{"id":"msg_2"}\n', [b'{"id":"msg_2"}'])):
        entry = keeper.begin(an_object(status="in_progress", model="of the journal"))
        entry.append(events)
        entry.leave()
        await keeper._drain()
        found = await _get(database)
        assert found is not None
        assert [bytes(raw) for raw in found.output][1:] == more
        assert found.model == ("of the journal" if more else None)
