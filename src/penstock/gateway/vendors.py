"""One try at one target: opens it, and moves what comes back. The only place where a call waits for a vendor."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta, Raw

from penstock.core.answer import Answer, Frame, Reader
from penstock.core.call import Call, OwnKey
from penstock.core.errors import InternalError, UnsupportedParameter, UpstreamError, UpstreamTimeout
from penstock.core.exchange import Target
from penstock.engine import Engine
from penstock.params import Capabilities, Support
from penstock.params.context import overrun, shortened, told
from penstock.providers.local import Local
from penstock.providers.local.capabilities import local_capabilities
from penstock.providers.local.schema import may_slip
from penstock.providers.provider import Provider
from penstock.routing.catalogue import LOCAL
from penstock.settings import Timeouts
from penstock.transport import ClientStalled, Patience, Transport, Upstream, Watch

log = structlog.get_logger(__name__)

Take = Callable[[list[Frame]], Awaitable[None]]

# The end of the HTTP body nearly always comes with the end of the answer; then the connection can serve again.
_SETTLE_S = 0.02


class _InputTokens(msgspec.Struct):
    input_tokens: Annotated[int, Meta(ge=0)]


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

    def native(self, call: Call, target: Target) -> bool:
        """Whether `call` is of the responses API, and goes there as it is."""
        return target.provider != LOCAL and self._vendors[target.provider].provider.native(call, target)

    def capabilities(self, target: Target) -> Capabilities:
        """What the model of `target` can do; a local model's context is known while it is loaded."""
        if target.provider == LOCAL:
            return local_capabilities(target.model, None)
        return self._vendors[target.provider].provider.capabilities(target.model)

    def checks_format(self, call: Call, target: Target) -> bool:
        """Whether an answer of the model, though it was held to its `response_format`, may still not fit it."""
        return target.provider == LOCAL and may_slip(call)

    def streams_inside(self, target: Target) -> bool:
        """Whether even a whole answer is read as a stream there: a local model can only be stopped between tokens."""
        return target.provider == LOCAL

    async def whole(self, call: Call, target: Target, allowed: Try) -> Answer:
        """A whole answer. Raises UpstreamError."""
        vendor = self._vendors[target.provider]
        with self._watch.patience(allowed.deadline) as patience:
            with await self._open(vendor, call, target, allowed, patience) as upstream:
                reply = await upstream.reply(lambda: _next_bytes(patience, vendor.timeouts))
            return vendor.provider.read(reply, call, target)

    async def stream(self, call: Call, target: Target, allowed: Try, readers: list[Reader], take: Take) -> None:
        """Moves a streamed answer frame by frame into `take`. Its reader is added to `readers` before the first byte.

        Raises UpstreamError for the vendor's failures, and ClientStalled where `take` is not taken.
        """
        if target.provider != LOCAL:
            await self._move(self._vendors[target.provider], call, target, allowed, readers, take)
            return
        async with self._engine.lease(target.model, alone=call.seed is not None) as endpoint:
            vendor = Vendor(Local(endpoint), self._local_timeouts)
            await self._move(vendor, call, target, allowed, readers, take)

    async def _move(
        self, vendor: Vendor, call: Call, target: Target, allowed: Try, readers: list[Reader], take: Take
    ) -> None:
        timeouts = vendor.timeouts
        with (
            self._watch.patience(allowed.deadline) as patience,
            await self._open(vendor, call, target, allowed, patience) as upstream,
        ):
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

    async def count(self, members: Callable[[], Mapping[str, Raw]], target: Target) -> int | None:
        """How many tokens the input of a response has at a hosted vendor; None where that does not say. `members` makes
        those of the call that would go there. Raises what that raises."""
        vendor = self._vendors[target.provider]
        outgoing, timeouts = vendor.provider.counting(members, target.model), vendor.timeouts
        if outgoing is None:
            return None
        try:
            with self._watch.patience(self._watch.loop.time() + timeouts.whole_s) as patience:
                patience.wait(timeouts.first_byte_s, UpstreamTimeout, "the vendor did not begin its answer")
                with await self._transport.open(outgoing, timeouts.connect_s) as upstream:
                    reply = await upstream.reply(lambda: _next_bytes(patience, timeouts))
            return msgspec.json.decode(reply.body, type=_InputTokens).input_tokens if reply.status == 200 else None
        except (UpstreamError, msgspec.DecodeError) as error:
            log.warning("a vendor does not count tokens", provider=target.provider, reason=str(error))
            return None

    async def _open(self, vendor: Vendor, call: Call, target: Target, allowed: Try, patience: Patience) -> Upstream:
        """The vendor's answer, its head read and its status good.

        Where the vendor says that prompt and maximum together are too much for its context, and by how much, it is
        asked once more for what fits, unless the client wants to hear of it.
        """
        timeouts, provider = vendor.timeouts, vendor.provider
        reduced: str | None = None
        while True:
            outgoing = provider.prepare(call, target)
            if call.own_key is not None and not provider.takes_own_key:
                _without_own_key(call, target)
            if not call.stream and outgoing.stream:
                raise InternalError("a whole answer was asked of a provider that only streams")
            if reduced is not None:
                call.changed[reduced] = Support.TRANSLATED
            patience.wait(timeouts.first_byte_s, UpstreamTimeout, "the vendor did not begin its answer")
            upstream = await self._transport.open(outgoing, timeouts.connect_s, fresh=allowed.fresh)
            _next_bytes(patience, timeouts)
            if 200 <= upstream.status < 300:
                return upstream
            with upstream:
                error = provider.explain(await upstream.reply(lambda: _next_bytes(patience, timeouts)), call)
            found = overrun(error)
            shorter = shortened(call, found) if found is not None and reduced is None else None
            if shorter is None:
                try:
                    raise told(error, found)
                finally:
                    del error  # else its traceback and this frame hold each other, and the request with them
            call, reduced = shorter


def _without_own_key(call: Call, target: Target) -> None:
    """The caller's own key is for another vendor: that is reported, and in strict mode refused."""
    if call.strict:
        raise UnsupportedParameter(
            f"the header {OwnKey.HEADER} is not for provider '{target.provider}': it would be ignored, and "
            "X-Strict-Params asks that nothing is",
            param=OwnKey.HEADER,
        )
    call.changed[OwnKey.HEADER] = "ignored"


def _next_bytes(patience: Patience, timeouts: Timeouts) -> None:
    patience.wait(timeouts.between_bytes_s, UpstreamTimeout, "the vendor did not go on with its answer")
