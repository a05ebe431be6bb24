"""Errors on the wire: `{"error": {"message", "type", "param", "code"}}` with the request id in it, and what a dialect
has beside that or instead. SDKs read `error`, so every dialect has it."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from penstock.core.errors import (
    INSUFFICIENT_QUOTA,
    MISSING_KEY,
    ContextTooLong,
    InvalidRequest,
    ModelNotFound,
    PenstockError,
    Unauthenticated,
)
from penstock.dialects.profiles import OPENAI, Profile

_STEP: Final = re.compile(r"\[(\d+)\]|([^.\[\]]+)")

_CODES_BY_STATUS: Final = {
    400: "INVALID_REQUEST_BODY",
    401: "FAILED_TO_AUTH",
    403: "ACCESS_DENY",
    429: "RATE_LIMIT_EXCEEDED",
    503: "SERVICE_NOT_AVAILABLE",
}
"""What TokensMind calls an error of that status, where it has no closer word."""


class ErrorObject(msgspec.Struct):
    """The official error object. `request_id` is ours: it equals the `x-request-id` header."""

    message: str
    type: str
    param: str | None
    code: str | None
    request_id: str


class ErrorResponse(msgspec.Struct):
    """What every failed call is answered with."""

    error: ErrorObject


class FlatErrorResponse(ErrorResponse):
    """AI/ML API's: five fields beside the official object; `timestamp` is ISO 8601 in UTC, to the millisecond."""

    message: str
    path: str
    requestId: str
    statusCode: int
    timestamp: str


class ErrorDetail(msgspec.Struct):
    """One fault of a request. `loc` is the way to it, such as `["body", "messages", 2, "role"]` or `["header",
    "x-api-dialect"]`; empty where the fault is not in the request."""

    loc: list[str | int]
    msg: str
    type: str


class DetailErrorResponse(ErrorResponse):
    """Scale's (FastAPI's): `detail` beside the official object."""

    detail: list[ErrorDetail]


def error_status(error: PenstockError, profile: Profile = OPENAI) -> int:
    """The HTTP status that `error` has in a dialect."""
    if error.code == INSUFFICIENT_QUOTA:
        return profile.no_credit_status
    if isinstance(error, Unauthenticated) and error.code == MISSING_KEY:
        return profile.no_key_status
    if isinstance(error, InvalidRequest) and error.status == 400 and not isinstance(error, ContextTooLong):
        return profile.invalid_status
    return error.status


def error_body(
    error: PenstockError, request_id: str, profile: Profile = OPENAI, *, path: str = "", timestamp: str = ""
) -> bytes:
    """The JSON of a failed answer to a request for `path`; `timestamp` says when, by ISO 8601."""
    message, param = _text(error.message), error.param and _text(error.param)
    code = _tokensmind_code(error, profile) if profile.errors == "codes" else error.code
    written = ErrorObject(message, error.type, param, code, request_id)
    response = ErrorResponse(written)
    if profile.errors == "flat":
        response = FlatErrorResponse(written, message, path, request_id, error_status(error, profile), timestamp)
    elif profile.errors == "detail":
        response = DetailErrorResponse(written, [ErrorDetail(_way(error, param), message, code or error.type)])
    return msgspec.json.encode(response)


def error_frame(error: PenstockError, request_id: str, profile: Profile = OPENAI, **more: Any) -> bytes:
    """The last frame of a stream that broke, with the body of `error_body`: SDKs raise at it. No `[DONE]` follows."""
    return b"data: " + error_body(error, request_id, profile, **more) + b"\n\n"


def _tokensmind_code(error: PenstockError, profile: Profile) -> str | None:
    if error.code == INSUFFICIENT_QUOTA:
        return "NOT_ENOUGH_BALANCE"
    if isinstance(error, Unauthenticated) and error.code == MISSING_KEY:
        return "INVALID_API_KEY"
    if error.code == ModelNotFound.code:
        return "MODEL_NOT_FOUND"
    if error.code == ContextTooLong.code:
        return error.code  # the word that clients of every dialect look for
    status = error_status(error, profile)
    if status == 429 and error.type == "tokens":
        return "TOKEN_LIMIT_EXCEEDED"
    return _CODES_BY_STATUS.get(status, error.code)


def _way(error: PenstockError, param: str | None) -> list[str | int]:
    if param is not None and param.startswith("x-"):
        return ["header", param]
    if param is None and not isinstance(error, InvalidRequest):
        return []
    return ["body", *(int(step[1]) if step[1] else step[2] for step in _STEP.finditer(param or ""))]


def _text(text: str) -> str:
    """A vendor's or the system's words may hold lone surrogates, which no JSON can carry."""
    return text.encode("utf-8", "replace").decode()
