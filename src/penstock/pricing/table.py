"""Rows of prices by model: which one holds at a moment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from penstock.pricing.cost import Price

_DAY_US: Final = 86_400_000_000
_MINUTE_US: Final = 60_000_000
_DATE: Final = re.compile(r"-(?:\d{8}|\d{4}-\d{2}-\d{2}|(?:0[1-9]|1[0-2])\d\d)$")  # -20241120, -2024-11-20, -1120


class DatedPrice(msgspec.Struct, frozen=True, gc=False):
    """A price and when it holds: from `start` (Unix microseconds) on, in `service_tier`.

    `hours` are the minutes of a UTC day from which and up to which it holds, where a vendor has prices by the hour.
    """

    start: int
    price: Price
    service_tier: str | None = None
    hours: tuple[int, int] | None = None

    def holds(self, at: int, service_tier: str | None) -> bool:
        if at < self.start or service_tier != self.service_tier:
            return False
        if self.hours is None:
            return True
        minute, (begin, end) = at % _DAY_US // _MINUTE_US, self.hours
        return begin <= minute < end if begin <= end else minute >= begin or minute < end


class Table:
    """The rows of one vendor. Of those of one model that hold at a moment, the first counts: the latest comes first."""

    def __init__(self) -> None:
        self._named: dict[str, Sequence[DatedPrice]] = {}
        self._dated: dict[str, Sequence[DatedPrice]] = {}
        self._prefixes: list[tuple[str, Sequence[DatedPrice]]] = []

    def add(
        self, rows: Sequence[DatedPrice], names: Iterable[str], prefixes: Iterable[str], dated: Iterable[str] = ()
    ) -> None:
        """The rows of one model: of its `names`, of every name that begins with one of `prefixes`, and of `dated` with
        a date at the end. A name wins over a beginning, a longer one over a shorter, the first added over the others.
        """
        for name in names:
            self._named.setdefault(name.lower(), rows)
        for name in dated:
            self._dated.setdefault(name.lower(), rows)
        self._prefixes += ((prefix.lower(), rows) for prefix in prefixes)
        self._prefixes.sort(key=lambda entry: -len(entry[0]))

    def find(self, model: str, at: int, service_tier: str | None) -> Price | None:
        """The price of `model` at `at` (Unix microseconds)."""
        for row in self._named.get(model) or self._rows(model.lower()):
            if row.holds(at, service_tier):
                return row.price
        return None

    def _rows(self, model: str) -> Sequence[DatedPrice]:
        if (rows := self._named.get(model)) is not None:
            return rows
        if self._dated and (rows := self._dated.get(_DATE.sub("", model))) is not None:
            return rows
        for prefix, rows in self._prefixes:
            if model.startswith(prefix):
                return rows
        return ()


def start_of(day: date | None) -> int:
    """Unix microseconds at the beginning of `day` in UTC; 0, before every call, for None."""
    if day is None:
        return 0
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * 1_000_000
