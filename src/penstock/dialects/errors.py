"""Errors on the wire: `{"error": {"message", "type", "param", "code"}}`, and the request id beside them."""

from __future__ import annotations

import msgspec

from penstock.core.errors import PenstockError


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


def error_body(error: PenstockError, request_id: str) -> bytes:
    """The JSON of a failed answer."""
    written = ErrorObject(_text(error.message), error.type, error.param and _text(error.param), error.code, request_id)
    return msgspec.json.encode(ErrorResponse(written))


def error_frame(error: PenstockError, request_id: str) -> bytes:
    """The last frame of a stream that broke: SDKs raise at it. No `[DONE]` follows."""
    return b"data: " + error_body(error, request_id) + b"\n\n"


def _text(text: str) -> str:
    """A vendor's or the system's words may hold lone surrogates, which no JSON can carry."""
    return text.encode("utf-8", "replace").decode()
