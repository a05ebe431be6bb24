"""Chunks that Penstock makes itself, for answers that no vendor streamed as they stand."""

from __future__ import annotations

from typing import Any

import msgspec

from penstock.core.answer import Frame
from penstock.core.call import Call
from penstock.core.exchange import Target
from penstock.core.usage import Usage


def usage_object(usage: Usage) -> dict[str, Any]:
    """The `usage` member of a chat completion, with every detail field of every dialect."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "audio_tokens": usage.audio_prompt_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
            "text_tokens": max(usage.prompt_tokens - usage.audio_prompt_tokens - usage.image_prompt_tokens, 0),
            "image_tokens": usage.image_prompt_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": usage.audio_completion_tokens,
            "accepted_prediction_tokens": usage.accepted_prediction_tokens,
            "rejected_prediction_tokens": usage.rejected_prediction_tokens,
            "text_tokens": max(usage.completion_tokens - usage.audio_completion_tokens, 0),
        },
    }


def filled_usage(theirs: dict[str, Any], usage: Usage) -> dict[str, Any]:
    """A vendor's `usage` as a dialect other than the vendor's own promises it: every field, in true tokens.

    `usage` is what was read from it. What the vendor tells beside stays.
    """
    ours = usage_object(usage)
    for name in ("prompt_tokens_details", "completion_tokens_details"):
        if isinstance(details := theirs.get(name), dict):
            ours[name] = details | ours[name]
    return theirs | ours


class _Told(msgspec.Struct):
    system_fingerprint: Any = None


_read_fingerprint = msgspec.json.Decoder(_Told).decode


def usage_chunk(call: Call, target: Target, usage: Usage, fingerprint: str | None = None) -> Frame:
    """The last chunk of a stream whose client asked for usage: no choices, the usage of all of them."""
    chunk: dict[str, Any] = {
        "id": call.id,
        "object": "chat.completion.chunk",
        "created": call.created,
        "model": target.served_as,
        "choices": [],
        "usage": usage_object(usage),
    }
    if fingerprint is not None:
        chunk["system_fingerprint"] = fingerprint
    return Frame(msgspec.json.encode(chunk), content=False, usage=True)


class Fingerprint:
    """Notes the `system_fingerprint` of chunks on their way, for the chunk with the usage, which is made here."""

    value: str | None = None
    """that of the first chunk which has one"""

    def add(self, frame: Frame) -> None:
        """Looks at one chunk, as long as none had any."""
        if self.value is None and b'"system_fingerprint"' in frame.data:
            found = _read_fingerprint(frame.data).system_fingerprint
            self.value = found if isinstance(found, str) else None


def chunks_of(answer: dict[str, Any]) -> list[Frame]:
    """The chunks of a stream that tells all of `answer`, a whole chat completion, at once; its usage is left out."""
    envelope = {name: value for name, value in answer.items() if name not in ("choices", "usage", "object")}
    frames: list[Frame] = []
    for choice in answer["choices"]:
        message = dict(choice["message"])
        calls = message.pop("tool_calls", None)
        if calls:
            message["tool_calls"] = [{"index": index, **call} for index, call in enumerate(calls)]
        told = {"index": choice["index"], "delta": message, "logprobs": choice["logprobs"], "finish_reason": None}
        ended = {"index": choice["index"], "delta": {}, "logprobs": None, "finish_reason": choice["finish_reason"]}
        for part in (told, ended):
            chunk = {**envelope, "object": "chat.completion.chunk", "choices": [part]}
            frames.append(Frame(msgspec.json.encode(chunk), content=True))
    return frames
