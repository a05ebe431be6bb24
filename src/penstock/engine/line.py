"""Who may use a model now, and who waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from penstock.core.errors import Unavailable


class Line:
    """At most `places` callers at once, or one that is alone; the rest wait in the order they came.

    Order alone makes it fair: a caller that wants to be alone waits for those before it, and those after it for it.
    """

    def __init__(self, places: int, queue: int) -> None:
        self._places = places
        self._queue = queue
        self._waiting: dict[asyncio.Future[None], bool] = {}  # in the order they came; True: wants to be alone
        self._alone = False
        self.held = False
        self.active = 0

    @property
    def waiting(self) -> int:
        """Callers that wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def turn(self, *, alone: bool) -> AsyncIterator[None]:
        """Waits for a place and keeps it. Raises Unavailable where too many wait already."""
        await self._enter(alone)
        try:
            yield
        finally:
            self.active -= 1
            self._alone = False
            self._admit()

    def hold(self) -> None:
        """Lets nobody in until `release`."""
        self.held = True

    def release(self) -> None:
        """Lets callers in again."""
        self.held = False
        self._admit()

    async def _enter(self, alone: bool) -> None:
        if not self._waiting and self._fits(alone):
            self._take(alone)
            return
        if len(self._waiting) >= self._queue:
            raise Unavailable(
                f"{len(self._waiting)} calls wait for this model, the most that may (engine.queue); try again",
                code="model_busy",
                headers={"retry-after": "1"},
            )
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[place] = alone
        try:
            await place
        except asyncio.CancelledError:
            self._waiting.pop(place, None)
            if not place.cancelled():  # it was given the place as it left
                self.active -= 1
                self._alone = False
            self._admit()
            raise

    def _fits(self, alone: bool) -> bool:
        return not self.held and not self._alone and (self.active == 0 if alone else self.active < self._places)

    def _take(self, alone: bool) -> None:
        self.active += 1
        self._alone = alone

    def _admit(self) -> None:
        while self._waiting:
            place, alone = next(iter(self._waiting.items()))
            if place.done():  # it is about to leave
                del self._waiting[place]
            elif self._fits(alone):
                del self._waiting[place]
                self._take(alone)
                place.set_result(None)
            else:
                return
