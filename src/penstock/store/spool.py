"""The spool: every record is appended to a file before the last byte of its answer goes out."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from pathlib import Path

import msgspec
import structlog

from penstock.core.errors import Unavailable
from penstock.core.record import Record
from penstock.settings import SpoolSettings
from penstock.store import segments
from penstock.store.files import make_folder

log = structlog.get_logger(__name__)

_RESERVE = 16  # one part in so many of max_bytes is kept for calls that were let in before it was full
_PAUSE_S = 1.0  # after a write that failed, no call is let in for so long: the next one is the trial
_RETRY_AFTER = {"retry-after": "5"}


class Spool:
    """One process's end of the spool folder. `append` belongs to one thread, the event loop's.

    What was appended survives the end of this process at once, and that of the machine after `fsync_ms`.
    """

    def __init__(self, folder: Path, settings: SpoolSettings) -> None:
        """Makes the folder. Raises OSError."""
        make_folder(folder)
        self.folder = folder
        self.settings = settings
        self._encode = msgspec.json.Encoder().encode
        self._name: str | None = None  # of the live segment
        self._descriptor = -1
        self._size = 0
        self._waiting = sum(segments.size(folder / name) for name in segments.names(folder))
        self._admit_bytes = settings.max_bytes - settings.max_bytes // _RESERVE
        self._paused_until = 0.0
        # A thread of its own forces to the disk what was appended: a slow disk must not stop the event loop.
        self._retired: deque[int] = deque()  # descriptors of segments that are closed once they are on the disk
        self._begun = False  # a segment whose name may not be on the disk yet
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def waiting_bytes(self) -> int:
        """Bytes that wait for the database; what other processes append to at this moment is theirs to count."""
        return self._waiting

    @property
    def live(self) -> str | None:
        """The segment that this process appends to."""
        return self._name

    @property
    def full(self) -> bool:
        """Whether a call let in now could be left without its record."""
        return self._waiting >= self._admit_bytes or time.monotonic() < self._paused_until

    def check(self) -> None:
        """Asked before a call is let in. Raises Unavailable."""
        if self._waiting >= self._admit_bytes:
            raise _full()
        if time.monotonic() < self._paused_until:
            raise Unavailable(
                "the records of calls cannot be written at this moment; try again later",
                code="records_failed",
                headers=_RETRY_AFTER,
            )

    def append(self, record: Record) -> None:
        """Keeps `record`; it is safe from the end of this process when this returns.

        Raises Unavailable: `records_full` over `spool.max_bytes`, `records_failed` where the disk does not take it.
        The file then holds whole lines only, as before.
        """
        line = self._encode(record) + b"\n"
        length = len(line)
        if self._waiting + length > self.settings.max_bytes:
            raise _full()
        try:
            if self._descriptor < 0:
                self._begin()
            written = os.write(self._descriptor, line)
        except OSError as error:
            written, reason = 0, error.strerror or str(error)
        else:
            reason = "the disk is full"
        if written != length:
            self._undo()
            self._paused_until = time.monotonic() + _PAUSE_S
            raise Unavailable(
                f"the record of this call could not be written: {reason}", code="records_failed", headers=_RETRY_AFTER
            )
        self._size += length
        self._waiting += length
        if not self._dirty.is_set():
            self._dirty.set()
        if self._size >= segments.SEGMENT_BYTES:
            self.retire()

    def retire(self) -> None:
        """Ends the live segment: once it is on the disk its lock is free. The next record begins another one."""
        if self._descriptor < 0:
            return
        self._retired.append(self._descriptor)
        self._name, self._descriptor, self._size = None, -1, 0
        self._dirty.set()

    def drained(self, length: int) -> None:
        """So many bytes are in the database now."""
        self._waiting = max(0, self._waiting - length)

    def measured(self, waiting: int) -> None:
        """So many bytes wait, counted anew: other processes append and drain too."""
        self._waiting = waiting

    def close(self) -> None:
        """Ends the live segment, forces all to the disk and frees the locks.

        A record that comes later all the same begins another segment, for the next start.
        """
        self._closing.set()
        self._dirty.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.retire()
        self._force()

    def _begin(self) -> None:
        make_folder(self.folder)
        self._name, self._descriptor = segments.create(self.folder)
        self._size = 0
        self._begun = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_forcing, name="penstock-spool", daemon=True)
            self._thread.start()

    def _undo(self) -> None:
        """Takes back a line that was written in part."""
        if self._descriptor < 0:
            return
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError as error:
            log.error("a torn record stays at the end of its spool segment", segment=self._name, error=str(error))
            self.retire()

    def _keep_forcing(self) -> None:
        while not self._closing.is_set():
            self._dirty.wait()
            self._dirty.clear()  # first: what is appended from here on is forced the next time
            self._force()
            self._closing.wait(self.settings.fsync_ms / 1000)

    def _force(self) -> None:
        """Forces the live and the retired segments to the disk, and closes the retired ones."""
        while self._retired:
            descriptor = self._retired.popleft()
            self._force_one(descriptor)
            os.close(descriptor)
        # After the retired ones: only here are descriptors closed, so the live one stays open while it is forced.
        if (live := self._descriptor) >= 0:
            self._force_one(live)
        if self._begun:
            self._begun = False  # first: a segment begun from here on sets it again
            try:
                folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            except OSError as error:
                log.error("the spool's folder cannot be opened", folder=str(self.folder), error=str(error))
                return
            self._force_one(folder)  # a segment's name must outlive a lost machine too
            os.close(folder)

    def _force_one(self, descriptor: int) -> None:
        try:
            os.fsync(descriptor)
        except OSError as error:
            log.error("the spool could not be forced to the disk", folder=str(self.folder), error=str(error))


def _full() -> Unavailable:
    return Unavailable(
        "the records of earlier calls wait for the database and fill the spool (spool.max_bytes); try again later",
        code="records_full",
        headers=_RETRY_AFTER,
    )
