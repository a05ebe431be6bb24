"""A call on its way through the gateway."""

from __future__ import annotations

from typing import Any

import msgspec


class Call(msgspec.Struct):
    """One call of a client, decoded and validated by its dialect.

    `members` are the top-level members of the body as raw JSON bytes: what goes to a vendor of the same
    dialect is rebuilt from them, so that what was validated is what is sent. `wire` is the typed request
    of the dialect (`ChatCompletionRequest`). `id` is the id of the answer, ours and not the vendor's.
    `changed` collects what happened to parameters, as `name -> native|translated|emulated|ignored|passed`.
    """

    id: str
    request_id: str
    created: int
    endpoint: str
    dialect: str
    model: str
    stream: bool
    include_usage: bool
    n: int
    seed: int | None
    strict: bool
    members: dict[str, msgspec.Raw]
    wire: Any
    changed: dict[str, str] = {}
    choice: int = 0
    """index of the one choice that this call makes, where the gateway makes `n` choices of n calls"""
