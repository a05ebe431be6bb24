"""`POST /v1/responses`, and its twins without a version and with Scale's."""

from __future__ import annotations

import asyncio

from penstock.accounts import Key
from penstock.api.auth import caller_key
from penstock.api.exchange import Exchange
from penstock.api.idempotency import HEADER, Idempotency
from penstock.core.ids import answer_id
from penstock.dialects.sse import DONE, KEEP_ALIVE, named_event
from penstock.gateway import Arrival
from penstock.gateway.responses import Responses, Run
from penstock.gateway.sink import Sink
from penstock.settings import Limits
from penstock.transport import Watch

PATHS = ("/v1/responses", "/responses", "/v5/responses")

_STRICT = (b"true", b"1")
_EVENT_END = b"\n\n"  # the JSON of an event has no line ends in it


async def create_response(
    responses: Responses, idempotency: Idempotency, limits: Limits, watch: Watch, key: Key, exchange: Exchange
) -> None:
    """Reads the body, and answers: whole, as a stream, or with a response that goes on in the background.

    A client that leaves ends the call, but for a stream that is stored: that one can be joined again for a while.
    Raises PenstockError where nothing was sent.
    """
    id = answer_id("resp_", exchange.request_id)
    exchange.base.append((b"x-inference-id", id.encode()))
    own_key = caller_key(exchange.headers)
    body = await exchange.json_body(limits, watch)
    strict = exchange.headers.get(b"x-strict-params", b"").lower() in _STRICT
    run = await responses.open(
        Arrival(exchange.request_id, id, "responses", exchange.path, exchange.profile, strict, key, body, own_key)
    )
    if HEADER not in exchange.headers:
        await _answer(responses, run, exchange)
        return

    async def call(sink: Sink) -> None:  # whoever joins it may stay when the first client leaves
        await (_in_background(responses, run, sink) if run.background else _go(run, sink))

    def leave() -> bool:
        if run.live is None or not run.live.read_by_id:
            return False
        run.live.client_left()
        return True

    await idempotency.run(exchange, key, body, call, lambda: run.failed, leave)


async def _answer(responses: Responses, run: Run, exchange: Exchange) -> None:
    task = asyncio.current_task()
    assert task is not None
    live = run.live
    tee = _WhileThere(exchange)

    def left() -> None:
        if live is not None and not run.background and exchange.begun:
            tee.there = False
            live.client_left()
        else:
            task.cancel()  # it is not stored, or nobody knows its id yet, or it runs in a task of its own

    stop_watching = exchange.watch(left)
    try:
        await (_in_background(responses, run, exchange) if run.background else _go(run, tee))
    finally:
        stop_watching()


async def _go(run: Run, sink: Sink) -> None:
    """Runs it here. Where it is ended from elsewhere (deleted, or left alone for long), whoever reads is told how."""
    live = run.live
    if live is None:
        await run.go(sink)
        return
    task = asyncio.current_task()
    assert task is not None
    live.task = task
    counted = _Counted(sink)
    try:
        await run.go(counted)
    except asyncio.CancelledError:
        if live.ending is None or not counted.begun:
            raise
        task.uncancel()
        await sink.end(b"".join([named_event(event) for event in live.events[counted.events :]]) + DONE)


async def _in_background(responses: Responses, run: Run, sink: Sink) -> None:
    live = await responses.start(run)
    if not run.streamed:
        assert live.snapshot is not None
        await sink.whole({}, live.snapshot())
        return
    await sink.begin({})
    async for events in live.follow(-1, responses.keep_alive_s):
        await sink.send(b"".join([named_event(event) for event in events]) if events else KEEP_ALIVE)
    await sink.end(DONE)


class _Counted:
    """A sink that knows how many events went through it."""

    __slots__ = ("_sink", "begun", "events")

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.begun = False
        self.events = 0

    async def whole(self, headers: dict[str, str], body: bytes) -> None:
        """A whole answer."""
        await self._sink.whole(headers, body)

    async def begin(self, headers: dict[str, str]) -> None:
        """The head of a stream."""
        self.begun = True
        await self._sink.begin(headers)

    async def send(self, data: bytes) -> None:
        """A part of a stream: some events, or a comment."""
        if data != KEEP_ALIVE:
            self.events += data.count(_EVENT_END)
        await self._sink.send(data)

    async def end(self, data: bytes) -> None:
        """The last part of a stream."""
        await self._sink.end(data)


class _WhileThere:
    """A client's sink that takes everything, and gives it on while the client is there."""

    __slots__ = ("_sink", "there")

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.there = True

    async def whole(self, headers: dict[str, str], body: bytes) -> None:
        """A whole answer."""
        if self.there:
            await self._sink.whole(headers, body)

    async def begin(self, headers: dict[str, str]) -> None:
        """The head of a stream."""
        if self.there:
            await self._sink.begin(headers)

    async def send(self, data: bytes) -> None:
        """A part of a stream."""
        if self.there:
            await self._sink.send(data)

    async def end(self, data: bytes) -> None:
        """The last part of a stream."""
        if self.there:
            await self._sink.end(data)
