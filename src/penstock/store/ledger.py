"""One process's dealings with calls that carry an Idempotency-Key: taken in hand, waited for, ended, forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, NamedTuple, TypeVar

import msgspec
import structlog

from penstock.core.errors import Unavailable
from penstock.store import idempotency
from penstock.store.database import Database
from penstock.store.errors import DatabaseError
from penstock.store.idempotency import Claim, Held
from penstock.store.runners import Runners

log = structlog.get_logger(__name__)
T = TypeVar("T")

UNAVAILABLE: Final = "idempotency_unavailable"
"""The code of every error that means: whether this call was made already cannot be known now."""

_DAY = 24 * 60 * 60 * 1_000_000
_GRACE_S = 60.0  # who has had a call in hand for so much longer than any call may take is dead, wherever it ran
_LONGEST_S = 5.0  # a database that does not say within this cannot be asked
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.05, 1.0  # between two looks at a call that another process has in hand
_MOST_OWED = 10_000  # of one more, the oldest call that failed is left to its age
_MOST_OWED_BYTES = 256 * 1024 * 1024
_AGAIN_S = 1.0
_EXPIRE_S = 60.0
_SMALL = 64 * 1024  # an answer of more is packed in a thread


class _Ending(NamedTuple):
    """How a call ended well."""

    state: str
    headers: str
    packed: bytes | None


class Ledger:
    """For one event loop. `whole_s` is how long a call may take."""

    def __init__(self, database: Database, runners: Runners, whole_s: float) -> None:
        self._database = database
        self._runners = runners
        self._whole_s = whole_s
        self._number = 0
        self._running: set[str] = set()  # runners of the calls that this process has in hand, or whose answer it owes
        # What the database has not heard of, by runner: calls that failed (None), and answers that it did not take.
        self._owed: OrderedDict[str, tuple[Claim, _Ending | None]] = OrderedDict()
        self._owed_bytes = 0
        self._owing = asyncio.Event()
        self._settling = asyncio.Lock()
        self._writing = asyncio.Lock()  # SQLite does not make those who wait for it wait in turn
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins to delete what is past its time, and to tell the database what it has not heard of."""
        self._tasks = [
            asyncio.create_task(self._keep_settling(), name="penstock-ledger"),
            asyncio.create_task(self._keep_expiring(), name="penstock-ledger-expiry"),
        ]

    async def close(self) -> None:
        """Tells the database what it has not heard of, where it listens; this process counts as dead from then on."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        with contextlib.suppress(Unavailable):
            await self._settle()
        self._runners.close()

    def new(self, key_id: str, name_hash: bytes, body_hash: bytes) -> Claim:
        """A call that is to be made; `free` must follow, however it ends."""
        self._number += 1
        now = _now()
        claim = Claim(key_id, name_hash, body_hash, f"{self._runners.token}.{self._number}", now, now + _DAY)
        self._running.add(claim.runner)
        return claim

    async def take(self, claim: Claim) -> Held | None:
        """None where the call is ours to make; else what is held, waited for while another process has it in hand.

        A call that asks for something else is not waited for. Raises Unavailable.
        """
        end = time.monotonic() + self._whole_s
        pause_s = _FIRST_PAUSE_S
        if self._owes(claim):
            await self._settle()
        held = await self._tell(partial(idempotency.claim, self._database, claim, self._is_dead))
        while held is not None and held.state == idempotency.RUNNING and held.body_hash == claim.body_hash:
            if time.monotonic() > end:
                raise Unavailable(
                    "another server has the call with this Idempotency-Key in hand and does not come to an end",
                    code="idempotency_in_progress",
                    headers={"retry-after": "5"},
                )
            await asyncio.sleep(pause_s)
            pause_s = min(1.5 * pause_s, _LONGEST_PAUSE_S)
            held = await self._ask(idempotency.find(self._database, claim.key_id, claim.name_hash))
            if held is None or held.expires <= _now() or (held.state == idempotency.RUNNING and self._is_dead(held)):
                now = _now()
                again = msgspec.structs.replace(claim, created=now, expires=now + _DAY)
                held = await self._tell(partial(idempotency.claim, self._database, again, self._is_dead))
            elif held.state == idempotency.RUNNING and held.status is None:
                await self._tell(partial(idempotency.ask_to_stay, self._database, claim.key_id, claim.name_hash))
        if held is not None:
            self._running.discard(claim.runner)
        return held

    async def awaited(self, claim: Claim) -> bool:
        """Whether somebody waits for a call of ours in another process, as far as the database can be asked."""
        try:
            return await self._tell(partial(idempotency.awaited, self._database, claim))
        except Unavailable:
            return False

    async def answer(self, claim: Claim) -> bytes:
        """The answer that is held. Raises Unavailable."""
        found = await self._ask(idempotency.answer(self._database, claim.key_id, claim.name_hash, claim.body_hash))
        if found is None:
            raise Unavailable(
                "the answer to this Idempotency-Key came to the end of its 24 hours at this moment; try again",
                code=UNAVAILABLE,
                headers={"retry-after": "0"},
            )
        return found

    async def finish(self, claim: Claim, *, headers: str, answer: bytes | None) -> None:
        """Keeps how a call ended; None for an answer that is too large.

        Raises Unavailable. The answer goes in all the same then, as soon as the database takes it.
        """
        ending = _Ending(idempotency.TOO_LARGE, headers, None)
        if answer is not None:
            large = len(answer) > _SMALL
            packed = await asyncio.to_thread(idempotency.pack, answer) if large else idempotency.pack(answer)
            ending = _Ending(idempotency.DONE, headers, packed)
        try:
            await self._write(claim, ending)
        except BaseException:  # a client that leaves now may ask again later
            self._owe(claim, ending)
            raise
        self._running.discard(claim.runner)

    def free(self, claim: Claim) -> None:
        """The call is over. Where it has no answer, the next one with its key begins anew."""
        if claim.runner in self._running and claim.runner not in self._owed:
            self._running.discard(claim.runner)
            self._owe(claim, None)

    def _is_dead(self, held: Held) -> bool:
        """Whether the one who has a call in hand will never finish it."""
        token, _, _ = held.runner.rpartition(".")
        if token == self._runners.token:
            return held.runner not in self._running
        if _now() - held.created > (self._whole_s + _GRACE_S) * 1_000_000:
            return True
        return self._runners.alive(token) is False

    def _owes(self, claim: Claim) -> bool:
        """Whether the answer to that very key is one that the database did not take."""
        return any(
            ending is not None and (owed.key_id, owed.name_hash) == (claim.key_id, claim.name_hash)
            for owed, ending in self._owed.values()
        )

    def _owe(self, claim: Claim, ending: _Ending | None) -> None:
        size = len(ending.packed or b"") if ending is not None else 0
        if ending is not None and self._owed_bytes + size > _MOST_OWED_BYTES:
            ending, size = ending._replace(state=idempotency.TOO_LARGE, packed=None), 0
        self._owed_bytes += size
        self._owed[claim.runner] = (claim, ending)
        if len(self._owed) > _MOST_OWED:
            for runner, (_, owed) in self._owed.items():
                if owed is None:
                    del self._owed[runner]
                    break
        self._owing.set()

    async def _settle(self) -> None:
        """Tells the database all that is owed, oldest first. Raises Unavailable."""
        async with self._settling:
            while self._owed:
                runner, (claim, ending) = next(iter(self._owed.items()))
                if ending is None:
                    await self._tell(partial(idempotency.free, self._database, claim))
                else:
                    await self._write(claim, ending)
                    self._owed_bytes -= len(ending.packed or b"")
                self._owed.pop(runner, None)
                self._running.discard(runner)

    async def _write(self, claim: Claim, ending: _Ending) -> None:
        state, headers, packed = ending
        ours = await self._tell(
            partial(idempotency.finish, self._database, claim, state=state, status=200, headers=headers, packed=packed)
        )
        if not ours:
            log.error("the answer to an Idempotency-Key is not kept: another process has begun the call again")

    async def _tell(self, telling: Callable[[], Awaitable[T]]) -> T:
        async def in_turn() -> T:
            async with self._writing:
                return await telling()

        return await self._ask(in_turn())

    async def _ask(self, asking: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(_LONGEST_S):
                return await asking
        except (DatabaseError, OSError) as error:  # TimeoutError is an OSError
            log.warning("the database cannot be asked about an Idempotency-Key", reason=str(error) or "it is too slow")
            raise Unavailable(
                "the database cannot be asked, so a call with an Idempotency-Key could be made twice; try again later, "
                "or without the header",
                code=UNAVAILABLE,
                headers={"retry-after": "1"},
            ) from error

    async def _keep_settling(self) -> None:
        while True:
            await self._owing.wait()
            self._owing.clear()  # first: what comes meanwhile sets it again
            try:
                await self._settle()
            except Exception as error:  # whatever it is, what is owed must be told in the end
                if not isinstance(error, Unavailable):
                    log.error("calls with an Idempotency-Key cannot be ended", exc_info=error)
                await asyncio.sleep(_AGAIN_S)
                self._owing.set()

    async def _keep_expiring(self) -> None:
        while True:
            try:
                deleted = await idempotency.expire(self._database, _now())
            except Exception as error:  # whatever it is, what is past its time must not stay for good
                defect = None if isinstance(error, DatabaseError) else error
                log.error("answers to Idempotency-Keys past their time stay", error=str(error), exc_info=defect)
                deleted = 0
            await asyncio.sleep(0.1 if deleted else _EXPIRE_S)  # others write too


def _now() -> int:
    return time.time_ns() // 1000
