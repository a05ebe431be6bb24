"""Times as people and programs read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_START = datetime(1970, 1, 1, tzinfo=UTC)


def local_time(us: int) -> str:
    """Unix microseconds as the reader's own time, to the second."""
    return f"{(_START + timedelta(microseconds=us)).astimezone():%Y-%m-%d %H:%M:%S}"


def utc_time(us: int) -> str:
    """Unix microseconds as ISO 8601 in UTC, to the microsecond: `2026-11-20T21:45:54.123456Z`."""
    return (_START + timedelta(microseconds=us)).isoformat(timespec="microseconds").replace("+00:00", "Z")
