"""The client's stream: begun with the first content, kept alive when idle, ended in exactly one way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from penstock.core.answer import Frame
from penstock.dialects.sse import KEEP_ALIVE
from penstock.gateway.book import Book
from penstock.gateway.face import Face
from penstock.gateway.sink import Sink

# Before there is content another target may still answer, so what comes is held; nobody sends this much of nothing.
_MOST_HELD = 1024


class ClientStream:
    """Writes frames to the client as `face` has them, one write each.

    Frames before the first content are held: until then the client has seen nothing, and another try may begin.
    `with_cost` adds to the JSON of the frame with the usage what that costs.
    """

    __slots__ = (
        "_book",
        "_ended",
        "_face",
        "_headers",
        "_held",
        "_keep_alive_s",
        "_last",
        "_loop",
        "_opening",
        "_pinging",
        "_sink",
        "_timer",
        "_with_cost",
        "begun",
    )

    def __init__(
        self,
        sink: Sink,
        book: Book,
        face: Face,
        headers: Callable[[], dict[str, str]],
        with_cost: Callable[[bytes], bytes],
        keep_alive_s: float,
    ) -> None:
        self._sink = sink
        self._book = book
        self._face = face
        self._headers = headers
        self._with_cost = with_cost
        self._keep_alive_s = keep_alive_s
        self._held: list[Frame] = []
        self._loop = asyncio.get_running_loop()
        self._last = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._opening: asyncio.Task[None] | None = None
        self._ended = False
        self.begun = False

    def restart(self, long_wait: bool = False) -> None:
        """Another try begins: what the last one sent without content is forgotten.

        With `long_wait` its content comes all at once at its end: where that takes as long as a stream may be silent,
        the stream begins with a comment, and from then on no other target can answer.
        """
        self._held.clear()
        self._stop_timer()
        if long_wait and not self.begun:
            self._timer = self._loop.call_later(self._keep_alive_s, self._begin_early)

    async def take(self, frames: list[Frame]) -> None:
        """Writes `frames`, or holds them while none has content."""
        if not self.begun:
            self._held += frames
            if not any(frame.content for frame in frames) and len(self._held) < _MOST_HELD:
                return
            frames, self._held = self._held, []
            await self._begin()
        elif self._opening is not None:
            await self._opening
            self._book.first_token()
        await self._write(frames)
        self._last = self._loop.time()

    async def flush(self) -> None:
        """The answer is whole: what is held goes out, content or not."""
        if not self.begun:
            held, self._held = self._held, []
            await self._begin()
            await self._write(held)

    async def end(self, last: bytes) -> None:
        """Writes the last part; nothing follows."""
        self._stop()
        for writing in (self._opening, self._pinging):
            if writing is not None:
                await writing
        await self._sink.end(last)

    def abandon(self) -> None:
        """Nobody reads any more."""
        self._stop()
        for writing in (self._opening, self._pinging):
            if writing is not None:
                writing.cancel()

    async def _write(self, frames: list[Frame]) -> None:
        send, shown = self._sink.send, self._face.frame
        for frame in frames:
            if data := shown(self._with_cost(frame.data) if frame.usage else frame.data, frame):
                await send(data)

    def _begin_early(self) -> None:
        if not self.begun and not self._ended:
            self.begun = True
            self._opening = self._loop.create_task(self._open())

    async def _open(self) -> None:
        await self._open_sink()
        await self._sink.send(KEEP_ALIVE)
        self._arm()

    async def _begin(self) -> None:
        self.begun = True
        self._stop_timer()
        self._book.first_token()
        await self._open_sink()
        self._arm()

    async def _open_sink(self) -> None:
        first = await self._face.open()
        await self._sink.begin(self._headers())
        if first:
            await self._sink.send(first)

    def _arm(self) -> None:
        self._last = self._loop.time()
        self._timer = self._loop.call_at(self._last + self._keep_alive_s, self._look)

    def _stop(self) -> None:
        self._ended = True
        self._stop_timer()

    def _stop_timer(self) -> None:
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
