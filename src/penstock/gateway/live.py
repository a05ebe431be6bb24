"""Responses under way in this process: what was said so far, for those who join, and who may end them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Literal

from penstock.dialects.responses.events import Event

_FOLLOWED_S = 3.0  # some times as long as between two signs of those who read in other processes

Ending = Literal["cancelled", "incomplete"]


class Live:
    """One response under way. `events` are all events so far, by their sequence numbers.

    A run whose client left goes on for `linger_s`, so that the client can join again; a background run until its end.
    """

    __slots__ = (
        "_changed",
        "_followed_until",
        "_joined",
        "_linger_s",
        "_timer",
        "background",
        "closing",
        "done",
        "ending",
        "events",
        "id",
        "left",
        "project_id",
        "snapshot",
        "task",
    )

    def __init__(self, id: str, project_id: str, *, background: bool, linger_s: float) -> None:
        self.id, self.project_id, self.background = id, project_id, background
        self.events: list[Event] = []
        self.closing = False  # its end is known, and being kept
        self.done = False
        self.left = False  # its client is gone
        self.ending: Ending | None = None  # why it is being ended early
        self.snapshot: Callable[[], bytes] | None = None  # the response as it stands, once it has begun
        self.task: asyncio.Task[None] | None = None
        self._linger_s = linger_s
        self._followed_until = 0.0
        self._joined = 0
        self._timer: asyncio.TimerHandle | None = None
        self._changed = asyncio.Event()

    def add(self, events: list[Event]) -> None:
        """More was said."""
        self.events += events
        self._wake()

    def finish(self) -> None:
        """Nothing follows; what is to be kept is kept."""
        self.done = True
        self._stop_timer()
        self._wake()

    def end(self, why: Ending) -> None:
        """Ends the run early; how it ended is kept before it is over."""
        if not (self.closing or self.done) and self.ending is None:
            self.ending = why
            if self.task is not None:
                self.task.cancel(why)

    def client_left(self) -> None:
        """The one who began it is gone: without somebody else who reads, it ends in a while."""
        self.left = True
        self._linger()

    def followed(self) -> None:
        """Somebody reads it in another process, and says so every second."""
        self._followed_until = asyncio.get_running_loop().time() + _FOLLOWED_S
        self._stop_timer()
        self._linger()

    @property
    def read_by_id(self) -> bool:
        """Whether somebody has joined it, here or in another process."""
        return self._joined > 0 or asyncio.get_running_loop().time() < self._followed_until

    def told(self) -> bytes:
        """The JSON array of the events so far."""
        return b"[" + b",".join([event.data for event in self.events]) + b"]"

    async def follow(self, after: int, silence_s: float) -> AsyncIterator[list[Event]]:
        """The events with numbers above `after`, as they come, to the last one; [] after each `silence_s` without."""
        self._joined += 1
        self._stop_timer()
        position = after + 1
        try:
            while True:
                changed = self._changed
                if position < len(self.events):
                    news = self.events[position:]
                    position = len(self.events)
                    yield news
                elif self.done:
                    return
                else:
                    try:
                        await asyncio.wait_for(changed.wait(), silence_s)
                    except TimeoutError:
                        yield []
        finally:
            self._joined -= 1
            self._linger()

    async def over(self) -> None:
        """Waits for the end."""
        while not self.done:
            await self._changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _linger(self) -> None:
        if self.left and not (self._joined or self.background or self.done) and self._timer is None:
            loop = asyncio.get_running_loop()
            end = max(loop.time() + self._linger_s, self._followed_until)
            self._timer = loop.call_at(end, self.end, "incomplete")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Runs:
    """All of them, by id. Whoever looks names the project."""

    def __init__(self) -> None:
        self._live: dict[str, Live] = {}

    def add(self, live: Live) -> None:
        """`live` begins."""
        self._live[live.id] = live

    def remove(self, live: Live) -> None:
        """`live` is over, and in the database."""
        self._live.pop(live.id, None)

    def find(self, project_id: str, id: str) -> Live | None:
        """The response with `id`, where it is that project's and under way here."""
        live = self._live.get(id)
        return live if live is not None and live.project_id == project_id else None

    @property
    def all(self) -> list[tuple[str, str]]:
        """Each one's project and its own id."""
        return [(live.project_id, live.id) for live in self._live.values()]
