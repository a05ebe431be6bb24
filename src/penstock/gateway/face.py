"""What the client of an endpoint gets to see of an answer: the one part of a call's way that endpoints differ in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from penstock.core.answer import Answer, Frame
from penstock.core.call import Call
from penstock.core.errors import PenstockError
from penstock.core.exchange import Target
from penstock.core.usage import Usage


class Face(Protocol):
    """Puts one answer into the wire form of its endpoint, and keeps what is to be kept before its end goes out.

    `assembles` says that a streamed answer must be put together for `end`.
    """

    assembles: bool

    def attempt(self, target: Target) -> None:
        """`target` is asked now; what an earlier one began is forgotten."""
        ...

    async def open(self) -> bytes:
        """The first bytes of a stream; b"" where there are none."""
        ...

    def frame(self, data: bytes, frame: Frame) -> bytes:
        """The bytes for `frame`, whose data (with its cost, where it tells the usage) is `data`; b"" for nothing."""
        ...

    async def end(self, usage: Usage | None, answer: Answer | None) -> bytes:
        """The last bytes of a stream that is whole. `answer` is there where `assembles` is true."""
        ...

    async def broken(self, error: PenstockError, usage: Usage | None) -> bytes:
        """The last bytes of a stream that broke after it had begun."""
        ...

    async def whole(self, answer: Answer, body: bytes) -> bytes:
        """The body of a whole answer; `body` is that of `answer`, with its cost."""
        ...


Read = Callable[[int], Awaitable[tuple[Call, Face]]]
"""Reads the request of a call that came in at a time (Unix seconds). Raises PenstockError."""
