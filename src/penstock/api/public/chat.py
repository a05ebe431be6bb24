"""`POST /v1/chat/completions`, and its twins without a version and with Scale's."""

from __future__ import annotations

import asyncio

from penstock.accounts import Key
from penstock.api.auth import caller_key
from penstock.api.exchange import Exchange
from penstock.api.idempotency import HEADER, Idempotency
from penstock.core.ids import answer_id
from penstock.gateway import Arrival, Gateway
from penstock.settings import Limits
from penstock.transport import Watch

_STRICT = (b"true", b"1")


async def chat_completions(
    gateway: Gateway, idempotency: Idempotency, limits: Limits, watch: Watch, key: Key, exchange: Exchange
) -> None:
    """Reads the body, and lets the gateway answer; a client that leaves cancels it.

    Raises PenstockError where nothing was sent.
    """
    id = answer_id("chatcmpl-", exchange.request_id)
    exchange.base.append((b"x-inference-id", id.encode()))
    own_key = caller_key(exchange.headers)
    body = await exchange.json_body(limits, watch)
    strict = exchange.headers.get(b"x-strict-params", b"").lower() in _STRICT
    arrival = Arrival(
        exchange.request_id, id, "chat.completions", exchange.path, exchange.profile, strict, key, body, own_key
    )
    if HEADER in exchange.headers:
        await idempotency.run(exchange, key, body, lambda sink: gateway.chat(arrival, sink))
        return
    task = asyncio.current_task()
    assert task is not None
    stop_watching = exchange.watch(task.cancel)
    try:
        await gateway.chat(arrival, exchange)
    finally:
        stop_watching()
