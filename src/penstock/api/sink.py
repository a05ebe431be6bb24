"""The client's side of a call, over ASGI."""

from __future__ import annotations

import asyncio
from typing import Any

from starlette.types import Message, Receive, Send

from penstock.core.errors import PenstockError
from penstock.dialects.errors import error_body

Headers = list[tuple[bytes, bytes]]


class AsgiSink:
    """Writes one answer. `base` are the headers of every answer to this request: its id, CORS."""

    __slots__ = ("_base", "_request_id", "_send", "begun")

    def __init__(self, send: Send, base: Headers, request_id: str) -> None:
        self._send = send
        self._base = base
        self._request_id = request_id
        self.begun = False

    async def whole(self, headers: dict[str, str], body: bytes) -> None:
        await self._answer(200, headers, body)

    async def begin(self, headers: dict[str, str]) -> None:
        self.begun = True
        head = [
            *self._base,
            (b"content-type", b"text/event-stream"),
            (b"cache-control", b"no-cache, no-transform"),
            (b"x-accel-buffering", b"no"),  # nginx in front must not collect frames
            *_encoded(headers),
        ]
        await self._send({"type": "http.response.start", "status": 200, "headers": head})

    async def send(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def end(self, data: bytes) -> None:
        await self._send({"type": "http.response.body", "body": data, "more_body": False})

    async def fail(self, error: PenstockError) -> None:
        """An error as the whole answer."""
        await self._answer(error.status, error.headers, error_body(error, self._request_id))

    async def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.begun = True
        head = [
            *self._base,
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *_encoded(headers),
        ]
        await self._send({"type": "http.response.start", "status": status, "headers": head})
        await self._send({"type": "http.response.body", "body": body, "more_body": False})


class Leaving:
    """Cancels the task that serves a client when the client leaves. Begins when the body has been read."""

    __slots__ = ("_future", "_over", "_receive", "_task")

    def __init__(self, receive: Receive) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task: asyncio.Task[Any] = task
        self._receive = receive
        self._over = False
        self._watch()

    def _watch(self) -> None:
        # Granian's receive() gives a future already; for a coroutine this makes a task.
        self._future: asyncio.Future[Message] = asyncio.ensure_future(self._receive())
        self._future.add_done_callback(self._received)

    def _received(self, future: asyncio.Future[Message]) -> None:
        if self._over or future.cancelled():
            return
        if future.exception() is not None or future.result()["type"] == "http.disconnect":
            self._task.cancel()
        else:
            self._watch()

    def stop(self) -> None:
        """The answer is out."""
        self._over = True
        self._future.cancel()


def _encoded(headers: dict[str, str]) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
