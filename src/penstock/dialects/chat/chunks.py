"""Chunks that Penstock makes itself, for answers that no vendor streamed as they stand."""

from __future__ import annotations

from typing import Any

import msgspec

from penstock.core.answer import Frame
from penstock.core.call import Call
from penstock.core.exchange import Target
from penstock.core.usage import Usage


def usage_object(usage: Usage) -> dict[str, Any]:
    """The `usage` member of a chat completion, with every detail field."""
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "audio_tokens": usage.audio_prompt_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": usage.audio_completion_tokens,
            "accepted_prediction_tokens": usage.accepted_prediction_tokens,
            "rejected_prediction_tokens": usage.rejected_prediction_tokens,
        },
    }


def usage_chunk(call: Call, target: Target, usage: Usage) -> Frame:
    """The last chunk of a stream whose client asked for usage: no choices, the usage of all of them."""
    chunk = {
        "id": call.id,
        "object": "chat.completion.chunk",
        "created": call.created,
        "model": target.served_as,
        "choices": [],
        "usage": usage_object(usage),
    }
    return Frame(msgspec.json.encode(chunk), content=False)
