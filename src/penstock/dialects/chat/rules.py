"""What a dialect, or a key, asks of a chat completion request beyond what holds in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Raw

from penstock.core.errors import InvalidRequest
from penstock.dialects.profiles import Profile

if TYPE_CHECKING:
    from penstock.dialects.chat.request import ChatCompletionRequest


def check(request: ChatCompletionRequest, profile: Profile) -> None:
    """Raises InvalidRequest for the first of the dialect's own rules that is broken."""
    for name, bound in profile.bounds.items():
        value = getattr(request, name)
        if value is not None and not bound.holds(value):
            kind = "integer" if isinstance(value, int) else "decimal"
            code = f"{kind}_below_min_value" if value < bound.least else f"{kind}_above_max_value"
            raise InvalidRequest(
                f"'{name}' is {value}; in the dialect '{profile.name}' it must be {bound.said}.", param=name, code=code
            )
    options = request.stream_options
    if profile.usage_choice_needed and options is not None and options.include_usage is None:
        raise InvalidRequest(
            f"'stream_options.include_usage' is missing; in the dialect '{profile.name}' it must be true or false.",
            param="stream_options.include_usage",
            code="missing_required_parameter",
        )


def fill_in(request: ChatCompletionRequest, members: dict[str, Raw], most: int | None) -> None:
    """Sets the length of the answer to `most` tokens where the request does not say, in `members` too: what goes to a
    vendor is made of these."""
    if most is not None and request.max_tokens is None and request.max_completion_tokens is None:
        request.max_tokens = most
        members["max_tokens"] = Raw(str(most))
