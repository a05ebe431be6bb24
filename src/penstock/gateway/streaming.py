"""The client's stream: begun with the first content, kept alive when idle, ended in exactly one way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from penstock.core.answer import Frame
from penstock.dialects.sse import KEEP_ALIVE, event
from penstock.gateway.book import Book
from penstock.gateway.sink import Sink

# Before there is content another target may still answer, so what comes is held; nobody sends this much of nothing.
_MOST_HELD = 1024


class ClientStream:
    """Writes frames to the client, one write each.

    Frames before the first content are held: until then the client has seen nothing, and another try may begin.
    """

    __slots__ = (
        "_book",
        "_ended",
        "_headers",
        "_held",
        "_keep_alive_s",
        "_last",
        "_loop",
        "_pinging",
        "_sink",
        "_timer",
        "begun",
    )

    def __init__(self, sink: Sink, book: Book, headers: Callable[[], dict[str, str]], keep_alive_s: float) -> None:
        self._sink = sink
        self._book = book
        self._headers = headers
        self._keep_alive_s = keep_alive_s
        self._held: list[Frame] = []
        self._loop = asyncio.get_running_loop()
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._ended = False
        self.begun = False

    def restart(self) -> None:
        """Another try begins: what the last one sent without content is forgotten."""
        self._held.clear()

    async def take(self, frames: list[Frame]) -> None:
        """Writes `frames`, or holds them while none has content."""
        if not self.begun:
            self._held += frames
            if not any(frame.content for frame in frames) and len(self._held) < _MOST_HELD:
                return
            frames, self._held = self._held, []
            await self._begin()
        send = self._sink.send
        for frame in frames:
            await send(event(frame.data))
        self._last = self._loop.time()

    async def flush(self) -> None:
        """The answer is whole: what is held goes out, content or not."""
        if not self.begun:
            held, self._held = self._held, []
            await self._begin()
            for frame in held:
                await self._sink.send(event(frame.data))

    async def end(self, last: bytes) -> None:
        """Writes the last part; nothing follows."""
        self._stop()
        if self._pinging is not None:
            await self._pinging
        await self._sink.end(last)

    def abandon(self) -> None:
        """Nobody reads any more."""
        self._stop()
        if self._pinging is not None:
            self._pinging.cancel()

    async def _begin(self) -> None:
        self.begun = True
        self._book.first_token()
        await self._sink.begin(self._headers())
        self._last = self._loop.time()
        self._timer = self._loop.call_at(self._last + self._keep_alive_s, self._look)

    def _stop(self) -> None:
        self._ended = True
        if self._timer is not None:
            self._timer.cancel()

    def _look(self) -> None:
        """Sends a comment where the stream has been silent for long; armed again for when it would next be."""
        now = self._loop.time()
        if self._ended:
            return
        if now >= self._last + self._keep_alive_s:
            if self._pinging is None or self._pinging.done():  # else the client reads slowly: no second one behind it
                self._pinging = self._loop.create_task(self._sink.send(KEEP_ALIVE))
            self._last = now
        self._timer = self._loop.call_at(self._last + self._keep_alive_s, self._look)
