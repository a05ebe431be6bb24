from __future__ import annotations

from typing import Any

import pytest
from tests.vendor_calls import a_call

from penstock.core.errors import UpstreamOverloaded, UpstreamRejected
from penstock.params.context import Overrun, overrun, shortened, told

OPENAI = "This model's maximum context length is 8192 tokens. However, "


@pytest.mark.parametrize(
    ("message", "found"),
    [
        (OPENAI + "you requested 9000 tokens (1000 in the messages, 8000 in the completion).", Overrun(8192, 1000)),
        (
            OPENAI
            + "you requested 9000 tokens (900 in the messages, 100 in the functions, and 8000 in the completion).",
            Overrun(8192, 1000),
        ),
        (OPENAI + "your messages resulted in 9000 tokens.", Overrun(8192, 9000)),
        (
            "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 "
            "tokens and your request has 1000 input tokens (5000 > 4096 - 1000).",
            Overrun(4096, 1000),
        ),
        (
            "`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 10 `inputs` tokens and 9000 `max_new_tokens`",
            Overrun(8193, 10),
        ),
        ("request (9000 tokens) exceeds the available context size (4096 tokens), try", Overrun(4096, 9000)),
        (OPENAI, None),
        ("too long", None),
    ],
)
def test_the_numbers_of_a_refusal(message: str, found: Overrun | None) -> None:
    assert overrun(UpstreamRejected(message)) == found


def test_other_errors_are_no_refusal() -> None:
    assert overrun(UpstreamOverloaded(OPENAI + "your messages resulted in 9000 tokens.")) is None


@pytest.mark.parametrize(
    ("request_", "found", "expected"),
    [
        ({"max_tokens": 500}, Overrun(1000, 900), ("max_tokens", 100)),
        ({"max_completion_tokens": 500}, Overrun(1000, 900), ("max_completion_tokens", 100)),
        (
            {"max_tokens": 500, "context_length_exceeded_behavior": "truncate"},
            Overrun(1000, 900),
            ("max_tokens", 100),
        ),
        ({"max_tokens": 500, "context_length_exceeded_behavior": "error"}, Overrun(1000, 900), None),
        ({"max_tokens": 100}, Overrun(1000, 900), None),
        ({"max_tokens": 500}, Overrun(1000, 1000), None),
        ({"max_tokens": None}, Overrun(1000, 900), None),
        ({}, Overrun(1000, 900), None),
    ],
)
def test_what_fits(request_: dict[str, Any], found: Overrun, expected: tuple[str, int] | None) -> None:
    call = a_call(request_)
    shorter = shortened(call, found)
    if expected is None:
        assert shorter is None
        return
    assert shorter is not None
    assert (shorter[1], int(bytes(shorter[0].members[shorter[1]]))) == expected
    assert shorter[0].changed is call.changed
    assert bytes(call.members[shorter[1]]) == b"500"


def test_strict_mode_changes_nothing() -> None:
    assert shortened(a_call({"max_tokens": 500}, strict=True), Overrun(1000, 900)) is None


def test_a_refusal_for_want_of_context_has_its_code() -> None:
    error = told(UpstreamRejected("long", status=413), Overrun(1, 2))
    assert (error.status, error.code, error.param) == (400, "context_length_exceeded", "messages")
    other = UpstreamRejected("x", code="theirs")
    assert told(other, None) is other
    assert other.code == "theirs"
