"""Asks the database about hashes that are not in memory: many at once, each once, and seldom."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from itertools import islice

from penstock.accounts.keys import Key
from penstock.core.errors import Unavailable
from penstock.store.errors import DatabaseError

_PAUSE_S = 0.02  # between two queries: however many wrong keys are tried, the database hears of them 50 times a second
_TOGETHER = 500  # hashes in one query
_WAITING = 10_000  # hashes that may wait for a query
_UNKNOWN = 10_000  # hashes that are remembered as unknown,
_UNKNOWN_S = 5.0  # for so long
_ANSWER_S = 5.0  # how long one may wait


class Lookups:
    """`ask(hash)` waits for the one query that answers it; `query` is what asks about several hashes.

    Time and memory are bounded whatever is asked for: guesses wait for each other, not for the database.
    """

    def __init__(self, query: Callable[[list[bytes]], Awaitable[dict[bytes, Key]]]) -> None:
        self._query = query
        self._unknown: dict[bytes, float] = {}  # hash -> until when; the oldest first, since each stays as long
        self._waiting: dict[bytes, asyncio.Future[Key | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def ask(self, hashed: bytes) -> Key | None:
        """The key with that hash, None where there is none. Raises Unavailable where nobody can tell."""
        loop = asyncio.get_running_loop()
        if self._unknown.get(hashed, 0.0) > loop.time():
            return None
        answer = self._waiting.get(hashed)
        if answer is None:
            if len(self._waiting) >= _WAITING:
                raise _unavailable()
            answer = self._waiting[hashed] = loop.create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._work(), name="penstock-lookups")
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await asyncio.shield(answer)  # others wait for it too
        except TimeoutError as error:
            raise _unavailable() from error

    def forget(self, hashed: bytes) -> None:
        """That hash may be known now."""
        self._unknown.pop(hashed, None)

    async def close(self) -> None:
        """Ends the query that runs; who waits is told so."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        for hashed in list(self._waiting):
            self._settle(hashed, _unavailable())

    async def _work(self) -> None:
        """Answers what waits, until nothing does."""
        while self._waiting:
            batch = list(islice(self._waiting, _TOGETHER))
            try:
                found = await self._query(batch)
            except Exception as error:  # a defect, too, is for those who wait: without an answer they would wait on
                for hashed in batch:
                    self._settle(hashed, _unavailable() if isinstance(error, DatabaseError) else error)
            else:
                for hashed in batch:
                    self._settle(hashed, found.get(hashed))
            await asyncio.sleep(_PAUSE_S)
        self._task = None

    def _settle(self, hashed: bytes, answer: Key | Exception | None) -> None:
        waiting = self._waiting.pop(hashed)
        if isinstance(answer, Exception):
            waiting.set_exception(answer)
            waiting.exception()  # all who waited may have left by now: nobody is missing it then
            return
        waiting.set_result(answer)
        if answer is None:
            self._unknown.pop(hashed, None)
            if len(self._unknown) >= _UNKNOWN:
                del self._unknown[next(iter(self._unknown))]
            self._unknown[hashed] = asyncio.get_running_loop().time() + _UNKNOWN_S


def _unavailable() -> Unavailable:
    return Unavailable(
        "the API key is not in memory, and the database cannot be asked for it now; try again",
        code="keys_unavailable",
        headers={"retry-after": "1"},
    )
