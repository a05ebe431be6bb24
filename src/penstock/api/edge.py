"""Where every request comes in: ids, bounds, CORS, errors. Plain ASGI, so that any server can stand below it."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from penstock.accounts import Keyring
from penstock.api.auth import authenticate
from penstock.api.cors import CorsPolicy
from penstock.api.public.chat import chat_completions
from penstock.api.sink import AsgiSink
from penstock.core.errors import HeadersTooLarge, InternalError, PenstockError, UpstreamError
from penstock.core.ids import new_id
from penstock.gateway import Gateway
from penstock.settings import Settings
from penstock.telemetry import Metrics

log = structlog.get_logger(__name__)

CHAT_PATHS = ("/v1/chat/completions", "/chat/completions")


class Edge:
    """The ASGI application. Calls to models go straight on; everything else goes through `pages`, a Starlette app."""

    def __init__(
        self, settings: Settings, gateway: Gateway, keyring: Keyring, metrics: Metrics, pages: ASGIApp
    ) -> None:
        self._limits = settings.limits
        self._cors = CorsPolicy(settings.cors)
        self._gateway = gateway
        self._keyring = keyring
        self._metrics = metrics
        self._pages = pages
        self._chat = frozenset(CHAT_PATHS)
        self.tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = new_id("req_")
        base = [(b"x-request-id", request_id.encode()), *self._cors.answer(headers.get(b"origin"))]
        sink = AsgiSink(send, base, request_id)
        try:
            self._check_headers(scope)
            if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
                await self._preflight(headers, send, base)
            elif scope["path"] in self._chat and scope["method"] == "POST":
                await self._call(headers, receive, sink, request_id)
            else:
                scope["penstock.request_id"] = request_id
                await self._pages(scope, receive, _with_headers(send, base))
        except PenstockError as error:
            await self._fail(sink, error)
        except Exception:
            log.exception("a request failed by a defect", request_id=request_id, path=scope["path"])
            await self._fail(
                sink, InternalError("Penstock failed; the server's log has the details under this request id")
            )

    async def _call(self, headers: dict[bytes, bytes], receive: Receive, sink: AsgiSink, request_id: str) -> None:
        try:
            key = await authenticate(headers, self._keyring)
        except PenstockError as error:
            self._metrics.refused(error.status)
            raise
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await chat_completions(self._gateway, self._limits, key, request_id, headers, receive, sink)
        except asyncio.CancelledError:
            # The client left, or the server ends: the record is written, and there is nobody to tell.
            task.uncancel()
        finally:
            self.tasks.discard(task)

    def _check_headers(self, scope: Scope) -> None:
        headers = scope["headers"]
        if len(headers) > self._limits.headers:
            raise HeadersTooLarge(f"{len(headers)} headers; at most {self._limits.headers} are taken (limits.headers)")
        size = sum(len(name) + len(value) for name, value in headers) + len(scope["query_string"]) + len(scope["path"])
        if size > self._limits.header_bytes:
            raise HeadersTooLarge(
                f"headers and address are {size} bytes; at most {self._limits.header_bytes} are taken (limits.header_bytes)"
            )

    async def _preflight(self, headers: dict[bytes, bytes], send: Send, base: list[tuple[bytes, bytes]]) -> None:
        wanted = headers.get(b"access-control-request-headers")
        allowed = self._cors.preflight(headers.get(b"origin"), wanted)
        await send({"type": "http.response.start", "status": 204, "headers": [base[0], *allowed]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _fail(self, sink: AsgiSink, error: PenstockError) -> None:
        if sink.begun:
            return  # too late to say anything; the connection ends without a proper end, which every client notices
        if isinstance(error, UpstreamError) and not error.retryable and error.status >= 500:
            # Another try meets the same refusal: SDKs take a 5xx for an invitation unless they are told.
            error.headers.setdefault("x-should-retry", "false")
        await sink.fail(error)


def _with_headers(send: Send, base: list[tuple[bytes, bytes]]) -> Send:
    async def sending(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *base]
        await send(message)

    return sending
