from __future__ import annotations

import subprocess
import sys
import time
from datetime import date
from typing import Any

import pytest

from penstock.core.usage import Usage
from penstock.pricing import Prices
from penstock.pricing.snapshot import read_snapshot
from penstock.pricing.table import start_of
from penstock.providers.rows import load_rows
from penstock.settings import PriceSettings, PricingSettings, ProviderSettings, Settings, SettingsError

ROWS = load_rows()
NOW = start_of(date(2026, 11, 21))


def prices(*own: PriceSettings, markup: float = 0.0, **provider: Any) -> Prices:
    providers = [ProviderSettings("acme", **{"kind": "openai", **provider})]
    return Prices.of(Settings(provider=providers, price=list(own), pricing=PricingSettings(markup)), ROWS)


def version(prices: Prices, model: str, at: int = NOW, tier: str | None = None, provider: str = "acme") -> str | None:
    price = prices.find(provider, model, at, tier)
    return price.version if price else None


def test_the_list_price_of_the_vendor() -> None:
    price = prices().find("acme", "gpt-4", NOW)
    assert price is not None
    assert (price.rates.input, price.rates.output) == (30_000_000_000, 60_000_000_000)
    assert version(prices(), "gpt-4-0613") == price.version
    assert price.version.endswith(":openai/gpt-4@first")


@pytest.mark.parametrize(
    ("provider", "known"),
    [
        ({}, True),
        ({"base_url": "https://api.openai.com/v1/"}, True),
        ({"base_url": "https://proxy.example/v1"}, False),
        ({"base_url": "https://proxy.example/v1", "prices": "openai"}, True),
        ({"kind": "azure", "base_url": "https://acme.openai.azure.com/openai/v1"}, False),
        ({"kind": "vllm"}, False),
        ({"kind": "vllm", "prices": "openai"}, True),
        ({"prices": "none"}, False),
    ],
)
def test_where_list_prices_hold(provider: dict[str, str], known: bool) -> None:
    assert (version(prices(**provider), "gpt-4") is not None) == known


def test_a_list_that_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="provider 'acme': prices: there are none of 'opnai'; known are none, cer"):
        prices(prices="opnai")


def test_local_models_cost_what_the_operator_says() -> None:
    assert version(prices(), "gpt-4", provider="local") is None
    own = prices(PriceSettings("local", "*", 0.0, 0.5))
    found = own.charge("local", "penstock-tiny", NOW, [Usage(1000, 10)])
    assert found is not None
    assert found.cost_nano == 5000


def test_the_operators_price_wins_from_its_day_on() -> None:
    own = prices(
        PriceSettings("acme", "gpt-4", 1.0, 2.0, since=date(2026, 6, 1)),
        PriceSettings("acme", "gpt-4", 3.0, 4.0, since=date(2026, 9, 1)),
    )
    assert ":openai/" in str(version(own, "gpt-4", start_of(date(2026, 5, 31))))
    assert str(version(own, "gpt-4", start_of(date(2026, 6, 1)))).startswith("settings:acme/gpt-4@2026-06-01#")
    assert str(version(own, "GPT-4")).startswith("settings:acme/gpt-4@2026-09-01#")


@pytest.mark.parametrize(
    ("model", "found"),
    [("gpt-4", "gpt-4"), ("gpt-4-0613", "gpt-4"), ("gpt-4-turbo", "gpt-4*"), ("gpt-40", "gpt-4*"), ("o3", None)],
)
def test_names_of_the_operators_prices(model: str, found: str | None) -> None:
    own = prices(PriceSettings("acme", "gpt-4*", 1.0, 1.0), PriceSettings("acme", "gpt-4", 2.0, 2.0), kind="vllm")
    version_ = version(own, model)
    assert version_ is None if found is None else str(version_).startswith(f"settings:acme/{found}@first#")


def test_the_version_changes_with_what_the_row_says() -> None:
    rows = [PriceSettings("acme", "m", 1.0, 2.0), PriceSettings("acme", "m", 1.0, 2.5)]
    first, second, again = (version(prices(row), "m") for row in (*rows, rows[0]))
    assert first == again != second


def test_service_tiers() -> None:
    found = prices()
    for tier in (None, "", "default", "auto", "standard", "on_demand"):
        assert version(found, "gpt-5", tier=tier) == version(found, "gpt-5")
    flex, standard = found.find("acme", "gpt-5", NOW, "flex"), found.find("acme", "gpt-5", NOW)
    assert flex is not None
    assert standard is not None
    assert 2 * flex.rates.input == standard.rates.input
    assert found.find("acme", "gpt-5", NOW, "scale") is None
    own = prices(PriceSettings("acme", "m", 1.0, 1.0, service_tier="fast"))
    assert own.find("acme", "m", NOW, "fast")
    assert own.find("acme", "m", NOW) is None


def test_money_is_read_as_it_is_written() -> None:
    price = prices(PriceSettings("acme", "m", 0.1, 0.000000003)).find("acme", "m", NOW)
    assert price is not None
    assert (price.rates.input, price.rates.output) == (100_000_000, 3)
    with pytest.raises(SettingsError, match="price of 'acme/m': input: 1e-10 has more than nine decimals"):
        prices(PriceSettings("acme", "m", 1e-10, 0.0))


@pytest.mark.parametrize(("markup", "price_nano"), [(0.0, 840_000), (0.05, 882_000), (0.1, 924_000), (1e-6, 840_001)])
def test_markup(markup: float, price_nano: int) -> None:
    found = prices(markup=markup).charge("acme", "gpt-4", NOW, [Usage(8, 10)])
    assert found is not None
    assert (found.cost_nano, found.price_nano) == (840_000, price_nano)


def test_clients_are_offered_the_price_with_the_markup() -> None:
    plain, offered = prices(), prices(markup=0.05)
    assert plain.offered("acme", "gpt-5.4", NOW) == plain.find("acme", "gpt-5.4", NOW)
    price = offered.offered("acme", "gpt-5.4", NOW)
    assert price is not None
    assert (price.rates.input, price.rates.cached_input, price.rates.audio_input) == (2_625_000_000, 262_500_000, None)
    assert [(tier.above, tier.input) for tier in price.tiers] == [(272_000, 5_250_000_000)]
    assert offered.offered("acme", "nothing", NOW) is None


def test_every_vendor_of_the_snapshot_is_a_kind_and_every_row_can_be_read() -> None:
    snapshot = read_snapshot()
    assert snapshot.vendors.keys() <= ROWS.keys()
    assert len(snapshot.vendors) >= 10
    for vendor in snapshot.vendors:
        snapshot.table(vendor)
    assert snapshot.made > date(2026, 11, 1)


def test_without_a_provider_nothing_is_read() -> None:
    code = (
        "import sys; from penstock.pricing import Prices; from penstock.settings import Settings;"
        "Prices.of(Settings(), {}); print([name for name in sys.modules if name == 'penstock.pricing.snapshot'])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "[]"


def test_a_vendors_prices_are_read_in_milliseconds() -> None:
    def once() -> float:
        began = time.thread_time()
        prices()
        return time.thread_time() - began

    assert min(once() for _ in range(5)) < 0.02  # measured: 1 to 2 ms
