"""An answer in the chat dialect's wire form, with what the meter and the record need beside it."""

from __future__ import annotations

from typing import Protocol

import msgspec

from penstock.core.usage import Usage


class Answer(msgspec.Struct):
    """A whole answer: `body` is the JSON that the client gets; `has_meta` says that a `meta` is among its members.

    `native` is true where `body` is a response of the responses dialect, as its vendor sent it.
    """

    body: bytes
    usage: Usage | None
    finish_reasons: list[str]
    upstream_id: str | None = None
    service_tier: str | None = None
    has_meta: bool = False
    native: bool = False


class Frame(msgspec.Struct):
    """One event of a streamed answer: the JSON of one `chat.completion.chunk`, without `data: `.

    `content` is true where it carries something of the answer itself (text, reasoning, a refusal, audio, a
    tool call) or its end; the client's stream begins with the first such frame. `usage` is true for the one that
    tells the tokens of the whole answer, and nothing else. `native` is true where `data` is an event of the
    responses dialect, as its vendor sent it.
    """

    data: bytes
    content: bool
    usage: bool = False
    native: bool = False


class Reader(Protocol):
    """Reads one streamed answer of a vendor, from its bytes, in any split; pure, used for one answer only."""

    usage: Usage | None
    finish_reasons: dict[int, str]
    upstream_id: str | None
    service_tier: str | None
    done: bool

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises UpstreamError where the vendor reports one in its stream,
        UpstreamBroke where the bytes are no stream."""
        ...

    def close(self) -> list[Frame]:
        """The last frames, at the end of the vendor's bytes. Raises UpstreamBroke where the answer is unfinished."""
        ...
