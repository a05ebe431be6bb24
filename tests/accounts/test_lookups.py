from __future__ import annotations

import asyncio
import hashlib

import pytest

from penstock.accounts import lookups
from penstock.accounts.keys import Key
from penstock.accounts.lookups import Lookups
from penstock.core.errors import Unavailable
from penstock.store.errors import DatabaseError

pytestmark = pytest.mark.anyio

KEY = Key("key_1", "laptop", "abcdefgh", "default", "proj_1", False, 1)
KNOWN = hashlib.sha256(b"known").digest()


class FakeDatabase:
    """Knows one hash; notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[list[bytes]] = []
        self.error: Exception | None = None
        self.held = asyncio.Event()
        self.held.set()

    async def query(self, hashes: list[bytes]) -> dict[bytes, Key]:
        self.asked.append(hashes)
        await self.held.wait()
        if self.error:
            raise self.error
        return {KNOWN: KEY} if KNOWN in hashes else {}


def _wrong(number: int) -> bytes:
    return hashlib.sha256(b"%d" % number).digest()


async def test_many_who_ask_at_once_share_a_query() -> None:
    database = FakeDatabase()
    asked = Lookups(database.query)
    answers = await asyncio.gather(
        *(asked.ask(_wrong(n % 100)) for n in range(200)), *(asked.ask(KNOWN) for _ in range(9))
    )
    assert answers == [None] * 200 + [KEY] * 9
    assert len(database.asked) <= 2
    assert sorted(hashed for query in database.asked for hashed in query) == sorted([*map(_wrong, range(100)), KNOWN])
    await asked.close()


async def test_however_fast_one_guesses_queries_keep_their_distance() -> None:
    database = FakeDatabase()
    asked = Lookups(database.query)
    loop = asyncio.get_running_loop()
    start = loop.time()
    for number in range(20):
        assert await asked.ask(_wrong(number)) is None
    assert len(database.asked) == 20
    assert loop.time() - start >= 19 * 0.02
    await asked.close()


async def test_what_is_unknown_is_asked_once_until_it_may_be_known() -> None:
    database = FakeDatabase()
    asked = Lookups(database.query)
    for _ in range(50):
        assert await asked.ask(_wrong(1)) is None
    assert len(database.asked) == 1
    asked.forget(_wrong(1))
    assert await asked.ask(_wrong(1)) is None
    assert len(database.asked) == 2
    await asked.close()


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "_UNKNOWN", 10)
    monkeypatch.setattr(lookups, "_TOGETHER", 7)
    monkeypatch.setattr(lookups, "_WAITING", 30)
    database = FakeDatabase()
    asked = Lookups(database.query)
    database.held.clear()
    waiting = [asyncio.create_task(asked.ask(_wrong(number))) for number in range(30)]
    await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await asked.ask(_wrong(30))
    database.held.set()
    assert await asyncio.gather(*waiting) == [None] * 30
    assert {len(query) for query in database.asked} == {7, 2}
    assert len(asked._unknown) == 10
    assert set(asked._unknown) == {_wrong(number) for number in range(20, 30)}
    await asked.close()


async def test_a_database_that_is_down_is_no_verdict_on_a_key() -> None:
    database = FakeDatabase()
    asked = Lookups(database.query)
    database.error = DatabaseError("down")
    with pytest.raises(Unavailable) as refused:
        await asked.ask(KNOWN)
    assert (refused.value.status, refused.value.code) == (503, "keys_unavailable")
    assert "retry-after" in refused.value.headers
    database.error = None
    assert await asked.ask(KNOWN) == KEY
    await asked.close()


async def test_a_defect_is_told_and_ends_nothing() -> None:
    database = FakeDatabase()
    asked = Lookups(database.query)
    database.error = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError):
        await asked.ask(KNOWN)
    database.error = None
    assert await asked.ask(KNOWN) == KEY
    await asked.close()


async def test_one_who_leaves_does_not_take_the_answer_away_from_others() -> None:
    database = FakeDatabase()
    asked = Lookups(database.query)
    database.held.clear()
    leaving, staying = (asyncio.create_task(asked.ask(KNOWN)) for _ in range(2))
    await asyncio.sleep(0.01)
    leaving.cancel()
    database.held.set()
    assert await staying == KEY
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert len(database.asked) == 1
    await asked.close()


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "_ANSWER_S", 0.05)
    database = FakeDatabase()
    asked = Lookups(database.query)
    database.held.clear()
    with pytest.raises(Unavailable):
        await asked.ask(KNOWN)
    waiting = asyncio.create_task(asked.ask(KNOWN))
    await asyncio.sleep(0)
    await asked.close()
    with pytest.raises(Unavailable):
        await waiting
