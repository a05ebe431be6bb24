"""The way of a call, from its bytes to its record."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import msgspec
import structlog

from penstock.core.answer import Answer, Frame, Reader
from penstock.core.call import Call
from penstock.core.errors import InternalError, PenstockError, Unavailable, UpstreamBroke, UpstreamError
from penstock.core.exchange import Target
from penstock.core.record import Record
from penstock.dialects.chat.assembly import Assembly
from penstock.dialects.chat.chunks import Fingerprint, usage_chunk
from penstock.dialects.errors import error_status
from penstock.dialects.profiles import PROFILES
from penstock.gateway.arrival import Arrival
from penstock.gateway.book import Book
from penstock.gateway.chat import Chat
from penstock.gateway.face import Face, Read
from penstock.gateway.fanout import fan_out
from penstock.gateway.headers import answer_headers
from penstock.gateway.sink import Sink
from penstock.gateway.streaming import ClientStream
from penstock.gateway.structured import structured
from penstock.gateway.truncation import shortens
from penstock.gateway.vendors import Take, Try, Vendors
from penstock.limits import Admission
from penstock.params import Support, check_strict
from penstock.params.tidy import tidy
from penstock.pricing import Prices
from penstock.routing import Again, Catalogue, decide
from penstock.routing.pin import pinned
from penstock.settings import Settings
from penstock.store.keeper import Keeper
from penstock.store.spool import Spool
from penstock.telemetry import Metrics
from penstock.transport import ClientStalled

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Gateway:
    """Takes calls to models. Nothing reaches a model by another door."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        vendors: Vendors,
        admission: Admission,
        spool: Spool,
        metrics: Metrics,
        prices: Prices,
        keeper: Keeper,
    ) -> None:
        self._prices = prices
        self._keeper = keeper
        self._settings = settings
        self._kinds = {provider.name: provider.kind for provider in settings.provider}
        self._catalogue = catalogue
        self._vendors = vendors
        self._admission = admission
        self._spool = spool
        self._metrics = metrics

    def chat(self, arrival: Arrival, sink: Sink) -> Coroutine[Any, Any, None]:
        """Answers one chat completion through `sink`.

        Raises PenstockError where nothing was sent yet, with the record written; the caller puts it on the wire.
        """
        return self.run(arrival, Chat(arrival, self._settings, self._keeper).read, sink)

    async def run(self, arrival: Arrival, read: Read, sink: Sink) -> None:
        """The way of every call: `read` decodes it and says how its answer is shown. Raises as `chat` does."""
        self._spool.check()  # a refusal for want of room for records leaves none
        book = self._book(arrival)
        call: Call | None = None
        try:
            with self._admission.admit():
                call, face = await read(book.record.time // 1_000_000)
                book.decoded(call)
                tidy(call)
                targets = self.targets(call)
                if call.stream:
                    await self._streamed(call, targets, book, face, sink)
                else:
                    await self._whole(call, targets, book, face, sink)
        except PenstockError as error:
            self._close_failed(book, error, call)
            raise
        except asyncio.CancelledError as cancelled:
            self._close_failed(book, self._why_ended(cancelled), call)
            raise
        except Exception as error:
            failure = _defect(error, arrival.request_id)
            self._close_failed(book, failure, call)
            raise failure from error

    def targets(self, call: Call) -> list[Target]:
        """Who may answer `call`, in order. Raises ModelNotFound, InvalidRequest."""
        targets = self._catalogue.plan(call.model)
        if call.wire.provider is not None:
            targets = pinned(targets, call.wire.provider, self._kinds)
        if call.untranslated is not None:
            targets = [target for target in targets if self._vendors.native(call, target)]
            if not targets:
                raise _why_not(call)
        return targets

    async def _whole(self, call: Call, targets: list[Target], book: Book, face: Face, sink: Sink) -> None:
        async def attempt(target: Target, allowed: Try) -> Answer:
            face.attempt(target)
            if not self._vendors.streams_inside(target) and not self._composed(call, target):
                answer = await self._vendors.whole(call, target, allowed)
                book.answered(answer.usage, answer.finish_reasons, answer.upstream_id, answer.service_tier)
                return answer
            assembly = Assembly(call, target)
            readers: list[Reader] = []

            async def take(frames: list[Frame]) -> None:
                for frame in frames:
                    assembly.add(frame)

            inside = msgspec.structs.replace(call, stream=True, include_usage=False)
            try:
                await self._choices(inside, target, allowed, readers, take)
            finally:
                book.metered(readers)  # what was used is known, however it ended
            answer = assembly.answer(book.record.usage)
            book.record.finish_reasons = answer.finish_reasons  # in the order of the choices
            return answer

        answer = await self._first_that_answers(call, targets, book, attempt, begun=lambda: False)
        body = book.with_cost(answer.body, answer.has_meta)
        book.content(body)
        headers = answer_headers(call, book.record) | book.cost_headers()
        shown = await face.whole(answer, body)
        book.close(200, params=call.changed)
        await sink.whole(headers, shown)

    async def _streamed(self, call: Call, targets: list[Target], book: Book, face: Face, sink: Sink) -> None:
        keep_alive_s = self._settings.timeouts.keep_alive_s
        readers: list[Reader] = []

        def with_cost(usage_chunk: bytes) -> bytes:
            book.metered(readers)
            return book.with_cost(usage_chunk, b'"meta"' in usage_chunk)

        client = ClientStream(sink, book, face, lambda: answer_headers(call, book.record), with_cost, keep_alive_s)

        async def attempt(target: Target, allowed: Try) -> Assembly | None:
            client.restart(long_wait=self._emulates_format(call, target))
            face.attempt(target)
            readers.clear()
            collects = (book.keeps_content or face.assembles) and not self._vendors.native(call, target)
            assembly = Assembly(call, target) if collects else None
            take = _kept(client.take, assembly) if assembly else client.take
            tells_usage = call.include_usage and self._composed(call, target)
            fingerprint = Fingerprint()
            await self._choices(call, target, allowed, readers, _kept(take, fingerprint) if tells_usage else take)
            book.metered(readers)
            if tells_usage and book.record.usage is not None:
                await client.take([usage_chunk(call, target, book.record.usage, fingerprint.value)])
            return assembly

        try:
            assembly = await self._first_that_answers(call, targets, book, attempt, begun=lambda: client.begun)
            answer = assembly.answer(book.record.usage) if assembly is not None else None
            if answer is not None:
                book.content(answer.body)
            await client.flush()
            last = await face.end(book.record.usage, answer)
            book.close(200, params=call.changed)
            await client.end(last)
        except Exception as error:
            book.metered(readers)
            if not client.begun or isinstance(error, ClientStalled):
                raise
            # No name for it here: its traceback and this frame would hold each other, and the request with them.
            await self._break_off(
                client, book, face, error if isinstance(error, PenstockError) else _defect(error, call.request_id), call
            )
        except asyncio.CancelledError as cancelled:
            book.metered(readers)
            if not client.begun:
                raise
            ended = self._why_ended(cancelled)
            self._close_failed(book, ended, call, status=200 if self._admission.ended else None)
            last = await face.broken(ended, book.record.usage)
            if self._admission.ended:
                await client.end(last)
            raise
        finally:
            client.abandon()

    async def _break_off(self, client: ClientStream, book: Book, face: Face, error: PenstockError, call: Call) -> None:
        """The head is out, so the error is an event: its record is written first."""
        self._close_failed(book, error, call, status=200)
        await client.end(await face.broken(error, book.record.usage))

    async def _choices(self, call: Call, target: Target, allowed: Try, readers: list[Reader], take: Take) -> None:
        async def one(call: Call, take: Take) -> None:
            if formed:
                held = self._vendors.capabilities(target).formats(call.wire.response_format.type)
                await structured(call, target, stream, readers, take, held=held)
            else:
                await stream(call, readers, take)

        async def stream(call: Call, readers: list[Reader], take: Take) -> None:
            await self._vendors.stream(call, target, allowed, readers, take)

        formed = self._emulates_format(call, target)
        if call.n > 1 and self._composed(call, target):
            call.changed["n"] = Support.EMULATED
            if call.strict:
                check_strict({"n": Support.EMULATED}, self._vendors.capabilities(target))
            await fan_out(call, one, take)
        else:
            await one(call, take)

    def _emulates_format(self, call: Call, target: Target) -> bool:
        """Whether it is for us to hold the answer of `target` to its `response_format`."""
        wanted = call.wire.response_format
        return (
            wanted is not None
            and not self._vendors.native(call, target)
            and (
                not self._vendors.capabilities(target).formats(wanted.type) or self._vendors.checks_format(call, target)
            )
        )

    def _composed(self, call: Call, target: Target) -> bool:
        """Whether the answer is made here, of one or more calls to `target`."""
        return (call.n > 1 and self._vendors.fans_out(target)) or self._emulates_format(call, target)

    async def _first_that_answers(
        self,
        call: Call,
        targets: list[Target],
        book: Book,
        attempt: Callable[[Target, Try], Awaitable[T]],
        begun: Callable[[], bool],
    ) -> T:
        """Tries targets in order until one answers; once the client's stream has begun, nothing is tried again."""
        now = asyncio.get_running_loop().time
        deadline = now() + self._settings.timeouts.whole_s
        for position, target in enumerate(targets):
            left = len(targets) - position - 1
            tries = 0
            while True:
                tries += 1
                note, began = book.attempt(target), time.perf_counter_ns()
                call.changed.clear()
                if call.noted:
                    call.changed.update(call.noted)
                try:
                    answer = await attempt(target, Try(deadline, fresh=tries > 1))
                except PenstockError as error:
                    failed = isinstance(error, (UpstreamError, Unavailable))
                    if failed:
                        book.failed(note, error, began)
                    if begun():
                        raise
                    if shortens(call, error):
                        tries -= 1
                        continue
                    if isinstance(error, UpstreamError):
                        remaining = deadline - now()
                        again, pause = decide(error, tries, left, remaining, random.random())  # noqa: S311 - jitter
                        if again is Again.NO:
                            raise
                        if again is Again.NEXT:
                            break
                        await asyncio.sleep(pause)
                    elif failed and left:  # a local model that cannot be had now
                        break
                    else:
                        raise
                else:
                    note.status, note.ms = 200, (time.perf_counter_ns() - began) // 1_000_000
                    return answer
        raise UpstreamBroke("no target answered")  # not reached: the last target's failure is raised above

    def _why_ended(self, cancelled: asyncio.CancelledError) -> PenstockError:
        if self._admission.ended:
            return Unavailable("this server was stopped before the answer was whole", code="stopping")
        if cancelled.args == ("cancelled",):
            return ClientStalled("the response was cancelled", code="cancelled")
        return ClientStalled("the client left", code="client_left")

    def _book(self, arrival: Arrival) -> Book:
        key = arrival.key
        record = Record(
            request_id=arrival.request_id,
            time=time.time_ns() // 1000,
            project=key.project,
            key_id=key.id,
            key_name=key.name,
            endpoint=arrival.endpoint,
            dialect=arrival.profile.name,
            model_asked="",
        )
        return Book(record, self._spool, self._metrics, self._settings, self._prices)

    def _close_failed(self, book: Book, error: PenstockError, call: Call | None, status: int | None = None) -> None:
        """The record of a call that failed; it failed already, so a spool that fails too is only counted and logged."""
        try:
            status = status or error_status(error, PROFILES[book.record.dialect])
            book.close(status, error.code or error.type, call.changed if call else None)
        except Unavailable:
            return


def _why_not(call: Call) -> PenstockError:
    """Why nobody can answer it, given away: its traceback will lead to the call, which must not hold it."""
    error, call.untranslated = call.untranslated, None
    assert error is not None
    return error


def _kept(take: Take, assembly: Assembly | Fingerprint) -> Take:
    """`take`, with what it takes collected as well."""

    async def both(frames: list[Frame]) -> None:
        for frame in frames:
            assembly.add(frame)
        await take(frames)

    return both


def _defect(error: Exception, request_id: str) -> InternalError:
    log.error("a call failed by a defect", request_id=request_id, exc_info=error)
    return InternalError("Penstock failed; the server's log has the details under this request id")
