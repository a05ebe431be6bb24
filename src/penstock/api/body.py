"""Reads a request's body: bounded in size, and in how long the client may take."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from starlette.types import Receive

from penstock.core.errors import InvalidRequest, RequestTimeout, TooLarge, UnsupportedMediaType
from penstock.settings import Limits
from penstock.transport import Patience

# A refused body is read on and thrown away for a while, so that the client, still sending, can hear why.
_THROW_AWAY_S = 10.0


def check_json(headers: Mapping[bytes, bytes]) -> None:
    """Raises UnsupportedMediaType where the body is declared as anything but JSON."""
    declared = headers.get(b"content-type")
    if declared is None or declared == b"application/json":
        return
    kind = declared.partition(b";")[0].strip().lower()
    if kind != b"application/json":
        raise UnsupportedMediaType(
            f"content-type is '{declared.decode('latin-1')[:100]}'; this endpoint reads application/json only"
        )


async def read_body(headers: Mapping[bytes, bytes], receive: Receive, limits: Limits) -> bytes:
    """The whole body. Raises TooLarge, RequestTimeout, InvalidRequest (declared length is no number)."""
    declared = headers.get(b"content-length")
    if declared is not None:
        if not declared.isdigit():
            raise InvalidRequest("the content-length header is not a number")
        if int(declared) > limits.body_bytes:
            await _throw_away(receive, limits.body_bytes)
            raise _too_large(limits)
    deadline = asyncio.get_running_loop().time() + 4 * limits.body_read_s
    with Patience(deadline) as patience:
        patience.wait(limits.body_read_s, RequestTimeout, "the request's body did not arrive")
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body") or (declared is not None and len(body) == int(declared)):
            if message["type"] == "http.disconnect":
                raise asyncio.CancelledError
            return body
        parts = [body]
        size = len(body)
        while message.get("more_body"):
            patience.wait(limits.body_read_s, RequestTimeout, "the rest of the request's body did not arrive")
            message = await receive()
            part: bytes = message.get("body", b"")
            parts.append(part)
            size += len(part)
            if size > limits.body_bytes:
                parts.clear()
                patience.wait(_THROW_AWAY_S, TooLarge, _too_large(limits).message)
                await _throw_away(receive, limits.body_bytes)
                raise _too_large(limits)
        if message["type"] == "http.disconnect":
            raise asyncio.CancelledError
        return b"".join(parts)


def _too_large(limits: Limits) -> TooLarge:
    return TooLarge(f"the request's body is larger than {limits.body_bytes} bytes (limits.body_bytes)")


async def _throw_away(receive: Receive, most: int) -> None:
    """Reads at most twice `most` bytes more, for at most 10 s."""
    left = 2 * most
    try:
        async with asyncio.timeout(_THROW_AWAY_S):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if not message.get("more_body"):
                    return
    except TimeoutError:
        return
