"""The time of day, as errors on the wire tell it."""

from __future__ import annotations

from datetime import UTC, datetime


def timestamp() -> str:
    """Now, in UTC, by ISO 8601 to the millisecond: `2026-11-21T01:02:03.456Z`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
