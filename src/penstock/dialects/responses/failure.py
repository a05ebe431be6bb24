"""Errors within a response: a vendor's as ours, and ours as an event and as the `error` of a response."""

from __future__ import annotations

from typing import Any, Final

from penstock.core.errors import PenstockError, UpstreamError
from penstock.dialects.chat import failure

CODES: Final = frozenset(
    {
        "server_error",
        "rate_limit_exceeded",
        "invalid_prompt",
        "data_residency_mismatch",
        "bio_policy",
        "vector_store_timeout",
        "invalid_image",
        "invalid_image_format",
        "invalid_base64_image",
        "invalid_image_url",
        "image_too_large",
        "image_too_small",
        "image_parse_error",
        "image_content_policy_violation",
        "invalid_image_mode",
        "image_file_too_large",
        "unsupported_image_media_type",
        "empty_image_file",
        "failed_to_download_image",
        "image_file_not_found",
    }
)
"""The codes that the `error` of a response may have."""

# What a code or a type of an error means as a status, where the error names none: OpenAI's words and Open Responses'.
_STATUSES: Final = {
    "server_error": 500,
    "model_error": 500,
    "vector_store_timeout": 504,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "too_many_requests": 429,
    "insufficient_quota": 429,
    "slow_down": 503,
    "server_is_overloaded": 503,
    "service_unavailable": 503,
    "overloaded_error": 503,
    "context_length_exceeded": 400,
    "invalid_request_error": 400,
    "invalid_request": 400,
    "not_found": 404,
    "not_found_error": 404,
    "model_not_found": 404,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    **dict.fromkeys(CODES - {"server_error", "rate_limit_exceeded", "vector_store_timeout"}, 400),
}


def explain_within(error: Any, *, provider: str, secrets: tuple[str, ...] = ()) -> UpstreamError:
    """The error that came, decoded from JSON, as an `error` event or as the `error` of a failed response."""
    if isinstance(error, dict):
        inner = error.get("error")
        said = inner if isinstance(inner, dict) else error
        if not any(isinstance(said.get(name), int) for name in ("status", "status_code", "code")):
            words = [said.get("code"), said.get("type")]
            status = next((_STATUSES[word] for word in words if isinstance(word, str) and word in _STATUSES), None)
            error = said if status is None else {**said, "status": status}
    return failure.explain_within(error, provider=provider, secrets=secrets)


def error_event(error: PenstockError) -> dict[str, Any]:
    """What the `error` event says, twice: flat as OpenAI's document has it, and in `error` as it is sent and as Open
    Responses wants it."""
    said = {"code": error.code, "message": _text(error.message), "param": error.param and _text(error.param)}
    return {**said, "error": {"type": error.type, **said}}


def response_error(error: PenstockError) -> dict[str, Any]:
    """The `error` of a failed response; its codes are few."""
    if error.code in CODES:
        code = error.code
    elif error.status == 429:
        code = "rate_limit_exceeded"
    else:
        code = "invalid_prompt" if 400 <= error.status < 500 else "server_error"
    return {"code": code, "message": _text(error.message)}


def _text(text: str) -> str:
    """A vendor's or the system's words may hold lone surrogates, which no JSON can carry."""
    return text.encode("utf-8", "replace").decode()
