"""What a model takes only at some levels of `reasoning_effort`: sampling, and tools."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
"""Every level, the least first."""

SAMPLED: Final = ("temperature", "top_p", "logprobs", "top_logprobs")
"""What a model that reasons may not take."""


class ByEffort(Struct, frozen=True, forbid_unknown_fields=True):
    """What depends on the level at one model."""

    default: Effort
    """the level where nobody says one"""
    sampling: Effort | None = None
    """the one level at which the parameters of SAMPLED are taken"""
    beside_tools: Literal["none", "unsaid"] | None = None
    """with tools the level must be said to be `none`, or must not be said, whatever it is"""
