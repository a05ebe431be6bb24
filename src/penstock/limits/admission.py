"""The bound on calls under way in one process."""

from __future__ import annotations

import asyncio
from types import TracebackType

from penstock.core.errors import Unavailable


class Admission:
    """Counts calls; `with admission.admit():` holds one place.

    At a stop, `draining` refuses new calls, and `ended` says that those still under way are being broken off.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.running = 0
        self.draining = False
        self.ended = False
        self._idle: asyncio.Event | None = None

    def admit(self) -> Admission:
        """Takes a place. Raises Unavailable, with `retry-after`, where there is none."""
        if self.draining:
            raise Unavailable("this server is stopping; try again", code="stopping", headers={"retry-after": "1"})
        if self.running >= self._most:
            raise Unavailable(
                f"{self._most} calls are under way, the most that one process takes (limits.concurrent_calls)",
                code="too_many_calls",
                headers={"retry-after": "1"},
            )
        self.running += 1
        return self

    def __enter__(self) -> Admission:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.running -= 1
        if not self.running and self._idle is not None:
            self._idle.set()

    async def idle(self) -> None:
        """Waits until no call is under way."""
        self._idle = asyncio.Event()
        if self.running:
            await self._idle.wait()
