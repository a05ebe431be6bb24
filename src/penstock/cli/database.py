"""The database for one command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from penstock.settings import Settings

if TYPE_CHECKING:
    from penstock.store.database import Database

_LOCK_WAIT_S = 10.0  # for a server, or another command, that writes at this moment

T = TypeVar("T")


def run(settings: Settings, work: Callable[[Database], Awaitable[T]]) -> T:
    """What `work` returns, done with the database open; made first where it is missing. Raises DatabaseError."""
    from penstock.store.database import Database  # late: a fifth of a second, which `--help` does not need

    async def opened() -> T:
        async with await Database.open(settings, lock_wait_s=_LOCK_WAIT_S) as database:
            return await work(database)

    return asyncio.run(opened())
