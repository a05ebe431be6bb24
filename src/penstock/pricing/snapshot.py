"""The list prices of vendors that come with Penstock: prices.json, written by scripts/write_prices.py."""

from __future__ import annotations

from datetime import date
from importlib import resources

import msgspec
from msgspec import Raw

from penstock.pricing.cost import Price, Rates, Tier
from penstock.pricing.table import DatedPrice, Table, start_of


class _Row(Rates, frozen=True, kw_only=True):
    since: date | None = None
    hours: tuple[int, int] | None = None
    service_tier: str | None = None
    tiers: tuple[Tier, ...] = ()


class _Model(msgspec.Struct, frozen=True):
    id: str
    names: list[str]
    prices: list[_Row]
    prefixes: list[str] = []
    dated: list[str] = []


class Snapshot(msgspec.Struct, frozen=True):
    """What `source` said on the day `made`. A vendor's part stays JSON until it is asked for."""

    source: str
    made: date
    vendors: dict[str, Raw]

    def table(self, vendor: str) -> Table:
        """The list prices of `vendor`, which must be among the vendors."""
        name = f"{self.source.replace(' ', '-')}:{vendor}"
        table = Table()
        for model in msgspec.json.decode(self.vendors[vendor], type=list[_Model]):
            rows = [_dated(row, f"{name}/{model.id}") for row in reversed(model.prices)]
            table.add(rows, model.names, model.prefixes, model.dated)
        return table


def read_snapshot() -> Snapshot:
    """The snapshot that comes with this Penstock."""
    return msgspec.json.decode(resources.files(__package__).joinpath("prices.json").read_bytes(), type=Snapshot)


def _dated(row: _Row, model: str) -> DatedPrice:
    version = f"{model}@{row.since or 'first'}"
    if row.hours is not None:
        version += "T{:02d}:{:02d}".format(*divmod(row.hours[0], 60))
    if row.service_tier is not None:
        version += f"+{row.service_tier}"
    rates = Rates(*(getattr(row, name) for name in Rates.__struct_fields__))
    return DatedPrice(start_of(row.since), Price(version, rates, row.tiers), row.service_tier, row.hours)
