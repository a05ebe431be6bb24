"""One chunk of a streamed chat completion, typed as far as the gateway looks into it."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw, UnsetType

OBJECT: Final = "chat.completion.chunk"


class Delta(msgspec.Struct, gc=False):
    """What a chunk adds to a choice. Vendors disagree about the types within, so that none is asked for."""

    role: Any = None
    content: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    refusal: Any = None
    tool_calls: Any = None
    function_call: Any = None
    audio: Any = None

    @property
    def says_something(self) -> bool:
        return bool(
            self.content
            or self.reasoning_content
            or self.reasoning
            or self.tool_calls
            or self.refusal
            or self.function_call
            or self.audio
        )


class ChunkChoice(msgspec.Struct, gc=False):
    index: int | None = None
    finish_reason: str | UnsetType | None = UNSET
    delta: Delta | None = None


class GroqPart(msgspec.Struct, gc=False):
    """Groq's own member: the usage of the stream, and why a stream ended early."""

    usage: Any = None
    error: Any = None


class Chunk(msgspec.Struct, gc=False):
    """`choices` is None where the event is no chunk at all."""

    choices: list[ChunkChoice] | None = None
    id: Any = None
    object: Any = None
    created: Any = None
    model: Any = None
    usage: Any = None
    error: Any = None
    service_tier: Any = None
    x_groq: GroqPart | None = None


read_chunk = msgspec.json.Decoder(Chunk).decode
"""Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError."""

read_members = msgspec.json.Decoder(dict[str, Raw]).decode
"""The top-level members of a JSON object as raw bytes, in their order."""

# Every escape of a JSON text, one by one, so that an escaped backslash hides none; group 1: half of a surrogate pair.
_ESCAPES = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.DOTALL
)


def mend(text: bytes) -> bytes:
    """`text` with U+FFFD where it is no Unicode: bytes that are not UTF-8, escapes of half a surrogate pair.

    Vendors that cut their output by bytes or by UTF-16 units send such halves of an emoji.
    """
    if not text.isascii():
        text = text.decode("utf-8", "replace").encode()
    return _ESCAPES.sub(lambda found: rb"\ufffd" if found[1] else found[0], text)
