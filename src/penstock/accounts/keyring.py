"""The keys in memory: found by hash, kept up with the database, asked for there once when unknown."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict

import structlog

from penstock.accounts.keys import Key, digest
from penstock.accounts.lookups import Lookups
from penstock.store import keys as store
from penstock.store.database import Database
from penstock.store.errors import DatabaseError
from penstock.store.keys import StoredKey

log = structlog.get_logger(__name__)

_PAGE = 1000


class Keyring:
    """Finds keys without the database. A change made by any process is heard of within `poll_s` and a query.

    Holds up to `capacity` keys, those used last; others are asked for. While the database is down, those in
    memory are served as they were. For one event loop.
    """

    def __init__(self, database: Database, *, poll_s: float = 0.5, capacity: int = 100_000) -> None:
        self._database = database
        self._poll_s = poll_s
        self._capacity = capacity
        self._keys: OrderedDict[bytes, Key] = OrderedDict()  # by SHA-256; the one used longest ago first
        self._change = 0  # the newest change of any key that is known here
        # One query at a time: an older answer must not overwrite a newer one.
        self._asking = asyncio.Lock()
        self._lookups = Lookups(self._ask)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Loads the keys and begins to keep up. Raises DatabaseError."""
        async with self._asking:
            self._change = await store.last_change(self._database)  # before the keys: a change in between comes again
            for stored in reversed(await store.newest(self._database, self._capacity)):
                self._keys[stored.hash] = Key.of(stored)
        self._task = asyncio.create_task(self._keep_up(), name="penstock-keyring")

    async def close(self) -> None:
        """Ends what runs in the background."""
        await self._lookups.close()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    def find(self, token: str) -> Key | None:
        """The key, disabled or not, where it is in memory; any text may be asked for."""
        hashed = digest(token)
        if hashed is None:
            return None
        key = self._keys.get(hashed)
        if key is not None:
            self._keys.move_to_end(hashed)
        return key

    async def look_up(self, token: str) -> Key | None:
        """The key, from memory or else from the database, which is asked about many tokens at once and seldom.

        Raises Unavailable where the database does not say.
        """
        hashed = digest(token)
        if hashed is None:
            return None
        return self._keys.get(hashed) or await self._lookups.ask(hashed)

    async def refresh(self) -> None:
        """Takes over what changed in the database. Raises DatabaseError."""
        async with self._asking:
            while True:
                changed = await store.changed_since(self._database, self._change, _PAGE)
                for stored in changed:
                    self._take_over(stored)
                    self._change = stored.changed
                if len(changed) < _PAGE:
                    return

    def _take_over(self, stored: StoredKey) -> None:
        if stored.deleted:
            self._keys.pop(stored.hash, None)
        elif stored.hash in self._keys or len(self._keys) < self._capacity:
            self._keys[stored.hash] = Key.of(stored)
            self._lookups.forget(stored.hash)

    async def _ask(self, hashes: list[bytes]) -> dict[bytes, Key]:
        async with self._asking:
            found = {stored.hash: Key.of(stored) for stored in await store.with_hashes(self._database, hashes)}
            for hashed, key in found.items():
                self._keys[hashed] = key
                self._keys.move_to_end(hashed)
            while len(self._keys) > self._capacity:
                self._keys.popitem(last=False)
        return found

    async def _keep_up(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self.refresh()
            except Exception as error:  # whatever it is, changes must not go unheard for good
                if not failing:
                    defect = None if isinstance(error, DatabaseError) else error
                    log.error("changes of keys are not heard of", error=str(error), exc_info=defect)
                failing = True
            else:
                if failing:
                    log.info("changes of keys are heard of again")
                failing = False
