"""The six dialects as data: what each one allows, fills in, and answers differently from the others."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct


class Bound(Struct, frozen=True):
    """A range that is narrower than the field's own, both ends included; `said` puts it into words."""

    said: str
    least: float
    most: float = float("inf")

    def holds(self, value: float) -> bool:
        """Whether `value` is in the range."""
        return self.least <= value <= self.most


class Profile(Struct, frozen=True):
    """One dialect: its ranges and defaults, and how it says no."""

    name: str
    bounds: Mapping[str, Bound] = MappingProxyType({})
    """narrower ranges of top-level fields of a chat completion request"""
    default_max_tokens: int | None = None
    """tokens of an answer where the request names no maximum"""
    stop_included: bool = False
    """the stop sequence that ended an answer is part of its text"""
    always_usage: bool = False
    """every stream ends with a usage chunk, asked for or not"""
    usage_choice_needed: bool = False
    """`stream_options`, where it is given, must hold `include_usage`"""
    response_bounds: Mapping[str, Bound] = MappingProxyType({})
    """ranges of top-level fields of a responses request that not all dialects have; of a string, its characters"""
    any_metadata: bool = False
    """values of a responses request's `metadata` need not be strings: others become their JSON text"""
    store_responses: bool = True
    """`POST /v1/responses` keeps its answer where `store` is absent"""
    errors: Literal["openai", "flat", "codes", "detail"] = "openai"
    """the body of an error: the official object alone; with five flat fields, or with `detail`, beside it; or with
    codes of its own in it"""
    invalid_status: int = 400
    """status for a request that does not fit"""
    no_key_status: int = 401
    """status for a request without any key"""
    no_credit_status: int = 429
    """status for an account out of credit"""


_EPSILON: Final = 5e-324  # the least double above 0: a range that is open at 0 begins here
_SEED: Final = Bound("an integer of at least 1", 1)
_LENGTH: Final = Bound("an integer of at least 16", 16)  # of a response, in tokens

_TOKENSMIND: Final[Mapping[str, Bound]] = {
    "top_p": Bound("a number above 0, and at most 1", _EPSILON, 1),
    "top_k": Bound("an integer from 1 to 127", 1, 127),
}


def _aimlapi(name: str, top_p: float, default_max_tokens: int | None, *, always_usage: bool) -> Profile:
    bounds = {"seed": _SEED, "top_p": Bound(f"a number from {top_p} to 1", top_p, 1)}
    return Profile(
        name,
        bounds=MappingProxyType(bounds),
        response_bounds=MappingProxyType({"max_output_tokens": _LENGTH, **bounds}),
        default_max_tokens=default_max_tokens,
        always_usage=always_usage,
        usage_choice_needed=True,
        store_responses=False,
        errors="flat",
        no_credit_status=403,
    )


OPENAI: Final = Profile("openai", response_bounds=MappingProxyType({"max_output_tokens": _LENGTH}))

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {
        profile.name: profile
        for profile in (
            OPENAI,
            # docs.aimlapi.com/api-references/text-models-llm/openai/gpt-4: as of 2026, and as of early 2025
            _aimlapi("aimlapi", 0.01, None, always_usage=True),
            _aimlapi("aimlapi-legacy", 0.1, 512, always_usage=False),
            # docs.tokensmind.ai/en/api/chat/chat-completion and /en/api/basic/reference-error-code
            Profile(
                "tokensmind",
                bounds=MappingProxyType(_TOKENSMIND),
                response_bounds=MappingProxyType({"max_output_tokens": _LENGTH, **_TOKENSMIND}),
                stop_included=True,
                errors="codes",
                no_key_status=403,
                no_credit_status=403,
            ),
            # docs.gp.scale.com/reference, version 5. Its own sample asks for a model without its vendor.
            Profile(
                "sgp",
                response_bounds=MappingProxyType({"max_output_tokens": Bound("an integer of at least 1", 1)}),
                any_metadata=True,
                errors="detail",
                invalid_status=422,
            ),
            # openresponses.org/specification: of its own for /v1/responses only
            Profile(
                "openresponses",
                response_bounds=MappingProxyType(
                    {
                        "max_output_tokens": _LENGTH,
                        "max_tool_calls": Bound("an integer of at least 1", 1),
                        "prompt_cache_key": Bound("a string of at most 64 characters", 0, 64),
                    }
                ),
            ),
        )
    }
)
"""The dialects by name."""
