"""What must hold between the fields of a responses request, and what their types cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.validate import METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH
from penstock.dialects.profiles import Profile
from penstock.dialects.responses import choice
from penstock.settings import Limits

if TYPE_CHECKING:
    from penstock.dialects.responses.request import ResponsesRequest


def check(request: ResponsesRequest, limits: Limits, profile: Profile, *, strict: bool) -> None:
    """Raises InvalidRequest for the first rule that is broken, those of the dialect `profile` too. `strict`: nothing
    may be passed over in silence."""
    if not request.model.isprintable():
        raise InvalidRequest(
            "'model' holds characters that cannot be printed; no model has such a name.", param="model"
        )
    _check_source(request)
    if request.background and request.store is False:
        raise InvalidRequest(
            "'background' is true and 'store' is false: an answer that is made in the background can be had only where "
            "it is stored. Leave 'store' out, or set it to true.",
            param="background",
            code="invalid_parameter_combination",
        )
    if request.stream_options is not None and not request.stream:
        raise InvalidRequest(
            "'stream_options' is allowed only with 'stream' set to true; leave it out or stream.",
            param="stream_options",
        )
    choice.check(request.tools, request.tool_choice, limits)
    if request.metadata:
        check_metadata(request.metadata)
    reasoning = request.reasoning
    if strict and reasoning is not None and reasoning.summary is not None and reasoning.generate_summary is not None:
        raise InvalidRequest(
            "'reasoning.summary' and 'reasoning.generate_summary' are both given; X-Strict-Params allows only one of "
            "them (otherwise 'summary' wins).",
            param="reasoning.generate_summary",
            code="invalid_parameter_combination",
        )
    _check_bounds(request, profile)


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Raises InvalidRequest for a key of `metadata` of more than 64 characters, and for a value of more than 512."""
    for key, value in metadata.items():
        if len(key) > METADATA_KEY_LENGTH:
            raise InvalidRequest(
                f"'metadata' has a key of {len(key)} characters ('{key[:32]}...'); "
                f"at most {METADATA_KEY_LENGTH} are allowed.",
                param="metadata",
                code="string_above_max_length",
            )
        if len(value) > METADATA_VALUE_LENGTH:
            raise InvalidRequest(
                f"'metadata.{key}' is a string of {len(value)} characters; "
                f"at most {METADATA_VALUE_LENGTH} are allowed.",
                param=f"metadata.{key}",
                code="string_above_max_length",
            )


def _check_source(request: ResponsesRequest) -> None:
    """There is something to answer, and one thing at most that it continues."""
    if request.conversation is not None and request.previous_response_id is not None:
        raise InvalidRequest(
            "'conversation' and 'previous_response_id' are both given; a response continues only one of them.",
            param="previous_response_id",
            code="invalid_parameter_combination",
        )
    if (
        not request.input
        and request.input != ""
        and (request.conversation is None and request.previous_response_id is None and request.prompt is None)
    ):
        what = "missing" if request.input is None else "an empty array"
        raise InvalidRequest(
            f"'input' is {what}. It must be a string, or an array of at least 1 item, unless 'previous_response_id', "
            "'conversation' or 'prompt' says what to answer.",
            param="input",
            code="missing_required_parameter",
        )


def _check_bounds(request: ResponsesRequest, profile: Profile) -> None:
    for name, bound in profile.response_bounds.items():
        value = getattr(request, name)
        if value is None:
            continue
        kind = "string" if isinstance(value, str) else "integer" if isinstance(value, int) else "decimal"
        size = len(value) if kind == "string" else value
        if bound.holds(size):
            continue
        end = "below_min" if size < bound.least else "above_max"
        raise InvalidRequest(
            f"'{name}' is {f'a string of {size} characters' if kind == 'string' else value}; in the dialect "
            f"'{profile.name}' it must be {bound.said}.",
            param=name,
            code=f"{kind}_{end}_{'length' if kind == 'string' else 'value'}",
        )
