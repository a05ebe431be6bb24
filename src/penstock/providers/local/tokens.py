"""The tokenizer of a loaded model, which is llama.cpp's: what to ask it, and what it answers."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from penstock.core.errors import UpstreamBroke
from penstock.core.exchange import Outgoing, Reply
from penstock.providers.local import failure
from penstock.providers.local.endpoint import Endpoint
from penstock.providers.local.messages import translated
from penstock.providers.local.tools import shown

T = TypeVar("T")


class Token(msgspec.Struct, frozen=True):
    """One token; `piece` is its text, or its bytes where these are no text of their own."""

    id: int
    piece: str | list[int]

    @property
    def text(self) -> str:
        """What it reads as; half a character is U+FFFD."""
        return self.piece if isinstance(self.piece, str) else bytes(self.piece).decode("utf-8", "replace")


class _Tokens(msgspec.Struct):
    tokens: list[Token]


class _Prompt(msgspec.Struct):
    prompt: str


class _Content(msgspec.Struct):
    content: str


def template(endpoint: Endpoint, messages: list[Any], functions: list[Any], *, answer: bool) -> Outgoing:
    """Asks for `messages`, in the chat dialect, as one text; with the head of an `answer` at the end, or without."""
    body = {"messages": translated(messages), "add_generation_prompt": answer}
    if functions:
        body |= {"tools": [{"type": "function", "function": shown(function)} for function in functions]}
    return _asking(endpoint, "/apply-template", body)


def tokenize(endpoint: Endpoint, text: str, *, special: bool) -> Outgoing:
    """Asks for the tokens of `text`; marks such as `<|im_end|>` are the one token that they are in a prompt.

    `special` adds what the tokenizer puts before a text, if anything.
    """
    body = {"content": text, "add_special": special, "parse_special": True, "with_pieces": True}
    return _asking(endpoint, "/tokenize", body)


def detokenize(endpoint: Endpoint, tokens: list[int]) -> Outgoing:
    """Asks for the text of `tokens`, each an id that the model has."""
    return _asking(endpoint, "/detokenize", {"tokens": tokens})


def read_prompt(reply: Reply) -> str:
    """The answer to `template`. Raises UpstreamError."""
    return _read(reply, _Prompt).prompt


def read_tokens(reply: Reply) -> list[Token]:
    """The answer to `tokenize`. Raises UpstreamError."""
    return _read(reply, _Tokens).tokens


def read_text(reply: Reply) -> str:
    """The answer to `detokenize`. Raises UpstreamError."""
    return _read(reply, _Content).content


def _asking(endpoint: Endpoint, path: str, body: dict[str, Any]) -> Outgoing:
    headers = [
        ("content-type", "application/json"),
        ("authorization", f"Bearer {endpoint.api_key}"),
        ("connection", "close"),  # as for calls: an open connection holds a thread of llama.cpp's
    ]
    return Outgoing(endpoint.url + path, headers, msgspec.json.encode(body), trusted=True)


def _read(reply: Reply, kind: type[T]) -> T:
    if not 200 <= reply.status < 300:
        raise failure.explain(reply.status, reply.body)
    try:
        return msgspec.json.decode(reply.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UpstreamBroke(f"the local model's tokenizer gave an answer that is none: {error}") from error
