"""`Idempotency-Key`: a call that is sent again within a day is answered as it was, and made only once.

The answer is in the database before its last byte goes out. Of calls with the same key at the same time one is made;
the others of this process read along, those of other processes wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec

from penstock.accounts import Key
from penstock.api.exchange import Exchange
from penstock.api.flight import MOST_BYTES, Budget, Flight, too_large
from penstock.core.errors import InternalError, InvalidRequest, PenstockError, Unavailable
from penstock.dialects.errors import error_frame
from penstock.dialects.sse import DONE
from penstock.gateway.clock import timestamp
from penstock.gateway.sink import Sink
from penstock.limits import Admission
from penstock.store.idempotency import TOO_LARGE, Claim, Held
from penstock.store.ledger import UNAVAILABLE, Ledger
from penstock.transport import ClientStalled

HEADER: Final = b"idempotency-key"

Call = Callable[[Sink], Awaitable[None]]

_NAME: Final = re.compile(rb"[ -~]{1,255}")
_SLOWER_S: Final = 1.0  # the gateway, where it waits for a client, is to be the one to find that it stalls


class _Head(msgspec.Struct):
    """The head of a kept answer."""

    stream: bool
    headers: dict[str, str]
    inference_id: str | None = None


class Idempotency:
    """Makes each call once. For one event loop. `write_s` is how long a client may leave its answer unread, `linger_s`
    how long a call goes on without anybody who reads."""

    def __init__(self, ledger: Ledger, admission: Admission, write_s: float, linger_s: float) -> None:
        self._ledger = ledger
        self._admission = admission
        self._write_s = write_s + _SLOWER_S
        self._linger_s = linger_s
        self._flights: dict[tuple[str, bytes, bytes], Flight] = {}
        self._budget = Budget()
        self._asking: set[asyncio.Task[None]] = set()

    async def run(
        self,
        exchange: Exchange,
        key: Key,
        body: bytes,
        call: Call,
        failed: Callable[[], bool] = lambda: False,
        leave: Callable[[], bool] | None = None,
    ) -> None:
        """Answers `exchange`, whose headers have HEADER, by `call`, or as such a call was answered before.

        It watches for the client's leave itself. What is kept is a whole answer, or a stream that ends with `[DONE]`,
        unless `failed`, asked at its end, says otherwise. Where nobody reads it any more the call is cancelled, unless
        `leave`, asked then, says that it goes on for others.

        Raises PenstockError where nothing was sent: whatever `call` raises; InvalidRequest for a malformed key, and
        with status 409 `idempotency_key_reused` or `idempotency_answer_too_large`; Unavailable
        `idempotency_unavailable` where the database cannot be asked, and `idempotency_in_progress` where another
        process does not come to an end.
        """
        name = exchange.headers[HEADER]
        if not _NAME.fullmatch(name):
            raise InvalidRequest(
                f"the header Idempotency-Key must be 1 to 255 printable ASCII characters; it has {len(name)} bytes"
                + (", and some are none of these." if 0 < len(name) < 256 else "."),
                param="idempotency-key",
            )
        asked = hashlib.sha256(f"{exchange.path}\0{exchange.profile.name}\0".encode())
        asked.update(body)
        place = (key.id, hashlib.sha256(name).digest(), asked.digest())
        flight = self._flights.get(place)
        if flight is None:
            await self._lead(exchange, place, call, failed, leave)
        else:
            await self._join(exchange, flight)

    async def _join(self, exchange: Exchange, flight: Flight) -> None:
        """Reads along with the first."""
        with self._admission.admit():
            flight.join()
            stop_watching = exchange.watch(_this_task().cancel)
            try:
                await flight.play(exchange, self._write_s)
            except PenstockError as error:
                if not exchange.begun:
                    raise
                await self._break_off(exchange, error)
            except asyncio.CancelledError:
                if self._admission.ended and exchange.begun:
                    await self._break_off(exchange, _stopped())
                raise
            finally:
                stop_watching()
                flight.leave()

    async def _lead(
        self,
        exchange: Exchange,
        place: tuple[str, bytes, bytes],
        call: Call,
        failed: Callable[[], bool],
        leave: Callable[[], bool] | None,
    ) -> None:
        """Makes the call, where it was not made before."""
        task = _this_task()

        def forget() -> None:
            if self._flights.get(place) is flight:
                del self._flights[place]

        async def give_up() -> None:
            if flight.made and await self._ledger.awaited(claim):
                flight.linger()
            elif flight.alone:
                forget()  # whoever asks from here on begins anew, or waits for its end
                if leave is None or not leave():
                    task.cancel()

        def abandon() -> None:
            asking = asyncio.create_task(give_up())
            self._asking.add(asking)
            asking.add_done_callback(self._asking.discard)

        inference_id = dict(exchange.base).get(b"x-inference-id")
        flight = self._flights[place] = Flight(self._budget, inference_id, abandon, self._linger_s)
        first = _First(flight)
        claim = self._ledger.new(*place)
        stop_watching = exchange.watch(first.left)
        try:
            with self._admission.admit():
                held = await self._held(claim)
                if held is not None:
                    await self._fill(flight, claim, held)
                    first.begin(lambda: flight.play(exchange, self._write_s))
                    await flight.first_over.wait()
                    return
            first.begin(lambda: flight.play_first(exchange, self._write_s))
            flight.made = True
            await call(_Keeping(self._ledger, claim, flight, failed))
        except PenstockError as error:
            flight.fail(_ended() if isinstance(error, ClientStalled) else error)
            raise
        except asyncio.CancelledError:
            flight.fail(_stopped() if self._admission.ended else _ended())
            raise
        except Exception:  # whatever it is, those who joined must not wait for ever; it is raised on
            flight.fail(InternalError("the call with this Idempotency-Key failed; the server's log has the details"))
            raise
        finally:
            flight.fail(_ended())  # where nobody has said how
            forget()
            flight.let_go()
            self._ledger.free(claim)
            stop_watching()
            await first.end()

    async def _held(self, claim: Claim) -> Held | None:
        """What is held of such a call; None where it is ours to make."""
        held = await self._ledger.take(claim)
        if held is None:
            return None
        if held.body_hash != claim.body_hash:
            raise InvalidRequest(
                "this Idempotency-Key was used within the last 24 hours for a call with another body, path or dialect; "
                "send the same again, or another key",
                param="idempotency-key",
                code="idempotency_key_reused",
                status=409,
                headers={"x-should-retry": "false"},
            )
        if held.state == TOO_LARGE:
            raise too_large()
        return held

    async def _fill(self, flight: Flight, claim: Claim, held: Held) -> None:
        if self._budget.spent:
            raise Unavailable(
                "too many large answers go out again at this moment; try again later",
                code=UNAVAILABLE,
                headers={"retry-after": "5"},
            )
        answer = await self._ledger.answer(claim)
        head = msgspec.json.decode(held.headers or "{}", type=_Head)
        flight.inference_id = None if head.inference_id is None else head.inference_id.encode()
        flight.fill(head.headers, answer, stream=head.stream)

    async def _break_off(self, exchange: Exchange, error: PenstockError) -> None:
        """The head is out, so the error is an event."""
        if isinstance(error, ClientStalled):
            raise error  # nobody reads it
        frame = error_frame(error, exchange.request_id, exchange.profile, path=exchange.path, timestamp=timestamp())
        async with asyncio.timeout(self._write_s):
            await exchange.end(frame)


class _First:
    """The first client: what writes to it, and whether it is there."""

    def __init__(self, flight: Flight) -> None:
        self._flight = flight
        self._writing: asyncio.Task[None] | None = None
        self._gone = False

    def begin(self, play: Callable[[], Awaitable[None]]) -> None:
        """Writes to it from here on."""
        if not self._gone:
            self._writing = asyncio.create_task(self._write(play))

    def left(self) -> None:
        """It is gone; the call goes on where others have joined."""
        self._gone = True
        if self._writing is not None:
            self._writing.cancel()
        self._flight.first_left()

    async def end(self) -> None:
        """Nothing more is written."""
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing

    async def _write(self, play: Callable[[], Awaitable[None]]) -> None:
        try:
            await play()
        except ClientStalled:
            self._gone = True
            self._flight.first_left()
        finally:
            self._flight.first_has_done()


class _Keeping:
    """The gateway's sink: the answer goes to all who read, its end when it is in the database."""

    def __init__(self, ledger: Ledger, claim: Claim, flight: Flight, failed: Callable[[], bool]) -> None:
        self._ledger = ledger
        self._claim = claim
        self._flight = flight
        self._failed = failed
        self._tried = False

    async def whole(self, headers: dict[str, str], body: bytes) -> None:
        """A whole JSON answer, status 200."""
        if not self._failed():
            await self._keep(headers, [body], stream=False)
        self._flight.whole(headers, body)
        await self._flight.first_over.wait()

    async def begin(self, headers: dict[str, str]) -> None:
        """The head of a stream, status 200."""
        self._flight.begin(headers)

    async def send(self, data: bytes) -> None:
        """A part of a stream, in one write; waits while the one client does not read."""
        self._flight.add(data)
        await self._flight.room()

    async def end(self, data: bytes) -> None:
        """The last part of a stream. After one that could not be kept comes another, which says so."""
        if data.endswith(DONE) and not self._tried and not self._failed():
            await self._keep(self._flight.headers or {}, [*self._flight.parts, data], stream=True)
        self._flight.close(data)
        await self._flight.first_over.wait()

    async def _keep(self, headers: dict[str, str], parts: list[bytes], *, stream: bool) -> None:
        """Raises Unavailable."""
        self._tried = True
        flight = self._flight
        inference_id = None if flight.inference_id is None else flight.inference_id.decode()
        head = msgspec.json.encode(_Head(stream, headers, inference_id)).decode()
        fits = not flight.too_large and sum(map(len, parts)) <= MOST_BYTES
        await self._ledger.finish(self._claim, headers=head, answer=b"".join(parts) if fits else None)


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _stopped() -> Unavailable:
    return Unavailable("this server was stopped before the answer was whole", code="stopping")


def _ended() -> Unavailable:
    return Unavailable(
        "the call with this Idempotency-Key ended before its answer was whole; try again",
        code="idempotency_call_ended",
        headers={"retry-after": "1"},
    )
