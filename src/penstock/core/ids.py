"""Ids: a prefix and characters that nobody can guess, from the system's own source of randomness."""

from __future__ import annotations

import os
import secrets
from collections import deque
from typing import Final

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


_RANDOM: Final = 16  # bytes of an id
_AT_ONCE: Final = 512
# Drawn many at a time: each draw lets another thread have Python's lock, and then waits for it.
_random: deque[str] = deque()
os.register_at_fork(after_in_child=_random.clear)


def new_id(prefix: str) -> str:
    """`prefix` and 32 hexadecimal characters (128 random bits): `new_id("chatcmpl-")`."""
    return prefix + _drawn()


def answer_id(prefix: str, request_id: str) -> str:
    """The id of the answer to a request: `prefix` and the characters of the request's own id, `req_` without."""
    return prefix + request_id.removeprefix("req_")


def base62(length: int) -> str:
    """`length` characters of 0-9A-Za-z, evenly distributed."""
    return "".join(secrets.choice(_BASE62) for _ in range(length))


def timed_id(prefix: str, ms: int) -> str:
    """`prefix` and 32 hexadecimal characters: 12 of `ms` (Unix milliseconds) and 20 of 80 random bits.

    Sorts by time, so that an index over many of them grows at its end; random ones cost a database, from some
    100,000 rows on, several times as much to insert.
    """
    return f"{prefix}{ms:012x}{_drawn()[:20]}"


def _drawn() -> str:
    """32 random hexadecimal characters, which nobody was given before."""
    while True:
        try:
            return _random.pop()
        except IndexError:
            _random.extend(os.urandom(_RANDOM * _AT_ONCE).hex(":", -_RANDOM).split(":"))
