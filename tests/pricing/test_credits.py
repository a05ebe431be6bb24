from __future__ import annotations

import json

import pytest

from penstock.pricing import answer_meta, credits_of, dollars


@pytest.mark.parametrize(("nano", "told"), [(0, 0), (1, 1), (500, 1), (501, 2), (882_000, 1764), (10**9, 2_000_000)])
def test_credits_are_two_million_to_the_dollar_and_never_too_few(nano: int, told: int) -> None:
    assert credits_of(nano) == told


@pytest.mark.parametrize(
    ("nano", "header", "member"),
    [
        (0, "0.000000000", "0.0"),
        (1, "0.000000001", "0.000000001"),
        (1_240_000, "0.001240000", "0.00124"),
        (3_000_000_000, "3.000000000", "3.0"),
        (12_345_678_901_234_567, "12345678.901234567", "12345678.901234567"),
    ],
)
def test_dollars_to_the_last_nano_dollar(nano: int, header: str, member: str) -> None:
    assert dollars(nano) == header
    meta = answer_meta(nano)
    assert f'"usd_spent":{member}}}'.encode() in meta
    assert json.loads(meta) == {"usage": {"credits_used": credits_of(nano), "usd_spent": nano / 10**9}}
