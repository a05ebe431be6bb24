"""Tokens of one answer."""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True, omit_defaults=True):
    """True tokens, as the vendor or the engine counted them; details are 0 where it gave none."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    audio_prompt_tokens: int = 0
    audio_completion_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0
    image_prompt_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """The sum, field by field: the usage of several choices is one usage."""
        return Usage(*(getattr(self, f) + getattr(other, f) for f in self.__struct_fields__))
