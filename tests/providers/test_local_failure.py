"""What llama.cpp says when it fails."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.providers.local_calls import local
from tests.vendor_calls import a_call

from penstock.core.errors import UpstreamError, UpstreamOverloaded, UpstreamRejected
from penstock.core.exchange import Reply


def explain(status: int, error: Any) -> UpstreamError:
    body = error if isinstance(error, bytes) else json.dumps({"error": error}).encode()
    return local().explain(Reply(status, {}, body), a_call())


def test_a_prompt_that_does_not_fit() -> None:
    error = explain(
        400,
        {
            "code": 400,
            "message": "request (16017 tokens) exceeds the available context size (4096 tokens), try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 16017,
            "n_ctx": 4096,
        },
    )
    assert isinstance(error, UpstreamRejected)
    assert (error.status, error.code, error.param) == (400, "context_length_exceeded", "messages")
    assert error.type == "invalid_request_error"
    assert "4096 tokens, but the messages have 16017" in error.message
    assert not error.retryable


@pytest.mark.parametrize(
    ("status", "message", "kind", "ours", "says"),
    [
        (400, "Field 'x': bad", UpstreamRejected, 400, "refused: Field 'x'"),
        (400, "Unable to generate parser: JSON schema error at #: unrecognized", UpstreamRejected, 400, "JSON schema"),
        (400, "Failed to initialize samplers: failed to parse grammar", UpstreamRejected, 400, "JSON schema"),
        (500, "got exception: Unexpected empty grammar stack", UpstreamRejected, 400, "JSON schema"),
        (500, "long\nError: Jinja Exception: must alternate", UpstreamRejected, 400, "refused: must alternate"),
        (500, "Compute error.", UpstreamError, 502, "failed: Compute error."),
        (503, "Loading model", UpstreamOverloaded, 503, "not ready: Loading model"),
        (401, "Invalid API Key", UpstreamError, 502, "failed: Invalid API Key"),
        (404, "File Not Found", UpstreamError, 502, "failed"),
    ],
)
def test_whose_fault_it_is(status: int, message: str, kind: type[UpstreamError], ours: int, says: str) -> None:
    error = explain(status, {"code": status, "message": message, "type": "t"})
    assert type(error) is kind
    assert (error.status, error.upstream_status) == (ours, status)
    assert says in error.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": "x"}', b"\xff\xfe"])
def test_an_error_without_words_of_its_own(body: bytes) -> None:
    assert explain(500, body).status == 502
