"""One try at one target: opens it, and moves what comes back. The only place where a call waits for a vendor."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import msgspec

from penstock.core.answer import Answer, Frame, Reader
from penstock.core.call import Call
from penstock.core.errors import InternalError, UpstreamTimeout
from penstock.core.exchange import Target
from penstock.engine import Engine
from penstock.providers.local import Local
from penstock.providers.provider import Provider
from penstock.routing.catalogue import LOCAL
from penstock.settings import Timeouts
from penstock.transport import ClientStalled, Patience, Transport, Upstream, Watch

Take = Callable[[list[Frame]], Awaitable[None]]

# The end of the HTTP body nearly always comes with the end of the answer; then the connection can serve again.
_SETTLE_S = 0.02


class Try(msgspec.Struct, frozen=True):
    """What one try may do: take until `deadline` (loop time), over a connection that must be `fresh` or need not."""

    deadline: float
    fresh: bool


class Vendor:
    """A provider and how long it may take."""

    __slots__ = ("provider", "timeouts")

    def __init__(self, provider: Provider, timeouts: Timeouts) -> None:
        self.provider = provider
        self.timeouts = timeouts


class Vendors:
    """Everything that can be called: the configured vendors, and the local models as vendors of their own."""

    def __init__(
        self,
        vendors: Mapping[str, Vendor],
        engine: Engine,
        transport: Transport,
        watch: Watch,
        local_timeouts: Timeouts,
        write_s: float,
    ) -> None:
        self._vendors = vendors
        self._watch = watch
        self._engine = engine
        self._transport = transport
        self._local_timeouts = local_timeouts
        self._write_s = write_s

    def fans_out(self, target: Target) -> bool:
        """Whether `n` choices must be made of n calls there."""
        return target.provider == LOCAL or self._vendors[target.provider].provider.fans_out

    def streams_inside(self, target: Target) -> bool:
        """Whether even a whole answer is read as a stream there: a local model can only be stopped between tokens."""
        return target.provider == LOCAL

    async def whole(self, call: Call, target: Target, allowed: Try) -> Answer:
        """A whole answer. Raises UpstreamError."""
        vendor = self._vendors[target.provider]
        with self._watch.patience(allowed.deadline) as patience:
            async with self._open(vendor, call, target, allowed, patience) as upstream:
                reply = await upstream.reply(lambda: _next_bytes(patience, vendor.timeouts))
            return vendor.provider.read(reply, call, target)

    async def stream(self, call: Call, target: Target, allowed: Try, readers: list[Reader], take: Take) -> None:
        """Moves a streamed answer frame by frame into `take`. Its reader is added to `readers` before the first byte.

        Raises UpstreamError for the vendor's failures, and ClientStalled where `take` is not taken.
        """
        async with self._vendor(call, target) as vendor:
            timeouts = vendor.timeouts
            with self._watch.patience(allowed.deadline) as patience:
                async with self._open(vendor, call, target, allowed, patience) as upstream:
                    reader = vendor.provider.reader(call, target)
                    readers.append(reader)
                    while (data := await upstream.chunk()) is not None:
                        if frames := reader.feed(data):
                            patience.wait(self._write_s, ClientStalled, "the client left its answer unread")
                            await take(frames)
                        if reader.done:
                            break
                        _next_bytes(patience, timeouts)
                    if frames := reader.close():
                        patience.wait(self._write_s, ClientStalled, "the client left its answer unread")
                        await take(frames)
                    if reader.done:
                        await upstream.settle(_SETTLE_S)

    @asynccontextmanager
    async def _vendor(self, call: Call, target: Target) -> AsyncIterator[Vendor]:
        if target.provider != LOCAL:
            yield self._vendors[target.provider]
            return
        async with self._engine.lease(target.model, alone=call.seed is not None) as endpoint:
            yield Vendor(Local(endpoint), self._local_timeouts)

    @asynccontextmanager
    async def _open(
        self, vendor: Vendor, call: Call, target: Target, allowed: Try, patience: Patience
    ) -> AsyncIterator[Upstream]:
        """The vendor's answer, its head read and its status good."""
        timeouts, provider = vendor.timeouts, vendor.provider
        outgoing = provider.prepare(call, target)
        if not call.stream and outgoing.stream:
            raise InternalError("a whole answer was asked of a provider that only streams")
        patience.wait(timeouts.first_byte_s, UpstreamTimeout, "the vendor did not begin its answer")
        async with self._transport.open(outgoing, timeouts.connect_s, fresh=allowed.fresh) as upstream:
            _next_bytes(patience, timeouts)
            if not 200 <= upstream.status < 300:
                raise provider.explain(await upstream.reply(lambda: _next_bytes(patience, timeouts)))
            yield upstream


def _next_bytes(patience: Patience, timeouts: Timeouts) -> None:
    patience.wait(timeouts.between_bytes_s, UpstreamTimeout, "the vendor did not go on with its answer")
