"""Moves records from the spool into the database, in batches, and keeps at it while the database is down."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os

import structlog

from penstock.store import requests, segments
from penstock.store.database import Database
from penstock.store.errors import DatabaseError, RowRefused
from penstock.store.rows import Row, row_of_line
from penstock.store.spool import Spool

log = structlog.get_logger(__name__)

_BATCH = 500  # records in one transaction
_SLICE = 50  # records decoded before the event loop has its turn: a quarter of a millisecond
_SHORTEST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 2.0  # between two tries at a database that is down
_HELD = 32  # drained segments that wait, with their descriptors, for the database to be forced to the disk


class Writer:
    """Drains the segments of one spool folder; several processes may, each segment is one's at a time.

    How far a segment is drained is kept in memory alone: after a restart its lines are read again, and the
    database passes over the request ids that it has. A segment goes when all of it is in the database, and the
    database on the disk.
    """

    def __init__(self, spool: Spool, database: Database) -> None:
        self._spool = spool
        self._database = database
        self._drained: dict[str, int] = {}  # segment -> bytes of it that are in the database
        self._one_at_a_time = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to drain, every `spool.drain_ms`."""
        self._task = asyncio.create_task(self._run(), name="penstock-writer")

    async def flush(self) -> None:
        """Drains all that waits now and that no other process holds. Raises DatabaseError, OSError."""
        async with self._one_at_a_time:
            try:
                await self._round()
            except Exception:  # not where it is cancelled: that must get through whatever the folder is like
                self._measure()
                raise
            self._measure()

    async def close(self, timeout_s: float = 5.0) -> None:
        """Ends the spool and drains for the last time; what the database does not take waits for the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self._spool.close()
        try:
            async with asyncio.timeout(timeout_s):
                await self.flush()
        except (DatabaseError, OSError) as error:  # TimeoutError is an OSError
            waiting = self._spool.waiting_bytes
            log.warning("records wait in the spool for the next start", bytes=waiting, error=str(error) or "too slow")

    async def _run(self) -> None:
        pause_s = 0.0  # 0: all is well
        while True:
            try:
                await self.flush()
            except Exception as error:  # whatever it is, records must not stop moving for good
                if not pause_s:
                    defect = None if isinstance(error, (DatabaseError, OSError)) else error
                    log.error("records wait in the spool", error=str(error), exc_info=defect)
                pause_s = min(max(2 * pause_s, _SHORTEST_PAUSE_S), _LONGEST_PAUSE_S)
            else:
                if pause_s:
                    log.info("records move on again", waiting_bytes=self._spool.waiting_bytes)
                pause_s = 0.0
            await asyncio.sleep(pause_s or self._spool.settings.drain_ms / 1000)

    async def _round(self) -> None:
        folder = self._spool.folder
        held: list[tuple[str, int]] = []
        names = segments.names(folder)
        if self._spool.live is not None and self._spool.live not in names:
            log.error("the live segment of the spool was removed, and its records with it; another one begins")
            self._spool.retire()
        try:
            for name in names:
                if name == self._spool.live:
                    await self._drain_live(name)
                elif (descriptor := segments.claim(folder / name)) is not None:
                    held.append((name, descriptor))
                    await self._drain(name, descriptor)
                    if len(held) == _HELD:
                        await self._remove(held)
            await self._remove(held)
        finally:
            for _, descriptor in held:
                os.close(descriptor)

    async def _drain_live(self, name: str) -> None:
        descriptor = os.open(self._spool.folder / name, os.O_RDONLY | os.O_CLOEXEC)
        try:
            await self._drain(name, descriptor)
        finally:
            os.close(descriptor)

    async def _drain(self, name: str, descriptor: int) -> None:
        """Puts into the database what the segment holds at this moment."""
        drained = self._drained.setdefault(name, 0)
        size = os.fstat(descriptor).st_size
        while drained < size:
            lines, end = await asyncio.to_thread(segments.read, descriptor, drained, _BATCH)
            if not lines:
                return  # a line that is not whole: torn, or being written
            good, rows, bad = await _decoded(lines)
            await self._put(name, good, rows)
            for line, reason in bad:  # after the others: while the database is down, they all come again
                self._reject(name, line, reason)
            self._spool.drained(end - drained)
            self._drained[name] = drained = end

    async def _put(self, name: str, lines: list[bytes], rows: list[Row]) -> None:
        if not rows:
            return
        try:
            await requests.insert(self._database, rows)
        except RowRefused as error:
            if len(rows) == 1:
                self._reject(name, lines[0], str(error))
                return
            half = len(rows) // 2  # finds the ones that are refused, and puts in the others
            await self._put(name, lines[:half], rows[:half])
            await self._put(name, lines[half:], rows[half:])

    def _reject(self, name: str, line: bytes, reason: str) -> None:
        """Keeps a line that can never be a row, so that it does not hold up the others. Raises OSError."""
        path = self._spool.folder / segments.REJECTED
        log.error("a line of the spool cannot be kept in the database", segment=name, kept_in=str(path), reason=reason)
        descriptor = os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            if os.write(descriptor, line + b"\n") != len(line) + 1:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    async def _remove(self, held: list[tuple[str, int]]) -> None:
        """Removes segments that are drained, and lets go of them."""
        if held and await self._database.harden():
            for name, descriptor in held:
                if torn := os.fstat(descriptor).st_size - self._drained.pop(name):
                    log.warning("the last line of a spool segment is torn and no record", segment=name, bytes=torn)
                (self._spool.folder / name).unlink(missing_ok=True)
        while held:
            os.close(held.pop()[1])

    def _measure(self) -> None:
        """Counts what waits. What other processes append to at this moment is left to them."""
        folder = self._spool.folder
        names = segments.names(folder)
        self._drained = {name: drained for name, drained in self._drained.items() if name in names}
        waiting = segments.size(folder / segments.REJECTED)  # a person's to remove; until then it takes its room
        for name in names:
            if name != self._spool.live and name not in self._drained:
                descriptor = segments.claim(folder / name)
                if descriptor is None:
                    continue
                os.close(descriptor)
            waiting += segments.size(folder / name) - self._drained.get(name, 0)
        self._spool.measured(waiting)


async def _decoded(lines: list[bytes]) -> tuple[list[bytes], list[Row], list[tuple[bytes, str]]]:
    """The lines that are records, their rows, and the lines that are none, each with the reason."""
    good: list[bytes] = []
    rows: list[Row] = []
    bad: list[tuple[bytes, str]] = []
    for number, line in enumerate(lines):
        if number % _SLICE == 0:
            await asyncio.sleep(0)
        try:
            rows.append(row_of_line(line))
        except ValueError as error:
            bad.append((line, str(error)))
        else:
            good.append(line)
    return good, rows, bad
