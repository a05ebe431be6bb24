"""Errors on the wire: whole, and as the last frame of a broken stream."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.core.errors import (
    MISSING_KEY,
    ContextTooLong,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    ModelNotFound,
    NotFound,
    OutOfCredit,
    PenstockError,
    PermissionDenied,
    RateLimited,
    TooLarge,
    Unauthenticated,
    Unavailable,
    UnsupportedParameter,
    UpstreamBroke,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
)
from penstock.dialects.errors import error_body, error_frame, error_status
from penstock.dialects.profiles import PROFILES


def test_a_body_has_the_official_object_and_the_request_id() -> None:
    error = InvalidRequest("'n' is 0.", param="n", code="integer_below_min_value")
    assert json.loads(error_body(error, "req_1")) == {
        "error": {
            "message": "'n' is 0.",
            "type": "invalid_request_error",
            "param": "n",
            "code": "integer_below_min_value",
            "request_id": "req_1",
        }
    }


def test_param_and_code_are_null_where_there_is_none() -> None:
    got = json.loads(error_body(UpstreamError("gone", code=None), "req_1"))["error"]
    assert got["param"] is None
    assert set(got) == {"message", "type", "param", "code", "request_id"}


def test_a_frame_is_one_data_line_and_a_blank_one_with_lf_only() -> None:
    error = UpstreamBroke("the answer was cut\r\nin the middle \u2028 of a line")
    frame = error_frame(error, "req_2")
    assert frame.startswith(b"data: {")
    assert frame.endswith(b"}\n\n")
    assert frame.count(b"\n") == 2
    assert b"\r" not in frame
    assert json.loads(frame[len(b"data: ") :]) == json.loads(error_body(error, "req_2"))


def test_words_that_no_json_can_carry_do_not_break_the_error() -> None:
    got = json.loads(error_body(UpstreamError("bad \ud800 name", param="\udfff"), "req_3"))["error"]
    assert got["message"] == "bad ? name"
    assert got["param"] == "?"


NOW = "2026-09-21T14:13:20.250Z"

# the error; its status in openai, where others differ, and its code in tokensmind
ERRORS: list[tuple[PenstockError, int, dict[str, int], str | None]] = [
    (InvalidRequest("x", param="n"), 400, {"sgp": 422}, "INVALID_REQUEST_BODY"),
    (UnsupportedParameter("x"), 400, {"sgp": 422}, "INVALID_REQUEST_BODY"),
    (ContextTooLong("x"), 400, {}, "context_length_exceeded"),
    (Unauthenticated("x", code=MISSING_KEY), 401, {"tokensmind": 403}, "INVALID_API_KEY"),
    (Unauthenticated("x"), 401, {}, "FAILED_TO_AUTH"),
    (Unauthenticated("x", code="disabled_api_key"), 401, {}, "FAILED_TO_AUTH"),
    (PermissionDenied("x"), 403, {}, "ACCESS_DENY"),
    (ModelNotFound("x", param="model"), 404, {}, "MODEL_NOT_FOUND"),
    (NotFound("x", code="unknown_url"), 404, {}, "unknown_url"),
    (MethodNotAllowed("x"), 405, {}, "method_not_allowed"),
    (TooLarge("x"), 413, {}, "request_too_large"),
    (RateLimited("x"), 429, {}, "RATE_LIMIT_EXCEEDED"),
    (RateLimited("x", type="tokens"), 429, {}, "TOKEN_LIMIT_EXCEEDED"),
    (UpstreamRateLimited("x"), 429, {}, "RATE_LIMIT_EXCEEDED"),
    (OutOfCredit("x"), 429, {"aimlapi": 403, "aimlapi-legacy": 403, "tokensmind": 403}, "NOT_ENOUGH_BALANCE"),
    (UpstreamRejected("x", code="odd", status=400), 400, {}, "INVALID_REQUEST_BODY"),
    (UpstreamRejected("x", code="odd", status=422), 422, {}, "odd"),
    (UpstreamRejected("x", code="model_not_found", status=404), 404, {}, "MODEL_NOT_FOUND"),
    (InternalError("x"), 500, {}, "internal_error"),
    (UpstreamBroke("x"), 502, {}, "upstream_broke"),
    (Unavailable("x"), 503, {}, "SERVICE_NOT_AVAILABLE"),
    (UpstreamOverloaded("x"), 503, {}, "SERVICE_NOT_AVAILABLE"),
]


@pytest.mark.parametrize("dialect", PROFILES)
@pytest.mark.parametrize(("error", "status", "elsewhere", "code"), ERRORS)
def test_status_and_body_in_every_dialect(
    error: PenstockError, status: int, elsewhere: dict[str, int], code: str | None, dialect: str
) -> None:
    profile = PROFILES[dialect]
    status = elsewhere.get(dialect, status)
    assert error_status(error, profile) == status
    body = json.loads(error_body(error, "req_4", profile, path="/v1/chat/completions", timestamp=NOW))
    expected: dict[str, Any] = {
        "message": "x",
        "type": error.type,
        "param": error.param,
        "code": code if dialect == "tokensmind" else error.code,
        "request_id": "req_4",
    }
    assert body.pop("error") == expected
    if dialect in ("aimlapi", "aimlapi-legacy"):
        assert body == {
            "message": "x",
            "path": "/v1/chat/completions",
            "requestId": "req_4",
            "statusCode": status,
            "timestamp": NOW,
        }
    elif dialect == "sgp":
        (detail,) = body.pop("detail")
        assert (detail["msg"], detail["type"], body) == ("x", error.code, {})
    else:
        assert body == {}


@pytest.mark.parametrize(
    ("error", "way"),
    [
        (InvalidRequest("x"), ["body"]),
        (InvalidRequest("x", param="n"), ["body", "n"]),
        (InvalidRequest("x", param="messages[2].content[0].type"), ["body", "messages", 2, "content", 0, "type"]),
        (InvalidRequest("x", param="logit_bias.50256"), ["body", "logit_bias", "50256"]),
        (InvalidRequest("x", param="x-api-dialect"), ["header", "x-api-dialect"]),
        (UpstreamRejected("x", param="messages"), ["body", "messages"]),
        (Unauthenticated("x"), []),
        (UpstreamBroke("x"), []),
    ],
)
def test_the_way_to_the_fault_in_sgp(error: PenstockError, way: list[object]) -> None:
    assert json.loads(error_body(error, "req_5", PROFILES["sgp"]))["detail"][0]["loc"] == way


def test_a_detail_without_a_code_has_the_type() -> None:
    error = UpstreamRejected("x", type="odd_error")
    assert json.loads(error_body(error, "req_6", PROFILES["sgp"]))["detail"] == [
        {"loc": [], "msg": "x", "type": "odd_error"}
    ]


@pytest.mark.parametrize("dialect", PROFILES)
def test_the_last_frame_of_a_stream_has_the_body_of_the_dialect(dialect: str) -> None:
    error, profile = UpstreamBroke("cut"), PROFILES[dialect]
    frame = error_frame(error, "req_7", profile, path="/v5/chat/completions", timestamp=NOW)
    body = error_body(error, "req_7", profile, path="/v5/chat/completions", timestamp=NOW)
    assert frame == b"data: " + body + b"\n\n"


def test_out_of_credit_asks_sdks_not_to_try_again() -> None:
    error = OutOfCredit("the project's budget is spent", headers={"x-other": "1"})
    assert (error.code, error.type) == ("insufficient_quota", "insufficient_quota")
    assert error.headers == {"x-other": "1", "x-should-retry": "false"}
