"""The `usage` of a response, both ways."""

from __future__ import annotations

from typing import Any

from penstock.core.usage import Usage


def usage_object(usage: Usage, theirs: Any = None) -> dict[str, Any]:
    """The `usage` member of a response, and what a vendor tells in `theirs` beside the counts that are in it."""
    ours: dict[str, Any] = {
        "input_tokens": usage.prompt_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    }
    if not isinstance(theirs, dict):
        return ours
    for name in ("input_tokens_details", "output_tokens_details"):
        ours[name] = _details(theirs.get(name)) | ours[name]
    return theirs | ours


def read_usage(usage: Any) -> Usage | None:
    """What the vendor counted; None where the decoded `usage` is no usage object."""
    if not isinstance(usage, dict):
        return None
    before, after = _details(usage.get("input_tokens_details")), _details(usage.get("output_tokens_details"))
    return Usage(
        prompt_tokens=_count(usage.get("input_tokens")),
        completion_tokens=_count(usage.get("output_tokens")),
        cached_tokens=_count(before.get("cached_tokens")),
        cache_write_tokens=_count(before.get("cache_write_tokens")),
        reasoning_tokens=_count(after.get("reasoning_tokens")),
        audio_prompt_tokens=_count(before.get("audio_tokens")),
        audio_completion_tokens=_count(after.get("audio_tokens")),
        image_prompt_tokens=_count(before.get("image_tokens")),
    )


def _details(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int:
    """`value` as a count of tokens: 0 where it is no number, or less than that."""
    if value.__class__ is int:
        return value if value > 0 else 0
    return int(value) if isinstance(value, float) and 0 < value < 2**53 else 0
