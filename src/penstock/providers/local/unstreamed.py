"""A whole answer of llama.cpp as the events of a stream: it streams no logprobs where a request has tools."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from penstock.core.call import Call
from penstock.core.errors import UpstreamBroke
from penstock.providers.local.tools import Tools

_MOST_BYTES: Final = 64 * 1024 * 1024


class _Message(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[dict[str, Any]] = []


class _Logprobs(msgspec.Struct):
    content: list[dict[str, Any]] | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str
    logprobs: _Logprobs | None = None


class _Answer(msgspec.Struct):
    choices: list[_Choice]
    timings: dict[str, Any]


def unstreamed(call: Call, tools: Tools) -> bool:
    """Whether llama.cpp must be asked for the whole answer at once."""
    return bool(call.wire.logprobs) and bool(tools.offered)


class AnswerDecoder:
    """Takes the place of a decoder of events: all of them come at the end of the bytes."""

    def __init__(self) -> None:
        self._body = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """No event yet. Raises UpstreamBroke over 64 MiB."""
        self._body += data
        if len(self._body) > _MOST_BYTES:
            raise UpstreamBroke(f"the local model's answer is larger than {_MOST_BYTES} bytes")
        return iter(())

    def close(self) -> Iterator[bytes]:
        """The data of every event. Raises UpstreamBroke where the bytes are no answer."""
        try:
            answer = msgspec.json.decode(self._body, type=_Answer)
            choice = answer.choices[0]
        except (msgspec.DecodeError, UnicodeDecodeError, IndexError) as error:
            raise UpstreamBroke(f"the local model sent an answer that is none: {error}") from error
        entries = (choice.logprobs.content if choice.logprobs is not None else None) or []
        thoughts, text, calls = _shares(choice.message, entries)
        message = choice.message
        if message.reasoning_content:
            # The tokens so far, which are all for thinking, are how the reader counts them.
            yield _chunk(answer.timings | {"predicted_n": len(thoughts)}, _said(message.reasoning_content, thoughts))
        for part, its in text:
            yield _chunk(answer.timings, {"delta": {"content": part}, "logprobs": {"content": its}})
        for index, call in enumerate(message.tool_calls):
            shown = {"delta": {"tool_calls": [call | {"index": index}]}}
            yield _chunk(answer.timings, shown | {"logprobs": {"content": calls if index == 0 else []}})
        yield _chunk(answer.timings, {"delta": {}, "finish_reason": choice.finish_reason})
        yield b"[DONE]"


def _shares(
    message: _Message, entries: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[tuple[str, list[dict[str, Any]]]], list[dict[str, Any]]]:
    """The entries of the reasoning; the text, token by token where the tokens are known; the entries of the calls."""
    tokens = [str(entry["token"]) for entry in entries]
    content, thought = message.content or "", (message.reasoning_content or "").strip()
    begin = 0
    if thought:
        end, so_far = "".join(tokens).find(thought) + len(thought), 0
        while begin < len(tokens) and so_far < end:
            so_far += len(tokens[begin])
            begin += 1
    if not content:
        return entries[:begin], [], entries[begin:]
    joined, at = "", begin
    for at in range(begin, len(tokens)):  # what stands between reasoning and text belongs to neither
        joined = "".join(tokens[at:])
        if joined.startswith(content):
            break
    if not joined.startswith(content):
        return entries[:begin], [(content, entries[begin:])], []
    text, left = [], len(content)
    while left > 0:
        text.append((tokens[at][:left], [entries[at]]))
        left -= len(tokens[at])
        at += 1
    return entries[:begin], text, entries[at:]


def _said(text: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {"delta": {"reasoning_content": text}, "logprobs": {"content": entries}}


def _chunk(timings: dict[str, Any], choice: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"choices": [choice], "timings": timings})
