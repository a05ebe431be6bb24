"""The rows, who runs, and one process's dealings with both."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from msgspec.structs import replace
from tests.store.backends import ask, change, plans, sqlite_only

from penstock.core.errors import Unavailable
from penstock.settings import Settings
from penstock.store import idempotency
from penstock.store import ledger as ledger_module
from penstock.store.database import Database
from penstock.store.idempotency import DONE, TOO_LARGE, Claim, Held
from penstock.store.ledger import Ledger
from penstock.store.runners import Runners

pytestmark = pytest.mark.anyio

ASKED = Claim("key_1", b"n" * 32, b"b" * 32, "folder.process.1", 1000, 2000)
NAME, BODY = b"n" * 32, b"b" * 32


def _alive(_: Held) -> bool:
    return False


def _dead(_: Held) -> bool:
    return True


async def _finish(database: Database, asked: Claim, answer: bytes = b"answer") -> bool:
    packed = idempotency.pack(answer)
    return await idempotency.finish(database, asked, state=DONE, status=200, headers="{}", packed=packed)


async def test_the_first_takes_it_and_the_others_see_who(database: Database) -> None:
    assert await idempotency.claim(database, ASKED, _alive) is None
    held = await idempotency.claim(database, replace(ASKED, runner="another"), _alive)
    assert held is not None
    assert (held.state, held.runner, held.body_hash) == ("running", ASKED.runner, ASKED.body_hash)
    assert await idempotency.claim(database, replace(ASKED, key_id="key_2"), _alive) is None
    assert await idempotency.claim(database, replace(ASKED, name_hash=b"m" * 32), _alive) is None


async def test_of_many_at_once_one_wins(on_settings: Settings) -> None:
    async with await Database.open(on_settings, lock_wait_s=30) as database:
        claims = [replace(ASKED, runner=f"runner {n}") for n in range(20)]
        found = await asyncio.gather(*(idempotency.claim(database, claim, _alive) for claim in claims))
    assert sum(held is None for held in found) == 1


async def test_the_answer_is_there_as_it_was(database: Database) -> None:
    await idempotency.claim(database, ASKED, _alive)
    answer = os.urandom(100_000) + b"x" * 100_000
    assert await _finish(database, ASKED, answer)
    assert await idempotency.answer(database, "key_1", NAME, BODY) == answer
    assert await idempotency.answer(database, "key_2", NAME, BODY) is None
    assert await idempotency.answer(database, "key_1", NAME, b"c" * 32) is None
    held = await idempotency.claim(database, replace(ASKED, runner="another"), _dead)  # it needs no runner any more
    assert held is not None
    assert (held.state, held.status, held.headers) == (DONE, 200, "{}")
    await idempotency.free(database, ASKED)
    assert await idempotency.answer(database, "key_1", NAME, BODY) == answer


async def test_a_call_that_failed_or_whose_runner_died_begins_anew(database: Database) -> None:
    await idempotency.claim(database, ASKED, _alive)
    await idempotency.free(database, ASKED)
    second, third = replace(ASKED, runner="second"), replace(ASKED, runner="third", body_hash=b"c" * 32)
    assert await idempotency.claim(database, second, _alive) is None
    assert await idempotency.claim(database, third, _dead) is None
    # Who was taken for dead touches nothing any more.
    assert not await _finish(database, second)
    await idempotency.free(database, second)
    held = await idempotency.find(database, "key_1", NAME)
    assert held is not None
    assert (held.runner, held.body_hash, held.state) == ("third", b"c" * 32, "running")
    assert await _finish(database, third)


async def test_what_is_past_its_time_is_no_more(database: Database) -> None:
    await idempotency.claim(database, ASKED, _alive)
    await _finish(database, ASKED)
    again = replace(ASKED, runner="again", created=2000, expires=3000)
    assert await idempotency.claim(database, replace(again, created=1999), _alive) is not None
    assert await idempotency.claim(database, again, _alive) is None
    assert await idempotency.answer(database, "key_1", NAME, BODY) is None


async def test_rows_are_deleted_in_steps_by_number_and_by_size(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims = [replace(ASKED, key_id=f"key_{n}", expires=1000 + n) for n in range(20)]
    for claim in claims:
        await idempotency.claim(database, claim, _alive)
    assert await idempotency.expire(database, 999) == 0
    assert await idempotency.expire(database, 1009, limit=4) == 4
    assert await idempotency.expire(database, 1009, limit=40) == 6
    assert await idempotency.expire(database, 1009) == 0
    assert await ask(database, "SELECT min(expires), count(*) FROM idempotency") == [(1010, 10)]
    monkeypatch.setattr(idempotency, "_TOGETHER", 2500)
    for claim in claims[10:]:
        await _finish(database, claim, os.urandom(1000))
    assert await idempotency.expire(database, 5000) == 2
    monkeypatch.setattr(idempotency, "_TOGETHER", 10)
    assert await idempotency.expire(database, 5000) == 1
    assert await ask(database, "SELECT count(*) FROM idempotency") == [(7,)]


async def test_the_look_for_what_is_past_its_time_reads_an_index(database: Database) -> None:
    with plans(database) as explained:
        await idempotency.expire(database, 1)
        await idempotency.find(database, "key_1", NAME)
        found = await explained()
    assert len(found) == 2
    for statement, plan in found:
        assert ("ix_idempotency_expires" in plan) == ("LIMIT" in statement)
        assert "SCAN idempotency" not in plan
        assert "Seq Scan" not in plan


@pytest.fixture
def folder(settings: Settings) -> Path:
    return Path(settings.home) / "runners"


@contextmanager
def _another_process(folder: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """One that runs, with its token."""
    program = """
        import signal, sys
        from pathlib import Path
        from penstock.store.runners import Runners
        runners = Runners(Path(sys.argv[1]))
        print(runners.token, flush=True)
        signal.pause()
    """
    arguments = [sys.executable, "-c", textwrap.dedent(program), str(folder)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip(), process
        finally:
            process.kill()


def test_who_runs_is_told_and_who_was_killed(folder: Path, tmp_path: Path) -> None:
    ours = Runners(folder)
    elsewhere = Runners(tmp_path / "elsewhere")
    with _another_process(folder) as (token, process):
        assert ours.alive(token) is True
        assert ours.alive(ours.token) is True
        assert ours.alive(elsewhere.token) is None
        assert ours.alive("nonsense") is None
        process.kill()
        process.wait()
        assert ours.alive(token) is False
        assert ours.alive(token) is False  # its file is gone, and it still is
    again = Runners(folder)
    assert again.token.partition(".")[0] == ours.token.partition(".")[0]
    assert again.alive(ours.token) is True
    ours.close()
    assert again.alive(ours.token) is False
    again.close()
    elsewhere.close()
    assert os.listdir(folder) == ["folder.id"]


def test_what_dead_processes_left_is_removed_at_a_start(folder: Path) -> None:
    with _another_process(folder):
        pass
    assert len(os.listdir(folder)) == 2
    ours = Runners(folder)
    assert sorted(os.listdir(folder)) == sorted(["folder.id", ours.token.partition(".")[2]])
    ours.close()


@asynccontextmanager
async def _a_ledger(database: Database, folder: Path, whole_s: float = 600) -> AsyncIterator[Ledger]:
    made = Ledger(database, Runners(folder), whole_s)
    await made.start()
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def ledger(database: Database, folder: Path) -> AsyncIterator[Ledger]:
    async with _a_ledger(database, folder) as made:
        yield made


async def test_a_call_is_taken_ended_and_given_again(ledger: Ledger) -> None:
    claim = ledger.new("key_1", NAME, BODY)
    assert await ledger.take(claim) is None
    await ledger.finish(claim, headers='{"a":1}', answer=b"answer")
    ledger.free(claim)  # as always, and without effect now
    again = ledger.new("key_1", NAME, BODY)
    held = await ledger.take(again)
    assert held is not None
    assert (held.state, held.headers) == (DONE, '{"a":1}')
    assert held.expires - held.created == 24 * 3600 * 1_000_000
    assert await ledger.answer(again) == b"answer"
    ledger.free(again)


async def test_another_ledger_waits_for_the_answer(ledger: Ledger, database: Database, folder: Path) -> None:
    claim = ledger.new("key_1", NAME, BODY)
    await ledger.take(claim)
    async with _a_ledger(database, folder) as other:
        waiting = asyncio.create_task(other.take(other.new("key_1", NAME, BODY)))
        different = await other.take(other.new("key_1", NAME, b"c" * 32))
        assert different is not None
        assert different.body_hash == BODY  # at once: it will not be that one's answer
        await asyncio.sleep(0.2)
        assert not waiting.done()
        await ledger.finish(claim, headers="{}", answer=None)
        held = await waiting
        assert held is not None
        assert held.state == TOO_LARGE


async def test_another_ledger_takes_over_where_the_call_failed_or_its_process_died(
    ledger: Ledger, database: Database, folder: Path
) -> None:
    claim = ledger.new("key_1", NAME, BODY)
    await ledger.take(claim)
    async with _a_ledger(database, folder) as other:
        waiting = asyncio.create_task(other.take(other.new("key_1", NAME, BODY)))
        await asyncio.sleep(0.1)
        ledger.free(claim)
        assert await waiting is None
    third = ledger.new("key_1", NAME, BODY)
    assert await ledger.take(third) is None  # `other` has closed, and counts as dead
    ledger.free(third)


async def test_a_runner_that_nobody_knows_is_dead_when_it_is_old(
    ledger: Ledger, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with _a_ledger(database, tmp_path / "another machine") as other:
        claim = other.new("key_1", NAME, BODY)
        await other.take(claim)
        async with _a_ledger(database, tmp_path / "a third one", whole_s=0.2) as third:
            with pytest.raises(Unavailable) as caught:
                await third.take(third.new("key_1", NAME, BODY))
            assert caught.value.code == "idempotency_in_progress"
        await change(database, "UPDATE idempotency SET created = created - :us", us=11 * 60 * 1_000_000)
        assert await ledger.take(ledger.new("key_1", NAME, BODY)) is None


@contextmanager
def _nobody_else_writes(settings: Settings) -> Iterator[None]:
    other = sqlite3.connect(Path(settings.home) / "penstock.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()


@sqlite_only
async def test_without_the_database_nothing_is_promised(ledger: Ledger, settings: Settings, database: Database) -> None:
    lost, failed = ledger.new("key_1", NAME, BODY), ledger.new("key_2", NAME, BODY)
    await ledger.take(lost)
    await ledger.take(failed)
    with _nobody_else_writes(settings):
        with pytest.raises(Unavailable) as caught:
            await ledger.take(ledger.new("key_3", NAME, BODY))
        assert (caught.value.code, caught.value.headers) == ("idempotency_unavailable", {"retry-after": "1"})
        with pytest.raises(Unavailable):
            await ledger.finish(lost, headers="{}", answer=b"answer")
        ledger.free(lost)  # changes nothing: its answer is owed
        ledger.free(failed)
        with pytest.raises(Unavailable):
            await ledger.take(ledger.new("key_1", NAME, BODY))
    again = ledger.new("key_1", NAME, BODY)
    held = await ledger.take(again)  # at once, whatever is owed
    assert held is not None
    assert await ledger.answer(again) == b"answer"
    async with asyncio.timeout(10):
        while await idempotency.find(database, "key_2", NAME) is not None:
            await asyncio.sleep(0.01)


@sqlite_only
async def test_what_is_owed_is_bounded_and_never_forgotten_for_good(
    ledger: Ledger, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "_MOST_OWED_BYTES", 1500)
    claims = [ledger.new(f"key_{n}", NAME, BODY) for n in range(3)]
    for claim in claims:
        await ledger.take(claim)
    with _nobody_else_writes(settings):
        for claim in claims:
            with pytest.raises(Unavailable):
                await ledger.finish(claim, headers="{}", answer=os.urandom(1000))
    found = [await ledger.take(ledger.new(f"key_{n}", NAME, BODY)) for n in range(3)]
    assert [held and held.state for held in found] == [DONE, TOO_LARGE, TOO_LARGE]


async def test_a_database_that_does_not_answer_is_not_waited_for(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang(*_: object) -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(idempotency, "claim", hang)
    monkeypatch.setattr(ledger_module, "_LONGEST_S", 0.1)
    began = time.monotonic()
    with pytest.raises(Unavailable) as caught:
        await ledger.take(ledger.new("key_1", NAME, BODY))
    assert caught.value.code == "idempotency_unavailable"
    assert time.monotonic() - began < 3


async def test_what_is_past_its_time_is_deleted_by_itself(database: Database, folder: Path) -> None:
    await idempotency.claim(database, ASKED, _alive)
    async with _a_ledger(database, folder), asyncio.timeout(10):
        while await idempotency.find(database, "key_1", NAME) is not None:
            await asyncio.sleep(0.01)
