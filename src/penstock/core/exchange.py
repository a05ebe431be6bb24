"""What goes to a vendor and what comes back, as values: providers make and read these, transport moves them."""

from __future__ import annotations

import msgspec


class Target(msgspec.Struct, frozen=True):
    """Where a call can go: the vendor, its name for the model, and the name that the client is told."""

    provider: str
    model: str
    served_as: str
    weight: float = 1.0


class Outgoing(msgspec.Struct):
    """One HTTP request to a vendor. Header values may be secrets: never log them.

    `trusted` is true where the operator's own settings (or this process) name the address; any other
    address must resolve to public ones only.
    """

    url: str
    headers: list[tuple[str, str]]
    body: bytes
    stream: bool = False
    method: str = "POST"
    trusted: bool = False


class Reply(msgspec.Struct):
    """A whole HTTP answer of a vendor; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes
