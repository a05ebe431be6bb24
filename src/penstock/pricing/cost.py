"""Exact arithmetic: tokens times a price is a whole number of nano-dollars, rounded once, at the end.

Rates are nano-dollars per million tokens ($30 per million tokens is 30,000,000,000), so every product is an integer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, TypeVar

import msgspec

from penstock.core.usage import Usage

_PER: Final = 1_000_000  # the tokens that a rate is for
_WHOLE: Final = 1_000_000  # parts of a markup in its one
_MOST: Final = (1 << 63) - 1  # what a column of the database holds: nine billion dollars


class Rates(msgspec.Struct, frozen=True):
    """Nano-dollars per million tokens.

    A rate that is None: cached tokens and those written to a cache are charged as any other input (so do vendors
    without a price for them); audio has no price that anybody knows.
    """

    input: int
    output: int
    cached_input: int | None = None
    cache_write: int | None = None
    audio_input: int | None = None
    audio_output: int | None = None


class Tier(Rates, frozen=True, kw_only=True):
    """The rates for all tokens of a call whose prompt has more than `above`."""

    above: int


R = TypeVar("R", bound=Rates)


class Price(msgspec.Struct, frozen=True):
    """One row of the price table. `version` names it for good: what it says under that name does not change."""

    version: str
    rates: Rates
    tiers: tuple[Tier, ...] = ()


class Charge(msgspec.Struct, frozen=True):
    """What one call cost us, and what its client pays, in nano-dollars; `version` is that of the price."""

    cost_nano: int
    price_nano: int
    version: str


def cost(price: Price, usage: Usage) -> int | None:
    """Nano-dollars for `usage`, to the nearest one, halves up; None where `price` has none for some of its tokens."""
    exact = _exact(price, usage)
    return None if exact is None else (exact + _PER // 2) // _PER


def charge(price: Price, usages: Iterable[Usage | None], markup: int) -> Charge | None:
    """The cost of all of `usages`, each of a call to the vendor by itself, and the same with `markup` millionths more.

    Both are rounded once, from the exact sum, to the nearest nano-dollar, halves up. None where one is not known.
    """
    total = 0
    for usage in usages:
        exact = None if usage is None else _exact(price, usage)
        if exact is None:
            return None
        total += exact
    divisor = _PER * _WHOLE
    price_nano = (total * (_WHOLE + markup) + divisor // 2) // divisor
    if price_nano > _MOST:
        return None  # no vendor counts so many tokens and means it
    return Charge((total + _PER // 2) // _PER, price_nano, price.version)


def with_markup(price: Price, markup: int) -> Price:
    """`price` with `markup` millionths more in each rate, for people to read; calls are reckoned by `charge`."""
    if not markup:
        return price
    tiers = tuple(_marked(tier, markup) for tier in price.tiers)
    return Price(price.version, _marked(price.rates, markup), tiers)


def _marked(rates: R, markup: int) -> R:
    more = {
        name: (rate * (_WHOLE + markup) + _WHOLE // 2) // _WHOLE
        for name in Rates.__struct_fields__
        if (rate := getattr(rates, name)) is not None
    }
    return msgspec.structs.replace(rates, **more)


def _exact(price: Price, usage: Usage) -> int | None:
    """Millionths of nano-dollars."""
    rates = price.rates
    for tier in price.tiers:
        if usage.prompt_tokens > tier.above:
            rates = tier
    cached, written = usage.cached_tokens, usage.cache_write_tokens
    heard, spoken = usage.audio_prompt_tokens, usage.audio_completion_tokens
    read, said = usage.prompt_tokens - cached - written - heard, usage.completion_tokens - spoken
    if read < 0 or said < 0:
        return None  # counts that overlap, as cached audio's: which rate is whose cannot be known
    total = read * rates.input + said * rates.output
    if cached:
        total += cached * (rates.input if rates.cached_input is None else rates.cached_input)
    if written:
        total += written * (rates.input if rates.cache_write is None else rates.cache_write)
    for tokens, rate in ((heard, rates.audio_input), (spoken, rates.audio_output)):
        if tokens:
            if rate is None:
                return None
            total += tokens * rate
    return total
