"""Calls and targets for tests of what goes to a vendor and comes back."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw

from penstock.core.call import Call
from penstock.core.exchange import Target

TARGET = Target(provider="acme", model="acme-large-2", served_as="gpt-4-0613")
CALL_ID = "chatcmpl-ours"
CREATED = 1_700_000_000


def a_call(
    request: dict[str, Any] | None = None, *, stream: bool = False, include_usage: bool = False, strict: bool = False
) -> Call:
    """A call with the members of `request`."""
    body = {"model": "gpt-4", "messages": [{"role": "user", "content": "Hello"}], **(request or {})}
    return Call(
        id=CALL_ID,
        request_id="req-1",
        created=CREATED,
        endpoint="/v1/chat/completions",
        dialect="openai",
        model="gpt-4",
        stream=stream,
        include_usage=include_usage,
        n=1,
        seed=None,
        strict=strict,
        members=msgspec.json.decode(msgspec.json.encode(body), type=dict[str, Raw]),
        wire=None,
    )


def split(data: bytes, sizes: list[int]) -> list[bytes]:
    """`data` in parts of `sizes`, again and again from the first one."""
    parts: list[bytes] = []
    at = 0
    while at < len(data):
        size = sizes[len(parts) % len(sizes)]
        parts.append(data[at : at + size])
        at += size
    return parts
