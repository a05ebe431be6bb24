from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.core.usage import Usage
from penstock.pricing import Price, Rates, Tier, cost
from penstock.pricing.cost import charge

GPT_4 = Price("v", Rates(30_000_000_000, 60_000_000_000))
FULL = Price("v", Rates(2_500_000_000, 10_000_000_000, 1_250_000_000, 3_000_000_000, 40_000_000_000, 80_000_000_000))


def test_tokens_times_rate() -> None:
    assert cost(GPT_4, Usage(8, 10)) == 840_000


def test_each_kind_of_token_has_its_rate() -> None:
    usage = Usage(100, 50, cached_tokens=40, cache_write_tokens=10, audio_prompt_tokens=20, audio_completion_tokens=30)
    assert cost(FULL, usage) == 30 * 2500 + 40 * 1250 + 10 * 3000 + 20 * 40_000 + 20 * 10_000 + 30 * 80_000


def test_cached_and_written_tokens_without_a_rate_are_input() -> None:
    assert cost(GPT_4, Usage(100, 0, cached_tokens=40, cache_write_tokens=10)) == cost(GPT_4, Usage(100, 0))


@pytest.mark.parametrize("usage", [Usage(10, 5, audio_prompt_tokens=1), Usage(10, 5, audio_completion_tokens=1)])
def test_audio_without_a_rate_has_no_cost(usage: Usage) -> None:
    assert cost(GPT_4, usage) is None
    assert charge(GPT_4, [Usage(1, 1), usage], 0) is None


@pytest.mark.parametrize(
    "usage", [Usage(10, 5, cached_tokens=8, audio_prompt_tokens=3), Usage(10, 5, audio_completion_tokens=6)]
)
def test_counts_that_overlap_have_no_cost(usage: Usage) -> None:
    assert cost(FULL, usage) is None


def test_reasoning_is_part_of_the_answer() -> None:
    assert cost(GPT_4, Usage(8, 10, reasoning_tokens=9)) == 840_000


def test_nothing_costs_nothing() -> None:
    assert cost(GPT_4, Usage()) == 0
    assert cost(Price("free", Rates(0, 0)), Usage(10, 10)) == 0


@pytest.mark.parametrize(("rate", "nano"), [(499_999, 0), (500_000, 1), (1_499_999, 1), (1_500_000, 2)])
def test_one_rounding_to_the_nearest_halves_up(rate: int, nano: int) -> None:
    assert cost(Price("v", Rates(rate, 0)), Usage(1, 0)) == nano


def test_the_sum_is_rounded_and_not_its_parts() -> None:
    third = Price("v", Rates(400_000, 400_000))
    assert cost(third, Usage(1, 1)) == 1
    found = charge(third, [Usage(1, 0), Usage(1, 0)], 0)
    assert found is not None
    assert found.cost_nano == 1


def test_a_long_prompt_has_another_price_for_all_of_the_call() -> None:
    price = Price(
        "v", Rates(1_000_000, 2_000_000), (Tier(2_000_000, 3_000_000, above=100), Tier(9_000_000, 9_000_000, above=200))
    )
    assert cost(price, Usage(100, 10)) == 120
    assert cost(price, Usage(101, 10)) == 232
    assert cost(price, Usage(201, 10)) == 9 * 211


def test_choices_of_calls_of_their_own_are_not_one_long_prompt() -> None:
    price = Price("v", Rates(1_000_000, 0), (Tier(2_000_000, 0, above=100),))
    found = charge(price, [Usage(60, 0), Usage(60, 0)], 0)
    assert found is not None
    assert found.cost_nano == 120
    assert cost(price, Usage(120, 0)) == 240


def test_markup_and_version() -> None:
    found = charge(GPT_4, [Usage(8, 10)], 50_000)
    assert found is not None
    assert (found.cost_nano, found.price_nano, found.version) == (840_000, 882_000, "v")


def test_a_part_that_nobody_counted_makes_the_whole_unknown() -> None:
    assert charge(GPT_4, [Usage(8, 10), None], 0) is None


def test_more_than_a_column_holds_is_no_cost() -> None:
    assert charge(GPT_4, [Usage(10**30, 0)], 0) is None


@given(
    st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)), min_size=1, max_size=5),
    st.integers(0, 10**12),
    st.integers(0, 10**12),
    st.integers(0, 10**7),
)
def test_it_is_exact(counts: list[tuple[int, int]], read: int, said: int, markup: int) -> None:
    found = charge(Price("v", Rates(read, said)), [Usage(a, b) for a, b in counts], markup)
    exact = sum(Fraction(a * read + b * said, 10**6) for a, b in counts)
    marked = exact * (1 + Fraction(markup, 10**6))
    if found is None:
        assert marked > 2**63 - 2
        return
    assert -Fraction(1, 2) < found.cost_nano - exact <= Fraction(1, 2)
    assert -Fraction(1, 2) < found.price_nano - marked <= Fraction(1, 2)
