from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.core.errors import (
    UpstreamAuthError,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from penstock.dialects.chat.failure import explain, explain_within, redact, retry_after


def explained(status: int, body: Any = None, headers: dict[str, str] | None = None) -> UpstreamError:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return explain(status, headers or {}, data, provider="acme", secrets=("s3cret-of-ours",))


OPENAI = {"error": {"message": "no such thing", "type": "invalid_request_error", "param": "model", "code": "nope"}}


@pytest.mark.parametrize(
    ("status", "kind", "ours", "retryable"),
    [
        (400, UpstreamRejected, 400, False),
        (401, UpstreamAuthError, 502, False),
        (402, UpstreamAuthError, 502, False),
        (403, UpstreamAuthError, 502, False),
        (404, UpstreamRejected, 404, False),
        (408, UpstreamTimeout, 504, True),
        (409, UpstreamError, 409, True),
        (413, UpstreamRejected, 413, False),
        (422, UpstreamRejected, 422, False),
        (429, UpstreamRateLimited, 429, True),
        (500, UpstreamError, 502, True),
        (502, UpstreamError, 502, True),
        (503, UpstreamOverloaded, 503, True),
        (504, UpstreamTimeout, 504, True),
        (520, UpstreamError, 502, True),
        (524, UpstreamTimeout, 504, True),
        (529, UpstreamOverloaded, 503, True),
        (301, UpstreamError, 502, True),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[UpstreamError], ours: int, retryable: bool) -> None:
    error = explained(status, OPENAI)
    assert type(error) is kind
    assert (error.status, error.retryable, error.upstream_status) == (ours, retryable, status)
    assert ("no such thing" in error.message) is (status != 401)


def test_a_refused_request_keeps_the_vendors_words() -> None:
    error = explained(404, OPENAI)
    assert (error.message, error.type, error.param, error.code) == (
        "no such thing",
        "invalid_request_error",
        "model",
        "nope",
    )


@pytest.mark.parametrize("status", [401, 402, 403, 429, 500, 503])
def test_other_errors_name_the_provider(status: int) -> None:
    assert "provider 'acme'" in explained(status, OPENAI).message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "a"}}, "a"),
        ({"error": "a"}, "a"),
        ({"object": "error", "message": "a", "type": "t", "code": 40}, "a"),
        ({"object": "error", "message": {"detail": [{"loc": ["body", "x"], "msg": "a"}]}}, "body.x: a"),
        ({"detail": "a"}, "a"),
        ({"detail": [{"loc": ["body", 0], "msg": "a"}, {"msg": "b"}]}, "body.0: a; b"),
        ({"errors": [{"message": "a"}, "b"]}, "a; b"),
        ([{"error": {"message": "a", "code": 400}}], "a"),
        ({"error": {"message": "Provider returned error", "metadata": {"raw": "a"}}}, "Provider returned error: a"),
        ("a", "a"),
        (b"upstream connect error", "upstream connect error"),
        (b"<html><body>502</body></html>", "provider 'acme' answered status 400 without a reason"),
        (b"", "provider 'acme' answered status 400 without a reason"),
        ({"error": {}}, "provider 'acme' answered status 400 without a reason"),
        ({"ok": False}, "provider 'acme' answered status 400 without a reason"),
        ([], "provider 'acme' answered status 400 without a reason"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"[" * 100_000, "[" * 2000),
    ],
)
def test_the_words_are_found_in_every_shape(body: Any, message: str) -> None:
    assert explained(400, body).message == message


def test_a_code_that_is_a_number_is_none() -> None:
    error = explained(400, {"error": {"message": "a", "code": 400, "type": None}})
    assert error.code is None
    assert error.type == "invalid_request_error"


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"message": "a", "code": 400}, UpstreamRejected, 400),
        ({"message": "a", "code": "tool_use_failed", "status_code": 400}, UpstreamRejected, 400),
        ({"message": "a", "code": 429}, UpstreamRateLimited, 429),
        ({"message": "a", "code": "x"}, UpstreamError, 502),
        ({"message": "a", "code": 7}, UpstreamError, 502),
        ({"error": {"message": "a", "status": 503}}, UpstreamOverloaded, 503),
        ("a", UpstreamError, 502),
    ],
)
def test_an_error_within_an_answer_has_the_status_that_it_names(
    error: Any, kind: type[UpstreamError], status: int
) -> None:
    found = explain_within(error, provider="acme")
    assert type(found) is kind
    assert found.status == status
    assert found.message.endswith("a")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-3"}, 0),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "tomorrow", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT"}, None),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 30),
        ({"retry-after": "Fri, 20 Nov 2026 09:00:00 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, 0),
        ({"retry-after": "Fri, 20 Nov 2026 10:00:30 -0000", "date": "Fri, 20 Nov 2026 10:00:00 GMT"}, None),
    ],
)
def test_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_the_wait_goes_to_the_client_as_whole_seconds() -> None:
    error = explained(429, OPENAI, {"retry-after-ms": "1500"})
    assert error.retry_after == 1.5
    assert error.headers == {"retry-after": "2"}
    assert explained(429, OPENAI).headers == {}


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-abc. Find yours at https://x.example",
        "Incorrect API key provided: bad-key-*******test.",
        "the key sk-ant-api03-AAAA is wrong",
        "key gsk_abcdefghijklmnopqrst123 is wrong",
        "Authorization: Bearer abc.def",
        "the key s3cret-of-ours is wrong",
        "key 0123456789abcdef0123456789abcdef is wrong",
        "hf_ABCDEFGHIJKLMNOPQRSTUVWXYZ is wrong",
    ],
)
def test_no_key_is_repeated(text: str) -> None:
    error = explained(400, {"error": {"message": text, "param": "s3cret-of-ours"}})
    for part in ("sk-", "test.", "AAAA", "gsk_", "abc.def", "s3cret", "0123456789abcdef", "hf_A"):
        assert part not in error.message
    assert "[redacted]" in error.message
    assert error.param == "[redacted]"


@pytest.mark.parametrize(
    "text",
    [
        "The model `gpt-4o-mini-2024-07-18` does not exist",
        "google/gemini-2.0-flash-exp:free is limited; **retry** shortly",
        "max_completion_tokens must be below 131072 at messages[2].content[0].image_url",
        "meta-llama/Llama-3.3-70B-Instruct-Turbo is risk-free",
    ],
)
def test_words_and_names_of_models_stay(text: str) -> None:
    assert redact(text, ("",)) == text


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"error": {"message": "bad key their-key"}}, (401, "invalid_api_key", "invalid_request_error")),
        (
            403,
            {"error": {"message": "no their-key", "code": "their-key"}},
            (403, "[redacted]", "invalid_request_error"),
        ),
        (403, {"error": "no"}, (403, "permission_denied", "invalid_request_error")),
        (402, b"", (429, "insufficient_quota", "insufficient_quota")),
        (429, {"error": {"code": "insufficient_quota"}}, (429, "insufficient_quota", "insufficient_quota")),
    ],
)
def test_what_is_said_of_the_callers_own_key_is_for_the_caller(
    status: int, body: Any, expected: tuple[int, str, str]
) -> None:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = explain(status, {}, data, provider="acme", secrets=("their-key",), callers_key=True)
    assert isinstance(error, UpstreamRejected)
    assert (error.status, error.code, error.type) == expected
    assert (error.param, error.headers, error.retryable) == ("x-openai-api-key", {"x-should-retry": "false"}, False)
    assert error.upstream_status == status
    assert "their-key" not in error.message


def test_other_failures_are_the_same_with_the_callers_own_key() -> None:
    for status in (400, 404, 429, 500, 503):
        body = json.dumps({"error": {"message": "m", "code": "rate_limit_exceeded"}}).encode()
        theirs = explain(status, {}, body, provider="acme", callers_key=True)
        ours = explain(status, {}, body, provider="acme")
        assert (type(theirs), theirs.status, theirs.message) == (type(ours), ours.status, ours.message)
