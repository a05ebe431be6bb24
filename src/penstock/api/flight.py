"""One call with an Idempotency-Key under way here: its answer so far, and everybody who reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from penstock.api.exchange import Exchange
from penstock.core.errors import InvalidRequest, PenstockError
from penstock.transport import ClientStalled

MOST_BYTES = 64 * 1024 * 1024
"""An answer of more is not kept."""

_AHEAD = 64 * 1024  # bytes that the one client of a call may lag behind before it holds back the vendor
_INFERENCE_ID = b"x-inference-id"
_EVENT_END = b"\n\n"


class Budget:
    """What the answers of all flights take, in bytes; over the bound the one that grows is not kept."""

    def __init__(self, most: int = 4 * MOST_BYTES) -> None:
        self.most = most
        self.used = 0

    @property
    def spent(self) -> bool:
        """Whether there may be no room for one more."""
        return self.used + MOST_BYTES > self.most


class Flight:
    """Grows by `begin`, `add` and `close`, or all at once by `whole` or `fill`; ends early by `fail`.

    Whoever reads goes at its own pace. Only where the first client is alone does it hold back the vendor: those who
    joined wait for nobody. `abandon` is called where nobody has read for `linger_s`: a client whose connection broke
    asks again.
    """

    def __init__(
        self, budget: Budget, inference_id: bytes | None, abandon: Callable[[], object], linger_s: float
    ) -> None:
        self.inference_id = inference_id
        self.headers: dict[str, str] | None = None
        self.body: bytes | None = None
        self.parts: list[bytes] = []
        self.size = 0  # bytes that are kept in memory
        self.over = False  # nothing follows
        self.too_large = False
        self.error: PenstockError | None = None
        self.first_over = asyncio.Event()  # the first client has all that it will get, or is gone
        self._first_gone = False
        self._first_position = 0
        self._added = self._first_sent = 0  # bytes
        self._joined = 0
        self._holders = 1  # who may still read `parts`: those who joined, and the one who runs the call
        self._budget = budget
        self._abandon = abandon
        self._linger_s = linger_s
        self.made = False  # the call has begun: before that there is nothing to go on with
        self._timer: asyncio.TimerHandle | None = None
        self._news = asyncio.Event()
        self._room = asyncio.Event()

    def whole(self, headers: dict[str, str], body: bytes) -> None:
        """The answer is this."""
        self.headers, self.body = headers, body
        self._end(len(body))

    def fill(self, headers: dict[str, str], answer: bytes, *, stream: bool) -> None:
        """The answer is this, as it is kept; one event of a stream is one part again."""
        self.headers = headers
        if stream:
            *events, rest = answer.split(_EVENT_END)
            self.parts = [event + _EVENT_END for event in events]
            if rest:
                self.parts.append(rest)
        else:
            self.body = answer
        self._end(len(answer))

    def begin(self, headers: dict[str, str]) -> None:
        """The answer is a stream."""
        self.headers = headers
        self._wake()

    def add(self, part: bytes) -> None:
        """A part of it."""
        if self.too_large and self._first_gone:
            return  # nobody reads it, and nobody can any more
        self.parts.append(part)
        self._added += len(part)
        if not self.too_large:
            self._count(len(part))
            if self.size > MOST_BYTES or self._budget.used > self._budget.most:
                self.too_large = True
                self._count(-self.size)
                self.parts[: self._first_position] = [b""] * self._first_position  # nobody reads these any more
        self._wake()

    def close(self, part: bytes) -> None:
        """The last part of it."""
        if not self.over:
            self.over = True  # first: whoever sends the part must know that it is the last
            self.add(part)

    def fail(self, error: PenstockError) -> None:
        """There is no answer, or no more of it."""
        if not self.over and self.error is None:
            self.error = error
            self._wake()

    async def room(self) -> None:
        """Waits while the first client is too far behind, unless others have joined."""
        while (
            not self.first_over.is_set()
            and (self.too_large or not self._joined)
            and self._added - self._first_sent > _AHEAD
        ):
            self._room.clear()
            await self._room.wait()

    def join(self) -> None:
        """One more reads."""
        self._holders += 1
        self._joined += 1
        self._stop_timer()
        self._room.set()

    def leave(self) -> None:
        """One who joined has done, or is gone."""
        self._joined -= 1
        self._room.set()
        self.let_go()
        self._look()

    def first_left(self) -> None:
        """The first client is gone."""
        self._first_gone = True
        self.first_has_done()
        self._look()

    def first_has_done(self) -> None:
        """The first client has all that it will get."""
        self.first_over.set()
        self._room.set()

    @property
    def alone(self) -> bool:
        """Whether nobody here reads what is still to come."""
        return self._first_gone and not self._joined and not self.over and self.error is None

    def linger(self) -> None:
        """Goes on for a while more."""
        self._look()

    def let_go(self) -> None:
        """The one who runs the call has done, or one who joined."""
        self._holders -= 1
        if not self._holders:
            self._count(-self.size)
            self._stop_timer()

    async def play_first(self, exchange: Exchange, write_s: float) -> None:
        """Writes the answer to the first client as it comes. What the call fails with is told by others."""
        while self.headers is None and self.error is None:
            await self._news.wait()
        if self.headers is None:
            return
        if self.body is not None:
            await _within(write_s, exchange.whole(self.headers, self.body))
            return
        await _within(write_s, exchange.begin(self.headers))
        while self._first_position < len(self.parts) or self.error is None:
            if self._first_position == len(self.parts):
                await self._news.wait()
                continue
            part = self.parts[self._first_position]
            if self.too_large:
                self.parts[self._first_position] = b""
            self._first_position += 1
            if self.over and self._first_position == len(self.parts):
                await _within(write_s, exchange.end(part))
                return
            await _within(write_s, exchange.send(part))
            self._first_sent += len(part)
            self._room.set()

    async def play(self, exchange: Exchange, write_s: float) -> None:
        """Writes the answer, from its beginning, to one who asked again. Raises what the call fails with; 409 where
        the answer grows too large; ClientStalled."""
        while self.headers is None and self.error is None:
            await self._news.wait()
        self._check()
        assert self.headers is not None
        if self.inference_id is not None:
            exchange.base = [header for header in exchange.base if header[0] != _INFERENCE_ID]
            exchange.base.append((_INFERENCE_ID, self.inference_id))
        headers = self.headers | {"idempotent-replayed": "true"}
        if self.body is not None:
            await _within(write_s, exchange.whole(headers, self.body))
            return
        await _within(write_s, exchange.begin(headers))
        position = 0
        while True:
            self._check()
            if position == len(self.parts):
                await self._news.wait()
                continue
            part = self.parts[position]
            position += 1
            if self.over and position == len(self.parts):
                await _within(write_s, exchange.end(part))
                return
            await _within(write_s, exchange.send(part))

    def _check(self) -> None:
        if self.error is not None:
            raise self.error
        if self.too_large:
            raise too_large()

    def _look(self) -> None:
        if not self.alone or self._timer is not None:
            return
        if self.made:
            self._timer = asyncio.get_running_loop().call_later(self._linger_s, self._give_up)
        else:
            self._abandon()

    def _give_up(self) -> None:
        self._stop_timer()
        if self.alone:
            self._abandon()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, size: int) -> None:
        self.over = True
        self._count(size)
        self._wake()

    def _count(self, change: int) -> None:
        self.size += change
        self._budget.used += change

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()


def too_large() -> InvalidRequest:
    """409: the answer of that call cannot be given again."""
    return InvalidRequest(
        f"the answer to this Idempotency-Key is not kept: it was over {MOST_BYTES // 1024 // 1024} MiB, or came while "
        "other large ones did; another key makes another call",
        param="idempotency-key",
        code="idempotency_answer_too_large",
        status=409,
        headers={"x-should-retry": "false"},
    )


async def _within(seconds: float, writing: Awaitable[None]) -> None:
    try:
        async with asyncio.timeout(seconds):
            await writing
    except TimeoutError:
        raise ClientStalled(f"the client left its answer unread (waited {seconds:g} s)") from None
