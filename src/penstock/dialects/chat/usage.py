"""Reads the `usage` of a chat completion in every spelling that vendors have for the same counts."""

from __future__ import annotations

from typing import Any

from penstock.core.usage import Usage


def read_usage(usage: Any) -> Usage | None:
    """What the vendor counted; None where the decoded `usage` is no usage object.

    Beside OpenAI's spelling there are others: cached tokens are `cached_tokens` at Together and Moonshot,
    `num_cached_tokens` at Mistral, `prompt_cache_hit_tokens` at DeepSeek; reasoning tokens are `reasoning_tokens`
    where SGLang serves.
    """
    if not isinstance(usage, dict):
        return None
    get = usage.get
    prompt, completion = _count(get("prompt_tokens")), _count(get("completion_tokens"))
    before, after = _details(get("prompt_tokens_details")), _details(get("completion_tokens_details"))
    cached = before.get("cached_tokens")
    if cached is None:
        cached = get("cached_tokens", get("num_cached_tokens", get("prompt_cache_hit_tokens")))
    reasoning = _count(after.get("reasoning_tokens", get("reasoning_tokens")))
    if reasoning and _count(get("total_tokens")) == prompt + completion + reasoning:
        completion += reasoning  # xAI counts reasoning beside the completion, everybody else within it
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cached_tokens=_count(cached),
        cache_write_tokens=_count(before.get("cache_write_tokens")),
        reasoning_tokens=reasoning,
        audio_prompt_tokens=_count(before.get("audio_tokens")),
        audio_completion_tokens=_count(after.get("audio_tokens")),
        accepted_prediction_tokens=_count(after.get("accepted_prediction_tokens")),
        rejected_prediction_tokens=_count(after.get("rejected_prediction_tokens")),
        image_prompt_tokens=_count(before.get("image_tokens")),
    )


def _details(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    """`value` as a count of tokens: 0 where it is no number, or less than that."""
    if value.__class__ is int:
        return value if value > 0 else 0
    return int(value) if isinstance(value, float) and 0 < value < 2**53 else 0
