"""One HTTP/1.1 connection to a vendor: one request at a time, its answer read as it arrives.

Every library that was measured is slower by half or cannot be cancelled before the answer's head has come
(docs/decisions/0003-own-http-client.md), so this is ours; the parsing is llhttp's, through httptools.
"""

from __future__ import annotations

import asyncio
from typing import cast

import httptools

from penstock.core.errors import UpstreamBroke

_MOST_HEAD = 64 * 1024  # bytes without a body in them: the head, and what stands between and behind chunks
_WORTH_A_COPY = 16 * 1024  # below it one piece is cheaper to send than two
_MOST_UNREAD = 256 * 1024  # bytes that wait for a slow reader before the vendor is held back


class Connection(asyncio.Protocol):
    """Sends a request with `send`; then `head` and `read` wait for its answer.

    `complete` says that the whole answer is here; `reusable` that the next request may follow on this connection. Only
    one task waits at a time. Raises UpstreamBroke where the bytes are no HTTP, or end too early.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiter: asyncio.Future[None] | None = None
        self._broken: str | None = None  # how; the error is made where it is raised, for its traceback leads back here
        self._awaited = False  # a request is out: bytes that come now are its answer
        self._paused = False
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self.complete = False
        self._head_done = False
        self._quiet = 0
        self._parts: list[bytes] = []
        self._unread = 0
        self._keep_alive = False

    # What the gateway does.

    def send(self, head: bytes, body: bytes) -> None:
        """Sends a request."""
        self._reset()
        self._awaited = True
        if self._closed or self._transport is None:
            raise self._broke("closed the connection before the request was sent")
        if len(body) < _WORTH_A_COPY:
            self._transport.write(head + body)
        else:
            self._transport.writelines((head, body))

    async def head(self) -> None:
        """Waits for status and headers."""
        while not self._head_done:
            if self._broken is not None:
                raise self._broke(self._broken)
            await self._wait()

    async def read(self) -> bytes | None:
        """The next bytes of the body, as many as there are; None at its end."""
        while not self._parts:
            if self.complete:
                return None
            if self._broken is not None:
                raise self._broke(self._broken)
            await self._wait()
        data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._parts.clear()
        self._unread = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        return data

    @property
    def reusable(self) -> bool:
        """Whether the answer is whole, read, and the vendor lets the connection stand."""
        return (
            self.complete
            and self._keep_alive
            and not self._parts
            and not self._closed
            and self._broken is None
            and self._transport is not None
            and self._transport.get_write_buffer_size() == 0
        )

    @property
    def alive(self) -> bool:
        """Whether the other end has not closed it, as far as is known."""
        return not self._closed and self._transport is not None and not self._transport.is_closing()

    def abort(self) -> None:
        """Closes the connection at once; the vendor sees it go."""
        self._closed = True
        if self._transport is not None:
            self._transport.abort()

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but its class

    def data_received(self, data: bytes) -> None:
        if not self._awaited or self.complete:
            self.abort()  # nobody asked for this: the next request must not take it for its answer
            return
        self._quiet += len(data)
        try:
            self._parser.feed_data(data)
            if self._quiet > _MOST_HEAD and not self.complete:
                raise _HeadTooLarge
        except (httptools.HttpParserError, httptools.HttpParserUpgrade, _HeadTooLarge) as error:
            self._no_answer(error)
            return
        if self._unread > _MOST_UNREAD and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._closed = True

    def connection_lost(self, error: Exception | None) -> None:
        self._closed = True
        if self._head_done and not self.complete and error is None and self._until_close():
            self.complete = True
        elif not self.complete:
            self._fail("closed the connection before its answer was whole")
        self._wake()

    # What the parser calls.

    def on_message_begin(self) -> None:
        if self.complete:
            raise _SecondAnswer

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._head_done:  # after it come trailers, which nobody reads
            self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self._parser.get_status_code()
        self._head_done = self.status >= 200

    def on_body(self, body: bytes) -> None:
        self._quiet = 0
        self._parts.append(body)
        self._unread += len(body)

    def on_message_complete(self) -> None:
        if not self._head_done:  # 1xx: the answer itself is still to come
            self.headers = {}
            return
        self.complete = True
        self._keep_alive = self._parser.should_keep_alive()

    def _until_close(self) -> bool:
        """Whether the body is declared to end with the connection."""
        return "content-length" not in self.headers and "chunked" not in self.headers.get("transfer-encoding", "")

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _no_answer(self, error: Exception) -> None:
        """What came is no part of an answer. Behind a whole one it costs the connection, not the call."""
        if self.complete:
            self.abort()
            self._wake()
        else:
            self._fail(f"sent something that is not a proper HTTP answer ({type(error).__name__})")

    def _fail(self, how: str) -> None:
        if self._broken is None:
            self._broken = how
        self.abort()
        self._wake()

    def _broke(self, what: str) -> UpstreamBroke:
        return UpstreamBroke(f"the vendor {what}", upstream_status=self.status or None)


class _HeadTooLarge(Exception):
    """The head of the answer, or its trailers, are over the limit."""


class _SecondAnswer(Exception):
    """Another answer begins behind the one that was asked for; the parser wraps it in an error of its own."""
