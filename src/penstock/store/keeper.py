"""Keeps stored objects: many callers share one transaction, and where the database is down the journal has them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Sequence

import msgspec
import structlog
from msgspec import Raw

from penstock.core.errors import Unavailable
from penstock.store import objects
from penstock.store.conversations import turn
from penstock.store.database import Database
from penstock.store.errors import DatabaseError, RowRefused
from penstock.store.journal import Entry, Finished, Journal, Left
from penstock.store.objects import Kind, NewItem, StoredObject

log = structlog.get_logger(__name__)

Fold = Callable[[StoredObject, list[bytes]], StoredObject]
"""Makes what is kept of a run that was cut short, of its object as it began and the JSON of the events since."""

_TOGETHER = 100  # objects in one transaction
_GATHER_S = 0.005  # for which a transaction waits for more, where the last one had several
_LONGEST_S = 10.0  # a transaction that takes longer counts as a database that is down
_DOWN_S = 1.0  # after a failure nobody waits for the database for so long
_DRAIN_S = 5.0  # between two looks for what others left
_AGAIN_S = 0.5  # the first pause after something went into the journal; it doubles
_AT_START_S = 30.0  # what is left after so long of draining at the start is drained while serving
_CLAIMED = 32  # files of the journal that are in memory at once
_EXPIRE_S = 60.0
_LOST_S = 3600.0  # beyond twice the longest run: clocks, and servers that are set otherwise


class _Waiting:
    """One caller's object on its way into the database."""

    __slots__ = ("done", "entry", "items", "object")

    def __init__(self, object: StoredObject, entry: Entry | None, items: Sequence[NewItem]) -> None:
        self.object = object
        self.entry = entry
        self.items = items
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def fresh(self) -> bool:
        """Whether nothing with its id can be there: it was neither announced nor found in the journal."""
        return self.entry is None and type(self) is _Waiting


class _Announced(_Waiting):
    """An object that has only begun: where the database is down, its entry in the journal stands for it."""

    __slots__ = ()


class Keeper:
    """One process's way of stored objects into the database. For one event loop.

    `fold` makes an object of what a dead process left; it is called in the event loop's thread. `longest_s` is how long
    a run takes at most.
    """

    def __init__(self, database: Database, journal: Journal, fold: Fold, longest_s: float) -> None:
        self._database = database
        self._journal = journal
        self._fold = fold
        self._lost_us = int((2 * longest_s + _LOST_S) * 1e6)
        self._pending: deque[_Waiting] = deque()
        self._committing: asyncio.Task[None] | None = None
        self._one_at_a_time = asyncio.Lock()  # a look whether an object has ended, and a write after it, go together
        self._down_until = 0.0
        self._journaled = asyncio.Event()  # something waits in the journal for the database
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Drains what earlier processes left, for half a minute at most, and begins to look for more."""
        end = time.monotonic() + _AT_START_S
        try:
            await self._drain(end)
        except (DatabaseError, OSError) as error:
            log.error("stored objects wait in the journal", error=str(error))
            self._journaled.set()
        self._tasks = [
            asyncio.create_task(self._keep_draining(), name="penstock-keeper"),
            asyncio.create_task(self._keep_expiring(), name="penstock-expiry"),
        ]

    async def close(self) -> None:
        """Waits for what is on its way, and ends what runs in the background."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        if self._committing is not None:
            await self._committing

    def begin(self, object: StoredObject) -> Entry:
        """The journal's entry for an object that is under way from now on. Raises Unavailable."""
        return self._journal.begin(object)

    async def announce(self, object: StoredObject) -> None:
        """Makes an object that has begun readable by its id. Where the database is down it is not, until it is kept.

        Raises RowRefused where no database takes it.
        """
        await self._wait_for(_Announced(object, None, ()))

    async def keep(self, object: StoredObject, entry: Entry | None = None, items: Sequence[NewItem] = ()) -> None:
        """Returns when `object` is committed with `items`, or, where the database is down, when the journal has it.

        `entry` is over then. Raises Unavailable where neither has it, RowRefused where no database takes it.
        """
        await self._wait_for(_Waiting(object, entry, items))

    async def _wait_for(self, waiting: _Waiting) -> None:
        self._pending.append(waiting)
        if self._committing is None:
            self._committing = asyncio.create_task(self._commit(), name="penstock-commit")
        await waiting.done

    async def _commit(self) -> None:
        """Commits what is pending, as much at once as came meanwhile."""
        try:
            together = 1
            while self._pending:
                if together > 1:  # under load: the more share a transaction, the less each one costs
                    await asyncio.sleep(_GATHER_S)
                batch = self._next_batch()
                together = len(batch)
                try:
                    await self._put(batch)
                except BaseException as error:  # nobody may wait for ever, whatever it is
                    for waiting in batch:
                        _fail(waiting, error if isinstance(error, Exception) else _unkept("the server stops"))
                    if not isinstance(error, Exception):
                        raise
        finally:
            self._committing = None

    def _next_batch(self) -> list[_Waiting]:
        """Up to so many, in their order; of one object only one state, since the next replaces it."""
        batch: list[_Waiting] = []
        ids: set[str] = set()
        while self._pending and len(batch) < _TOGETHER and self._pending[0].object.id not in ids:
            waiting = self._pending.popleft()
            ids.add(waiting.object.id)
            batch.append(waiting)
        return batch

    async def _put(self, batch: list[_Waiting]) -> None:
        if time.monotonic() < self._down_until:
            await self._put_aside(batch)
            return
        items = [item for waiting in batch for item in waiting.items]
        try:
            async with self._one_at_a_time, asyncio.timeout(_LONGEST_S):
                together = [waiting.object for waiting in batch]
                try:
                    await objects.put(self._database, together, items, fresh=all(waiting.fresh for waiting in batch))
                except RowRefused:  # or an id was there all the same
                    await objects.put(self._database, together, items)
        except (DatabaseError, TimeoutError) as error:
            if not isinstance(error, RowRefused):
                log.error("stored objects go into the journal", error=str(error) or "the database is too slow")
                self._down_until = time.monotonic() + _DOWN_S
                await self._put_aside(batch)
                return
            refused: Exception = error
        except Exception as error:  # a defect that one object meets must not be that of the others
            refused = error
        else:
            for waiting in batch:
                if waiting.entry is not None:
                    waiting.entry.discard()
                _succeed(waiting)
            return
        if len(batch) == 1:
            if batch[0].entry is not None:
                batch[0].entry.leave()  # for whoever drains to put aside, with a word in the log
            _fail(batch[0], refused)
            return
        half = len(batch) // 2  # finds the ones that are refused, and puts in the others
        await self._put(batch[:half])
        await self._put(batch[half:])

    async def _put_aside(self, batch: list[_Waiting]) -> None:
        """Gives `batch` to the journal, on the disk before anybody hears of it."""
        written: list[tuple[_Waiting, Entry]] = []
        for waiting in batch:
            if isinstance(waiting, _Announced):
                _succeed(waiting)
                continue
            entry = waiting.entry
            try:
                entry = entry or self._journal.begin(waiting.object)
                entry.finish(waiting.object, waiting.items)
            except Unavailable as error:
                if waiting.entry is not None:
                    waiting.entry.leave()  # what was received up to now
                elif entry is not None:
                    entry.discard()  # its caller is told that it is not kept
                _fail(waiting, error)
            else:
                written.append((waiting, entry))
        try:
            await asyncio.to_thread(_settle, [entry for _, entry in written])
        finally:
            for waiting, entry in written:
                entry.leave()
                _succeed(waiting)
        self._journaled.set()

    async def _keep_draining(self) -> None:
        pause_s, failing = _AGAIN_S, False
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._journaled.wait(), _DRAIN_S)
                await asyncio.sleep(pause_s)
            self._journaled.clear()  # first: what comes meanwhile sets it again
            try:
                await self._drain()
                await self._journal.measure()
            except Exception as error:  # whatever it is, what waits must not wait for good
                self._journaled.set()
                pause_s = min(2 * pause_s, _DRAIN_S)
                if not failing:
                    defect = None if isinstance(error, (DatabaseError, OSError)) else error
                    log.error("stored objects wait in the journal", error=str(error), exc_info=defect)
                failing = True
            else:
                if failing:
                    log.info("stored objects move on again")
                pause_s, failing = _AGAIN_S, False

    async def _drain(self, end: float | None = None) -> None:
        """Puts what nobody holds into the database, oldest first, until `end`. Raises DatabaseError, OSError."""
        names = await asyncio.to_thread(self._journal.left)
        for start in range(0, len(names), _CLAIMED):
            if end is not None and time.monotonic() > end:
                log.warning("stored objects of earlier runs are kept while serving", files=len(names) - start)
                self._journaled.set()
                return
            claimed = await asyncio.to_thread(self._journal.claim, names[start : start + _CLAIMED])
            try:
                while claimed:
                    await self._recover(claimed[0])
                    claimed.pop(0)
            finally:
                for left in claimed:
                    self._journal.let_go(left)

    async def _recover(self, left: Left) -> None:
        """Puts in one object that was left, and removes its file. Raises DatabaseError, OSError (too slow)."""
        begun = left.begun
        async with self._one_at_a_time, asyncio.timeout(_LONGEST_S):
            there = await objects.get(self._database, begun.project_id, begun.kind, begun.id, events=True)
            if there is None or there.status in objects.UNDER_WAY or _knows_more(left, there):
                # Else the process ended between the commit and the removal of the file, and who knows what was
                # changed since then.
                try:
                    ended = left.finished or self._cut_short(left)
                    await objects.put(self._database, [ended.object], ended.items)
                except RowRefused as error:
                    self._journal.reject(left, str(error))
                    return
                except DatabaseError:
                    raise
                except Exception as error:
                    log.error("a stored object that was cut short cannot be recovered", id=begun.id, exc_info=error)
                    self._journal.reject(left, repr(error))
                    return
        self._journal.remove(left)

    def _cut_short(self, left: Left) -> Finished:
        folded = self._fold(left.begun, left.events)
        return Finished(folded, turn(folded))

    async def _keep_expiring(self) -> None:
        while True:
            try:
                deleted = await objects.expire(self._database, time.time_ns() // 1000)
            except Exception as error:  # whatever it is, what is past its time must not stay for good
                defect = None if isinstance(error, DatabaseError) else error
                log.error("stored objects past their time stay", error=str(error), exc_info=defect)
                deleted = 0
            if not deleted:
                await self._end_lost()
            await asyncio.sleep(0.1 if deleted else _EXPIRE_S)  # others write too

    async def _end_lost(self) -> None:
        """Ends what no process can have in hand any more: a machine that never came back left its journal nowhere.

        Where it does come back, what its journal holds takes the place of this.
        """
        try:
            found = await objects.lost(self._database, time.time_ns() // 1000 - self._lost_us)
        except DatabaseError:
            return  # whoever asks for one hears of it
        for project_id, kind, id in found:
            try:
                await self._end_one_lost(project_id, kind, id)
            except Exception as error:  # whatever it is, the others are not to wait for this one
                defect = None if isinstance(error, (DatabaseError, OSError)) else error
                log.error("a response that was lost with its machine stays under way", id=id, exc_info=defect)

    async def _end_one_lost(self, project_id: str, kind: Kind, id: str) -> None:
        async with self._one_at_a_time, asyncio.timeout(_LONGEST_S):
            there = await objects.get(self._database, project_id, kind, id, events=True)
            if there is None or there.status not in objects.UNDER_WAY:
                return
            folded = self._fold(there, _events(there))  # as far as those heard who followed it elsewhere
            await objects.put(self._database, [folded], turn(folded))
        log.warning("a response was lost with its machine", id=id, status=folded.status)


def _knows_more(left: Left, there: StoredObject) -> bool:
    """Whether `there` was ended as one of a machine that was lost, which is back."""
    ended_early = there.kind == "response" and there.status in ("incomplete", "failed")
    return ended_early and (left.finished is not None or len(left.events) > len(_events(there)))


def _events(object: StoredObject) -> list[bytes]:
    return [bytes(event) for event in msgspec.json.decode(object.events or b"[]", type=list[Raw])]


def _settle(entries: list[Entry]) -> None:
    for entry in entries:
        entry.settle()


def _succeed(waiting: _Waiting) -> None:
    if not waiting.done.done():  # else its caller was cancelled
        waiting.done.set_result(None)


def _fail(waiting: _Waiting, error: Exception) -> None:
    if not waiting.done.done():
        waiting.done.set_exception(error)


def _unkept(reason: str) -> Unavailable:
    return Unavailable(f"what is to be stored could not be kept: {reason}", code="unkept", headers={"retry-after": "1"})
