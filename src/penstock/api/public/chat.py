"""`POST /v1/chat/completions`."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Receive

from penstock.accounts import Key
from penstock.api.body import check_json, read_body
from penstock.api.sink import AsgiSink, Leaving
from penstock.gateway import Arrival, Gateway
from penstock.settings import Limits

_STRICT = (b"true", b"1")


async def chat_completions(
    gateway: Gateway,
    limits: Limits,
    key: Key,
    request_id: str,
    headers: Mapping[bytes, bytes],
    receive: Receive,
    sink: AsgiSink,
) -> None:
    """Reads the body, and lets the gateway answer. Raises PenstockError where nothing was sent."""
    check_json(headers)
    body = await read_body(headers, receive, limits)
    leaving = Leaving(receive)
    try:
        strict = headers.get(b"x-strict-params", b"").lower() in _STRICT
        await gateway.chat(Arrival(request_id, "chat.completions", "openai", strict, key, body), sink)
    finally:
        leaving.stop()
