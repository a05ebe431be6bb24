"""The first key of a fresh data folder."""

from __future__ import annotations

from penstock.accounts import keys
from penstock.store import keys as store
from penstock.store.database import Database


async def first_key(database: Database) -> str | None:
    """A new key's text where there is, and ever was, no key; else None. Of servers that start at once one makes it.

    Raises DatabaseError.
    """
    if await store.last_change(database):  # asked first: a usual start does not have to wait for who writes
        return None
    key, text = keys.new("first", keys.DEFAULT_PROJECT)
    return text if await store.add_first(database, key) else None
