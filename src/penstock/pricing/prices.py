"""What every model costs, as far as it is known: the operator's own prices, then the list prices of vendors."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import msgspec

from penstock.core.usage import Usage
from penstock.pricing.cost import Charge, Price, Rates, charge, with_markup
from penstock.pricing.table import DatedPrice, Table, start_of
from penstock.providers.rows import Row
from penstock.settings import PriceSettings, ProviderSettings, Settings, SettingsError

# What vendors call the service that their list prices are for; any other has a price of its own.
_STANDARD: Final = frozenset({None, "", "auto", "default", "standard", "on_demand"})
_NO_LIST: Final = "none"


class Prices:
    """Prices by provider and model. `own` wins over `lists`, each by the operator's name of the provider.

    `markup` is what clients pay more than we do, 0.05 for five percent.
    """

    def __init__(self, own: Mapping[str, Table], lists: Mapping[str, Table], markup: float = 0.0) -> None:
        self._tables = (own, lists)
        self._markup = round(Decimal(repr(markup)) * 1_000_000)

    @classmethod
    def of(cls, settings: Settings, rows: Mapping[str, Row]) -> Prices:
        """The prices for `settings`; `rows` are the vendors of compatible.toml.

        A part of the snapshot is loaded for each vendor that is called, nothing where none is. Raises SettingsError.
        """
        return cls(_own(settings.price), _lists(settings.provider, rows), settings.pricing.markup)

    def find(self, provider: str, model: str, at: int, service_tier: str | None = None) -> Price | None:
        """The price of the vendor's `model` at `at` (Unix microseconds); None where nobody knows it.

        `provider` is the operator's name of the vendor, or `local`; `service_tier` is as the answer tells it.
        """
        if service_tier in _STANDARD:
            service_tier = None
        for tables in self._tables:
            table = tables.get(provider)
            if table is not None and (price := table.find(model, at, service_tier)) is not None:
                return price
        return None

    def offered(self, provider: str, model: str, at: int) -> Price | None:
        """What clients pay for the vendor's `model` at `at`: the price with the markup, for them to read."""
        price = self.find(provider, model, at)
        return price and with_markup(price, self._markup)

    def charge(
        self, provider: str, model: str, at: int, usages: Iterable[Usage | None], service_tier: str | None = None
    ) -> Charge | None:
        """What these usages cost, each of a call to the vendor by itself, at `at`; None where that is not known."""
        price = self.find(provider, model, at, service_tier)
        return None if price is None else charge(price, usages, self._markup)


def _lists(providers: Iterable[ProviderSettings], rows: Mapping[str, Row]) -> dict[str, Table]:
    """List prices by provider. Who is called at an address of the operator's need not take what the vendor takes."""
    wanted: dict[str, tuple[str, bool]] = {}
    for provider in providers:
        if provider.prices is not None:
            if provider.prices != _NO_LIST:
                wanted[provider.name] = (provider.prices, True)
        elif provider.base_url is None or provider.base_url.rstrip("/") == rows[provider.kind].base_url:
            wanted[provider.name] = (provider.kind, False)
    if not wanted:
        return {}
    from penstock.pricing.snapshot import read_snapshot  # late: a start without vendors needs none of it

    snapshot = read_snapshot()
    for name, (vendor, must) in wanted.items():
        if must and vendor not in snapshot.vendors:
            known = ", ".join((_NO_LIST, *snapshot.vendors))
            raise SettingsError(f"provider '{name}': prices: there are none of '{vendor}'; known are {known}")
    tables = {vendor: snapshot.table(vendor) for vendor in {v for v, _ in wanted.values()} & snapshot.vendors.keys()}
    return {name: tables[vendor] for name, (vendor, _) in wanted.items() if vendor in tables}


def _own(prices: Iterable[PriceSettings]) -> dict[str, Table]:
    by_model: dict[tuple[str, str], list[PriceSettings]] = {}
    for price in prices:
        by_model.setdefault((price.provider, price.model), []).append(price)
    tables: dict[str, Table] = {}
    for (provider, model), rows in by_model.items():
        rows.sort(key=lambda row: row.since or date.min, reverse=True)
        every = model.endswith("*")
        tables.setdefault(provider, Table()).add(
            [_dated(row) for row in rows],
            names=() if every else (model,),
            prefixes=(model[:-1],) if every else (),
            dated=() if every else (model,),
        )
    return tables


def _dated(row: PriceSettings) -> DatedPrice:
    """The version ends with a hash of what the row says, since settings change under their names."""
    where = f"price of '{row.provider}/{row.model}'"
    amounts = {name: _nano(getattr(row, name), f"{where}: {name}") for name in Rates.__struct_fields__}
    said = hashlib.sha256(msgspec.json.encode([amounts, row.service_tier])).hexdigest()[:8]
    version = f"settings:{row.provider}/{row.model}@{row.since or 'first'}#{said}"
    return DatedPrice(start_of(row.since), Price(version, msgspec.convert(amounts, Rates)), row.service_tier)


def _nano(dollars: float | None, where: str) -> int | None:
    if dollars is None:
        return None
    nano = Decimal(repr(dollars)) * 1_000_000_000
    if nano != int(nano):
        raise SettingsError(f"{where}: {dollars!r} has more than nine decimals")
    return int(nano)
