"""Money as clients are told it: dollars, and credits at 2,000,000 to the dollar."""

from __future__ import annotations

from typing import Final

_NANO_PER_CREDIT: Final = 500
_NANO: Final = 1_000_000_000


def credits_of(nano: int) -> int:
    """Credits for so many nano-dollars, a part of one counted as one: what cost something is never shown as 0."""
    return -(-nano // _NANO_PER_CREDIT)


def dollars(nano: int) -> str:
    """Dollars with all nine decimals: 0.001240000."""
    whole, rest = divmod(nano, _NANO)
    return f"{whole}.{rest:09d}"


def answer_meta(nano: int) -> bytes:
    """The `meta` member of an answer as JSON: `{"usage":{"credits_used":2480,"usd_spent":0.00124}}`."""
    spent = dollars(nano).rstrip("0")
    spent += "0" * spent.endswith(".")
    return b'{"usage":{"credits_used":%d,"usd_spent":%s}}' % (credits_of(nano), spent.encode())
