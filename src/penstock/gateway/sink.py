"""The client's side of a call, as the gateway sees it."""

from __future__ import annotations

from typing import Protocol


class Sink(Protocol):
    """Writes one answer to one client. Whoever awaits it is held back by a slow client.

    A client that leaves cancels the task that serves it.
    """

    async def whole(self, headers: dict[str, str], body: bytes) -> None:
        """A whole JSON answer, status 200."""
        ...

    async def begin(self, headers: dict[str, str]) -> None:
        """The head of a stream, status 200."""
        ...

    async def send(self, data: bytes) -> None:
        """A part of a stream, in one write."""
        ...

    async def end(self, data: bytes) -> None:
        """The last part of a stream."""
        ...


class Nowhere:
    """A sink without a client: for a call whose answer is read elsewhere."""

    async def whole(self, headers: dict[str, str], body: bytes) -> None:
        """Nobody reads it."""

    async def begin(self, headers: dict[str, str]) -> None:
        """Nobody reads it."""

    async def send(self, data: bytes) -> None:
        """Nobody reads it."""

    async def end(self, data: bytes) -> None:
        """Nobody reads it."""
