"""Where every request comes in: ids, bounds, CORS, errors. Plain ASGI, so that any server can stand below it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from penstock.accounts import Key, Keyring
from penstock.api.auth import authenticate
from penstock.api.cors import CorsPolicy
from penstock.api.dialect import DialectChoice
from penstock.api.exchange import Exchange
from penstock.api.idempotency import Idempotency
from penstock.api.public.chat import chat_completions
from penstock.api.public.responses import PATHS as RESPONSE_PATHS
from penstock.api.public.responses import create_response
from penstock.core.errors import HeadersTooLarge, InternalError, PenstockError, UpstreamError
from penstock.core.ids import timed_id
from penstock.dialects.errors import error_status
from penstock.gateway import Gateway
from penstock.gateway.responses import Responses
from penstock.settings import Settings
from penstock.telemetry import Metrics
from penstock.transport import Watch

log = structlog.get_logger(__name__)

CHAT_PATHS = ("/v1/chat/completions", "/chat/completions", "/v5/chat/completions")


class Edge:
    """The application. Calls to models are answered here; everything else is for `pages`, a Starlette application."""

    def __init__(
        self,
        settings: Settings,
        gateway: Gateway,
        responses: Responses,
        idempotency: Idempotency,
        keyring: Keyring,
        watch: Watch,
        metrics: Metrics,
        pages: ASGIApp,
    ) -> None:
        self._limits = settings.limits
        self._cors = CorsPolicy(settings.cors)
        self._dialects = DialectChoice(settings.server.dialect)
        self._keyring = keyring
        self._metrics = metrics
        self._pages = pages
        chat = partial(chat_completions, gateway, idempotency, settings.limits, watch)
        response = partial(create_response, responses, idempotency, settings.limits, watch)
        self._calls = dict.fromkeys(CHAT_PATHS, chat) | dict.fromkeys(RESPONSE_PATHS, response)
        self.tasks: set[asyncio.Task[Any]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._pages(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, timed_id("req_", time.time_ns() // 1_000_000))
        origin = exchange.headers.get(b"origin")
        if origin is not None:
            exchange.base += self._cors.answer(origin)
        try:
            self._dialects.by_request(exchange)
            self._check_size(exchange)
            if exchange.method == "POST" and (call := self._calls.get(exchange.path)) is not None:
                await self._call(exchange, call)
            elif exchange.method == "OPTIONS" and b"access-control-request-method" in exchange.headers:
                await exchange.answer(204, self._cors.preflight(exchange.headers), b"")
            else:
                await self._page(scope, receive, send, exchange)
        except PenstockError as error:
            await self._fail(exchange, error)
        except Exception:  # the last place where a defect can become a 500 with its request id
            log.exception("a request failed by a defect", request_id=exchange.request_id, path=exchange.path)
            failure = InternalError("Penstock failed; the server's log has the details under this request id")
            await self._fail(exchange, failure)

    async def _call(self, exchange: Exchange, call: Callable[[Key, Exchange], Awaitable[None]]) -> None:
        try:
            key = await authenticate(exchange.headers, self._keyring)
        except PenstockError as error:
            self._metrics.refused(error_status(error, exchange.profile))
            raise
        self._dialects.by_key(exchange, key)
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            await call(key, exchange)
        except asyncio.CancelledError:
            # The client left, or the server ends: the record is written, and there is nobody to tell.
            task.uncancel()
        finally:
            self.tasks.discard(task)

    async def _page(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        async def sending(message: Message) -> None:
            await send(exchange.page_send(message))

        scope["penstock.exchange"] = exchange
        await self._pages(scope, receive, sending)

    def _check_size(self, exchange: Exchange) -> None:
        if len(exchange.headers) > self._limits.headers or exchange.size > self._limits.header_bytes:
            raise HeadersTooLarge(
                f"{len(exchange.headers)} headers, {exchange.size} bytes with the address; taken are at most "
                f"{self._limits.headers} (limits.headers) and {self._limits.header_bytes} bytes (limits.header_bytes)"
            )

    async def _fail(self, exchange: Exchange, error: PenstockError) -> None:
        if exchange.begun:
            return  # a stream's own end has said what there is to say, or its client has stopped to read
        if isinstance(error, UpstreamError) and not error.retryable and error.status >= 500:
            # Another try meets the same refusal: SDKs take a 5xx for an invitation unless they are told.
            error.headers.setdefault("x-should-retry", "false")
        await exchange.fail(error)
