"""What the script makes of objects of genai-prices: stand-ins with the same fields, since it is no dependency."""

from __future__ import annotations

import json
from datetime import UTC, date, time
from decimal import Decimal
from types import SimpleNamespace as Made
from typing import Any

import pytest
from scripts.write_prices import PAGE, VENDORS, snapshot, text

from penstock.pricing.snapshot import Snapshot, read_snapshot


def dollars(**prices: str | Made) -> Made:
    return Made(**{key: Decimal(price) if isinstance(price, str) else price for key, price in prices.items()})


def tiered(base: str, *tiers: tuple[int, str]) -> Made:
    return Made(base=Decimal(base), tiers=[Made(start=start, price=Decimal(price)) for start, price in tiers])


def model(id: str, prices: Any, match: Any = None, variants: Any = None) -> Made:
    return Made(id=id, match=match or Made(equals=id), prices=prices, price_variants=variants)


def rows(*models: Made) -> list[dict[str, Any]]:
    providers = [Made(id=id, models=list(models) if id == "openai" else []) for id in VENDORS.values()]
    found: list[dict[str, Any]] = snapshot(providers, "1", "2026-11-21")["vendors"]["openai"]
    return found


def test_names_prefixes_and_dated_names() -> None:
    match = Made(
        or_=[
            Made(equals="GPT-4"),
            Made(or_=[Made(starts_with="ft:gpt-4")]),
            Made(regex=r"^gpt-5\.6-sol-\d{4}-\d{2}-\d{2}$"),
        ]
    )
    (row,) = rows(model("gpt-4", dollars(input_mtok="30", output_mtok="60", cache_read_mtok="0.0375"), match))
    assert row == {
        "id": "gpt-4",
        "names": ["gpt-4"],
        "prefixes": ["ft:gpt-4"],
        "dated": ["gpt-5.6-sol"],
        "prices": [{"input": 30_000_000_000, "output": 60_000_000_000, "cached_input": 37_500_000}],
    }
    with pytest.raises(ValueError, match="of a new kind"):
        rows(model("gpt-4", dollars(input_mtok="1", output_mtok="1"), Made(regex=".*")))


@pytest.mark.parametrize(
    ("id", "prices"),
    [
        ("embedding", dollars(input_mtok="1")),
        ("pictures", dollars(input_mtok="1", output_mtok="1", output_image_mtok="1")),
        ("speech", dollars(audio_hours="1")),
        ("asked", dollars(input_mtok="1", output_mtok="1", requests_kcount="1")),
        ("gpt-search-api", dollars(input_mtok="1", output_mtok="1")),
        ("nothing", dollars()),
    ],
)
def test_what_tokens_alone_do_not_price_is_left_out(id: str, prices: Made) -> None:
    assert rows(model(id, prices)) == []


def test_a_model_with_one_row_that_cannot_be_is_left_out() -> None:
    later = Made(constraint=Made(start_date=date(2026, 9, 1)), prices=dollars(input_mtok="1", output_image_mtok="1"))
    first = Made(constraint=None, prices=dollars(input_mtok="1", output_mtok="1"))
    assert rows(model("m", [first, later])) == []


def test_dates_and_hours_in_the_order_in_which_they_win() -> None:
    def price(constraint: Any, input: str) -> Made:
        return Made(constraint=constraint, prices=dollars(input_mtok=input, output_mtok="1"))

    hours = Made(start_time=time(0, 30, tzinfo=UTC), end_time=time(16, 30, tzinfo=UTC))
    (row,) = rows(model("m", [price(None, "1"), price(Made(start_date=date(2026, 9, 10)), "2"), price(hours, "3")]))
    assert [{name: value for name, value in price.items() if name != "output"} for price in row["prices"]] == [
        {"input": 1_000_000_000},
        {"since": "2026-09-10", "input": 2_000_000_000},
        {"since": "2026-09-10", "hours": [30, 990], "input": 3_000_000_000},
    ]


def test_tiers_and_service_tiers() -> None:
    prices = dollars(
        input_mtok=tiered("1", (1000, "2")), output_mtok="3", cache_read_mtok=tiered("4", (1000, "5"), (2000, "6"))
    )
    variants = [
        Made(when={"service_tier": "default"}, prices=dollars(), constraint=None),
        Made(when={"processing": "batch"}, prices=dollars(input_mtok="9"), constraint=None),
        Made(
            when={"service_tier": "flex"},
            prices=dollars(input_mtok="0.5"),
            constraint=Made(start_date=date(2026, 10, 12)),
        ),
    ]
    (row,) = rows(model("m", prices, variants=variants))
    standard, flex = row["prices"]
    giga = 10**9
    tail = [
        {"above": 1000, "input": 2 * giga, "output": 3 * giga, "cached_input": 5 * giga},
        {"above": 2000, "input": 2 * giga, "output": 3 * giga, "cached_input": 6 * giga},
    ]
    assert standard == {"input": giga, "output": 3 * giga, "cached_input": 4 * giga, "tiers": tail}
    assert (flex["service_tier"], flex["since"], flex["input"]) == ("flex", "2026-10-12", giga // 2)
    assert flex["tiers"] == [tier | {"input": giga // 2} for tier in tail]


def test_a_price_that_is_no_whole_number_of_nano_dollars_ends_it() -> None:
    with pytest.raises(ValueError, match="no whole number of nano-dollars"):
        rows(model("m", dollars(input_mtok="0.00000000001", output_mtok="1")))


def test_the_file_is_as_the_script_writes_it_and_is_read_back() -> None:
    written = PAGE.read_text("utf-8")
    assert written == text(json.loads(written))
    assert isinstance(read_snapshot(), Snapshot)
    assert set(read_snapshot().vendors) == set(VENDORS)
