from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from penstock.pricing import Price, Rates
from penstock.pricing.table import DatedPrice, Table, start_of


def price(name: str) -> Price:
    return Price(name, Rates(1, 1))


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000_000)


@pytest.fixture
def table() -> Table:
    made = Table()
    made.add([DatedPrice(0, price("GPT-4"))], ["gpt-4", "gpt-4-0613"], ["ft:gpt-4"])
    made.add([DatedPrice(0, price("4o"))], ["GPT-4o"], ["gpt-4o"], ["gpt-4o-mini"])
    made.add([DatedPrice(0, price("audio"))], [], ["gpt-4o-audio"])
    return made


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gpt-4", "GPT-4"),
        ("GPT-4-0613", "GPT-4"),
        ("ft:gpt-4:acme", "GPT-4"),
        ("gpt-4o-2024-11-20", "4o"),
        ("gpt-4o-audio-preview", "audio"),
        ("gpt-4o-mini-20241120", "4o"),
        ("gpt-5", None),
        ("", None),
    ],
)
def test_names_then_dated_names_then_the_longest_beginning(table: Table, name: str, found: str | None) -> None:
    price = table.find(name, 0, None)
    assert (price.version if price else None) == found


def test_the_latest_row_that_holds() -> None:
    table = Table()
    table.add(
        [
            DatedPrice(start_of(date(2026, 3, 1)), price("flex"), "flex"),
            DatedPrice(start_of(date(2026, 3, 1)), price("new")),
            DatedPrice(start_of(date(2026, 1, 1)), price("old")),
        ],
        ["m"],
        [],
    )

    def found(moment: str, tier: str | None = None) -> str | None:
        price = table.find("m", at(moment), tier)
        return price.version if price else None

    assert found("2025-12-31T23:59:59") is None
    assert found("2026-01-01T00:00:00") == "old"
    assert found("2026-02-28T23:59:59.999999") == "old"
    assert found("2026-03-01T00:00:00") == "new"
    assert found("2026-02-01T00:00:00", "flex") is None
    assert found("2026-04-01T00:00:00", "flex") == "flex"
    assert found("2026-04-01T00:00:00", "priority") is None


@pytest.mark.parametrize(
    ("hours", "holding", "others"),
    [
        ((30, 990), ["00:30", "16:29"], ["00:29", "16:30", "23:59"]),
        ((1380, 60), ["23:00", "00:59"], ["22:59", "01:00"]),
    ],
)
def test_hours_of_a_day(hours: tuple[int, int], holding: list[str], others: list[str]) -> None:
    row = DatedPrice(0, price("peak"), None, hours)
    assert all(row.holds(at(f"2026-05-05T{hour}:00"), None) for hour in holding)
    assert not any(row.holds(at(f"2026-05-05T{hour}:59"), None) for hour in others)
