"""`POST /v1/chat/completions`."""

from __future__ import annotations

import asyncio

from penstock.accounts import Key
from penstock.api.exchange import Exchange
from penstock.gateway import Arrival, Gateway
from penstock.settings import Limits
from penstock.transport import Watch

_STRICT = (b"true", b"1")


async def chat_completions(gateway: Gateway, limits: Limits, watch: Watch, key: Key, exchange: Exchange) -> None:
    """Reads the body, and lets the gateway answer; a client that leaves cancels it.

    Raises PenstockError where nothing was sent.
    """
    body = await exchange.json_body(limits, watch)
    task = asyncio.current_task()
    assert task is not None
    stop_watching = exchange.watch(task.cancel)
    try:
        strict = exchange.headers.get(b"x-strict-params", b"").lower() in _STRICT
        await gateway.chat(Arrival(exchange.request_id, "chat.completions", "openai", strict, key, body), exchange)
    finally:
        stop_watching()
