"""One request and its answer, over ASGI: read within bounds, answered whole or as a stream."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from penstock.core.errors import InvalidRequest, PenstockError, RequestTimeout, TooLarge, UnsupportedMediaType
from penstock.dialects.errors import error_body, error_status
from penstock.dialects.profiles import OPENAI, PROFILES, Profile
from penstock.gateway.clock import timestamp
from penstock.settings import Limits
from penstock.transport import Watch

Headers = list[tuple[bytes, bytes]]

# An answer that is out before this many seconds needs nobody to watch its client.
_WATCHED_AFTER_S = 0.05
# A refused body is read on and thrown away for a while, so that the client, still sending, can hear why.
_THROW_AWAY_S = 10.0
_JSON = (b"content-type", b"application/json")
_SPOKEN = {name: (b"x-penstock-dialect", name.encode()) for name in PROFILES}
_CLIENT_ID = re.compile(rb"[ -~]{1,512}")  # a client's own id of its request; any other text is not said back
_STREAM = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),  # nginx in front must not collect frames
]


class Exchange:
    """Reads one request and writes its answer: the gateway's sink. Header names are lower case.

    `base` are the headers of every answer to this request; `begun` says whether one was begun. `profile` is the
    dialect of the answer, which `speak` changes.
    """

    __slots__ = ("_receive", "_send", "base", "begun", "headers", "method", "path", "profile", "request_id", "size")

    def __init__(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> None:
        self._receive = receive
        self._send = send
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        given = scope["headers"]
        self.headers: dict[bytes, bytes] = dict(given)
        self.size = sum([len(name) + len(value) for name, value in given]) + len(scope["query_string"]) + len(self.path)
        self.request_id = request_id
        self.profile = OPENAI
        self.base: Headers = [_SPOKEN[OPENAI.name], (b"x-request-id", request_id.encode())]
        self.begun = False
        theirs = self.headers.get(b"x-client-request-id")
        if theirs is not None and _CLIENT_ID.fullmatch(theirs):
            self.base.append((b"x-client-request-id", theirs))

    def speak(self, profile: Profile) -> None:
        """The answer is in this dialect, and its header says so."""
        self.profile = profile
        self.base[0] = _SPOKEN[profile.name]

    async def json_body(self, limits: Limits, watch: Watch) -> bytes:
        """The whole body, bounded in size and in how long the client may take.

        Raises UnsupportedMediaType, TooLarge, RequestTimeout, InvalidRequest (the declared length is no number), and
        CancelledError where the client leaves.
        """
        kind = self.headers.get(b"content-type", _JSON[1])
        if kind != _JSON[1] and kind.partition(b";")[0].strip().lower() != _JSON[1]:
            shown = kind.decode("latin-1")[:100]
            raise UnsupportedMediaType(f"content-type is '{shown}'; this endpoint reads application/json only")
        declared = self.headers.get(b"content-length")
        if declared is not None and not declared.isdigit():
            raise InvalidRequest("the content-length header is not a number")
        length = -1 if declared is None else int(declared)
        if length > limits.body_bytes:
            await self._throw_away(limits.body_bytes)
            raise _too_large(limits)
        with watch.patience(watch.loop.time() + 4 * limits.body_read_s) as patience:
            patience.wait(limits.body_read_s, RequestTimeout, "the request's body did not arrive")
            body, more = await self._part()
            if len(body) == length or not more:
                return body
            parts, size = [body], len(body)
            while more and size != length:
                patience.wait(limits.body_read_s, RequestTimeout, "the rest of the request's body did not arrive")
                body, more = await self._part()
                parts.append(body)
                size += len(body)
                if size > limits.body_bytes:
                    parts.clear()
                    patience.wait(_THROW_AWAY_S + 1, TooLarge, _too_large(limits).message)
                    await self._throw_away(limits.body_bytes)
                    raise _too_large(limits)
            return b"".join(parts)

    def watch(self, left: Callable[[], object]) -> Callable[[], None]:
        """Calls `left` when the client leaves, from when the body is read until the given function is called."""
        return _Leaving(self._receive, left).stop

    def whole(self, headers: dict[str, str], body: bytes) -> Coroutine[Any, Any, None]:
        """A whole JSON answer, status 200."""
        return self.answer(200, [_JSON, *_encoded(headers)], body)

    async def begin(self, headers: dict[str, str]) -> None:
        """The head of a stream, status 200."""
        self.begun = True
        head = [*self.base, *_STREAM, *_encoded(headers)]
        await self._send({"type": "http.response.start", "status": 200, "headers": head})

    async def send(self, data: bytes) -> None:
        """A part of a stream, in one write; waits while the client does not read."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes) -> None:
        """The last part of a stream."""
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def fail(self, error: PenstockError) -> None:
        """An error as the whole answer."""
        status, body = error_status(error, self.profile), self.error_body(error)
        await self.answer(status, [_JSON, *_encoded(error.headers)], body)

    def error_body(self, error: PenstockError) -> bytes:
        """The JSON of a failed answer, in the dialect of this one."""
        return error_body(error, self.request_id, self.profile, path=self.path, timestamp=timestamp())

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """A whole answer of any kind."""
        self.begun = True
        head = [*self.base, *headers, (b"content-length", b"%d" % len(body))]
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    def page_send(self, message: Message) -> Message:
        """A message of another application, with the headers of every answer added."""
        if message["type"] == "http.response.start":
            return {**message, "headers": [*message.get("headers", ()), *self.base]}
        return message

    async def _part(self) -> tuple[bytes, bool]:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        return message.get("body", b""), message.get("more_body", False)

    async def _throw_away(self, most: int) -> None:
        """Reads at most twice `most` bytes more, for at most 10 s."""
        left = 2 * most
        try:
            async with asyncio.timeout(_THROW_AWAY_S):
                more = True
                while more and left > 0:
                    body, more = await self._part()
                    left -= len(body)
        except TimeoutError:
            return


class _Leaving:
    """Waits for the client's leave without a task where `receive` gives a future, as granian's does."""

    __slots__ = ("_future", "_left", "_over", "_receive", "_timer")

    def __init__(self, receive: Receive, left: Callable[[], object]) -> None:
        self._receive = receive
        self._left = left
        self._over = False
        self._future: asyncio.Future[Message] | None = None
        self._timer = asyncio.get_running_loop().call_later(_WATCHED_AFTER_S, self._watch)

    def _watch(self) -> None:
        self._future = asyncio.ensure_future(self._receive())
        self._future.add_done_callback(self._received)

    def _received(self, future: asyncio.Future[Message]) -> None:
        if self._over or future.cancelled():
            return
        if future.exception() is not None or future.result()["type"] == "http.disconnect":
            self._left()
        else:
            self._watch()

    def stop(self) -> None:
        """The answer is out."""
        self._over = True
        self._timer.cancel()
        if self._future is not None:
            # Granian's future is not seen by the garbage collector: a cycle through its callback would live for ever.
            self._future.remove_done_callback(self._received)
            self._future.cancel()
        del self._future, self._left, self._receive, self._timer


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(f"the request's body is larger than {limits.body_bytes} bytes (limits.body_bytes)")


def _encoded(headers: dict[str, str]) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
