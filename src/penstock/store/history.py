"""The records of calls as people ask for them: those in the database and those still in the spool, each once."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator
from contextlib import aclosing

from penstock.core.record import Record
from penstock.store import requests
from penstock.store.database import Database
from penstock.store.waiting import Waiting


async def history(
    database: Database,
    waiting: Waiting,
    project: str | None,
    *,
    limit: int = 0,
    newest_first: bool = True,
    upto: int | None = None,
) -> AsyncGenerator[Record]:
    """The records of `project` (None: of all projects) by time; the newest `limit` of them, or all where that is 0.

    `waiting` is entered before the call, so that what moves into the database meanwhile is found twice, and given
    once, rather than missed. Holds a page of the database, and the places of what waits. `upto` is the last sequence
    number to take from the database. Raises DatabaseError, OSError.
    """
    places = waiting.places(project)
    # Taken from the end.
    ahead = heapq.nlargest(limit, places)[::-1] if limit else sorted(places, reverse=not newest_first)
    page = min(limit or requests.PAGE, requests.PAGE)
    left = limit or -1
    stored = requests.listing(database, project, newest_first=newest_first, upto=upto, page=page)
    async with aclosing(stored):
        async for record in stored:
            key = (record.time, record.request_id)
            while left and ahead and (ahead[-1][:2] > key if newest_first else ahead[-1][:2] < key):
                yield waiting.record(ahead.pop())
                left -= 1
            if ahead and ahead[-1][:2] == key:
                ahead.pop()
            if not left:
                return
            yield record
            left -= 1
    while left and ahead:
        yield waiting.record(ahead.pop())
        left -= 1


async def follow(
    database: Database, waiting: Waiting, project: str | None, *, limit: int, poll_s: float = 0.25
) -> AsyncGenerator[list[Record]]:
    """The newest `limit` records (0: all), oldest first, then those that arrive, as they arrive; without end.

    With every look, every `poll_s` seconds, a list: an empty one where nothing has arrived.
    What waits is given at once, what comes later when it is in the database. Raises DatabaseError, OSError.
    """
    seen = await requests.last_seq(database)
    with waiting:
        early = {place.request_id for place in waiting.places(project)}  # these arrive later: given already, or older
        found = history(database, waiting, project, limit=limit, newest_first=bool(limit), upto=seen)
        async with aclosing(found):
            if limit:
                yield [record async for record in found][::-1]
            else:
                async for record in found:
                    yield [record]
    while True:
        arrived, seen = await requests.arrived(database, project, seen)
        yield [record for record in arrived if record.request_id not in early]
        early.difference_update(record.request_id for record in arrived)
        if len(arrived) < requests.PAGE:
            await asyncio.sleep(poll_s)
