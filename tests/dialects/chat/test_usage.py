from __future__ import annotations

from typing import Any

import pytest

from penstock.core.usage import Usage
from penstock.dialects.chat.chunks import filled_usage, usage_object
from penstock.dialects.chat.usage import read_usage

FULL = {
    "prompt_tokens": 10,
    "completion_tokens": 7,
    "total_tokens": 17,
    "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 1, "cache_write_tokens": 2},
    "completion_tokens_details": {
        "reasoning_tokens": 3,
        "audio_tokens": 2,
        "accepted_prediction_tokens": 1,
        "rejected_prediction_tokens": 5,
    },
}


def test_every_detail_is_read() -> None:
    assert read_usage(FULL) == Usage(10, 7, 4, 2, 3, 1, 2, 1, 5)


@pytest.mark.parametrize("name", ["cached_tokens", "num_cached_tokens", "prompt_cache_hit_tokens"])
def test_cached_tokens_in_other_spellings(name: str) -> None:
    assert read_usage({"prompt_tokens": 10, "completion_tokens": 1, name: 8}) == Usage(10, 1, cached_tokens=8)


def test_openais_spelling_of_cached_tokens_goes_first() -> None:
    usage = read_usage({"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 0}, "cached_tokens": 8})
    assert usage == Usage(9)


def test_reasoning_within_the_completion_is_counted_once() -> None:
    usage = read_usage({"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14, "reasoning_tokens": 4})
    assert usage == Usage(5, 9, reasoning_tokens=4)


def test_reasoning_beside_the_completion_is_added_to_it() -> None:
    """xAI: total = prompt + completion + reasoning, and all of it is paid for."""
    usage = read_usage(
        {
            "prompt_tokens": 12,
            "completion_tokens": 1,
            "total_tokens": 303,
            "completion_tokens_details": {"reasoning_tokens": 290},
        }
    )
    assert usage == Usage(12, 291, reasoning_tokens=290)


@pytest.mark.parametrize("value", [None, "12", 3, [], [FULL]])
def test_what_is_no_usage_is_none(value: Any) -> None:
    assert read_usage(value) is None


@pytest.mark.parametrize("count", [None, "12", -3, True, [], float("nan"), float("inf"), -1.0])
def test_a_count_that_is_none_is_zero(count: Any) -> None:
    assert read_usage({"prompt_tokens": count, "completion_tokens": 2.0}) == Usage(0, 2)


@pytest.mark.parametrize("details", [None, [], "x", 4])
def test_details_that_are_none_do_not_hide_the_counts(details: Any) -> None:
    usage = read_usage({**FULL, "prompt_tokens_details": details, "completion_tokens_details": details})
    assert usage == Usage(10, 7)


def test_our_own_usage_has_every_detail_field_of_every_dialect() -> None:
    usage = Usage(20, 9, audio_prompt_tokens=4, audio_completion_tokens=3, image_prompt_tokens=6)
    before, after = (usage_object(usage)[f"{name}_tokens_details"] for name in ("prompt", "completion"))
    assert set(before) == {"cached_tokens", "audio_tokens", "cache_write_tokens", "text_tokens", "image_tokens"}
    assert (before["text_tokens"], before["image_tokens"], after["text_tokens"]) == (10, 6, 6)
    assert set(after) == {
        "reasoning_tokens",
        "audio_tokens",
        "accepted_prediction_tokens",
        "rejected_prediction_tokens",
        "text_tokens",
    }


def test_a_filled_usage_keeps_what_the_vendor_says_beside() -> None:
    theirs = {
        "prompt_tokens": 10,
        "completion_tokens": 1,
        "total_tokens": 15,
        "prompt_tokens_details": {"image_tokens": 3, "cached_tokens": None, "video_tokens": 1},
        "completion_tokens_details": None,
        "num_cached_tokens": 2,
        "reasoning_tokens": 4,
        "cost": 0.5,
    }
    usage = read_usage(theirs)
    assert usage is not None
    filled = filled_usage(theirs, usage)
    assert (filled["completion_tokens"], filled["total_tokens"]) == (5, 15)  # true tokens: reasoning is among them
    assert filled["prompt_tokens_details"] == {
        "cached_tokens": 2,
        "audio_tokens": 0,
        "cache_write_tokens": 0,
        "text_tokens": 7,
        "image_tokens": 3,
        "video_tokens": 1,
    }
    assert filled["completion_tokens_details"]["reasoning_tokens"] == 4
    assert filled["cost"] == 0.5
