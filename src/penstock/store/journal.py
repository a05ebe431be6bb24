"""The journal: one file for each stored object under way, so that what was received outlives this process.

A file holds the object as it began, then a line for each event, and at its end, where the database could not take
it, the object as it ended. It is locked (flock) by its process while the object is under way; a file that nobody
holds is for whoever drains the journal.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec
import structlog

from penstock.core.errors import Unavailable
from penstock.store import segments
from penstock.store.files import make_folder
from penstock.store.objects import NewItem, StoredObject

log = structlog.get_logger(__name__)

REJECTED = ".rejected"
"""The end of the name of a file that no database takes; for a person to look at."""

_RESERVE = 16  # one part in so many of most_bytes is kept for objects that began before it was full
_RETRY_AFTER = {"retry-after": "5"}
_FINISHED = b"="  # begins the line of an object as it ended; every other line begins with a brace


class Finished(msgspec.Struct):
    """An object as it ended, and the items that it adds to its conversation."""

    object: StoredObject
    items: list[NewItem] = []


class Left(msgspec.Struct):
    """What a file holds that nobody writes to any more, claimed by us. `finished` is None where it was cut short."""

    name: str
    descriptor: int
    size: int
    begun: StoredObject
    events: list[bytes]
    finished: Finished | None = None


class Journal:
    """One process's end of the journal. Its methods belong to the event loop's thread, but for those that say so."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """Makes the folder. Raises OSError."""
        make_folder(folder)
        self.folder = folder
        self._most_bytes = most_bytes
        self._admit_bytes = most_bytes - most_bytes // _RESERVE
        self._encode = msgspec.json.Encoder().encode
        self._own: set[str] = set()  # files of objects under way here
        self._live = 0  # bytes in them
        self._left = self._count(frozenset())  # bytes in the others

    @property
    def waiting_bytes(self) -> int:
        """Bytes of objects under way here, and of those that wait for the database."""
        return self._live + self._left

    def begin(self, object: StoredObject) -> Entry:
        """A file of its own for `object`, which outlives this process from here on.

        Raises Unavailable: `journal_full` near the bound, `journal_failed` where the disk does not take it.
        """
        line = self._line(object)
        if self.waiting_bytes + len(line) > self._admit_bytes:
            raise _full()
        try:
            make_folder(self.folder)
            name, descriptor = segments.create(self.folder)
        except OSError as error:
            raise _failed(error.strerror or str(error)) from error
        entry = Entry(self, name, descriptor)
        self._own.add(name)
        try:
            entry.write(line)
        except Unavailable:
            entry.discard()
            raise
        return entry

    def left(self) -> list[str]:
        """Files of objects that are not under way here, oldest first; others may hold them. Raises OSError."""
        return [name for name in segments.names(self.folder) if name not in self._own]

    def claim(self, names: Sequence[str]) -> list[Left]:
        """What those of `names` hold that nobody holds; each must be removed, rejected or let go of.

        A file without a whole object is removed: nobody was told that its object had begun. Any thread may call this.
        Raises OSError.
        """
        claimed: list[Left] = []
        try:
            for name in names:
                descriptor = segments.claim(self.folder / name)
                if descriptor is not None:
                    left = self._read(name, descriptor)
                    if left is not None:
                        claimed.append(left)
        except BaseException:
            for left in claimed:
                self.let_go(left)
            raise
        return claimed

    def remove(self, left: Left) -> None:
        """It is in the database."""
        (self.folder / left.name).unlink(missing_ok=True)
        self.let_go(left)
        self._left = max(0, self._left - left.size)

    def reject(self, left: Left, reason: str) -> None:
        """Puts aside a file that can never go into the database, so that it is not tried for ever. Raises OSError."""
        kept = self.folder / (left.name + REJECTED)
        log.error("a stored object cannot be kept in the database", id=left.begun.id, kept_in=str(kept), reason=reason)
        (self.folder / left.name).rename(kept)
        self.let_go(left)

    def let_go(self, left: Left) -> None:
        """Leaves the file for the next one who drains."""
        os.close(left.descriptor)

    async def measure(self) -> None:
        """Counts anew what waits: other processes drain too. What they write at this moment is theirs to count."""
        self._left = await asyncio.to_thread(self._count, frozenset(self._own))

    def _count(self, own: frozenset[str]) -> int:
        total = 0
        for name in os.listdir(self.folder):
            if name.endswith(REJECTED):
                total += segments.size(self.folder / name)  # a person's to remove; until then it takes its room
        for name in segments.names(self.folder):
            if name in own:
                continue
            descriptor = segments.claim(self.folder / name)
            if descriptor is not None:
                total += os.fstat(descriptor).st_size
                os.close(descriptor)
        return total

    def _line(self, object: StoredObject) -> bytes:
        # Raw members come as the client wrote them; a line end in JSON can only stand where a space may.
        return self._encode(object).replace(b"\n", b" ") + b"\n"

    def _read(self, name: str, descriptor: int) -> Left | None:
        try:
            data = _content(descriptor)
            lines = data.split(b"\n")
            lines.pop()  # nothing, or a line that a lost machine tore
            if not lines:
                self._drop(name, len(data))
                os.close(descriptor)
                return None
            left = Left(name, descriptor, len(data), _object(lines[0]), [])
            for line in lines[1:]:
                if line.startswith(_FINISHED):
                    left.finished = msgspec.json.decode(line[1:], type=Finished)
                elif line:
                    left.events.append(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            os.close(descriptor)
            kept = self.folder / (name + REJECTED)
            log.error("a file of the journal cannot be read", kept_in=str(kept), reason=str(error))
            (self.folder / name).rename(kept)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        return left

    def _drop(self, name: str, length: int) -> None:
        if length:
            log.warning("a stored object that had not quite begun is forgotten", file=name, bytes=length)
        (self.folder / name).unlink(missing_ok=True)


class Entry:
    """The file of one object under way. One that is dropped without `finish` or `discard` is left to be drained."""

    __slots__ = ("_descriptor", "_journal", "_name", "_size", "_torn")

    def __init__(self, journal: Journal, name: str, descriptor: int) -> None:
        self._journal = journal
        self._name = name
        self._descriptor = descriptor
        self._size = 0
        self._torn = False

    def append(self, events: bytes) -> None:
        """Adds whole lines, each the JSON of an event, in one write; they outlive this process from here on.

        Raises Unavailable where the disk does not take it, once: what comes after a gap would tell a wrong story, and
        is left out.
        """
        if not self._torn:
            self.write(events)

    def finish(self, object: StoredObject, items: Sequence[NewItem] = ()) -> None:
        """Adds the object as it ended, where the database is down; `settle` comes next. Raises Unavailable."""
        line = self._journal._encode(Finished(object, list(items))).replace(b"\n", b" ")
        self.write(_FINISHED + line + b"\n")

    def settle(self) -> None:
        """Forces the file to the disk. Any thread may call this; `leave` comes next."""
        try:
            os.fsync(self._descriptor)
            folder = os.open(self._journal.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        except OSError as error:
            log.error("the journal could not be forced to the disk", file=self._name, error=str(error))

    def leave(self) -> None:
        """Leaves the file to be drained, finished or cut short."""
        if self._descriptor >= 0:
            self._journal._left += self._size
            self._close()

    def discard(self) -> None:
        """It is in the database: the file goes."""
        if self._descriptor >= 0:
            try:
                os.unlink(self._journal.folder / self._name)
            except FileNotFoundError:
                pass
            except OSError as error:
                log.error("a file of the journal could not be removed", file=self._name, error=str(error))
            self._close()

    def write(self, data: bytes) -> None:
        """All of `data` or nothing. Raises Unavailable."""
        journal, length = self._journal, len(data)
        if journal.waiting_bytes + length > journal._most_bytes:
            self._torn = True
            raise _full()
        try:
            written = os.write(self._descriptor, data)
        except OSError as error:
            written, reason = 0, error.strerror or str(error)
        else:
            reason = "the disk is full"
        if written != length:
            self._torn = True
            self._undo()
            raise _failed(reason)
        self._size += length
        journal._live += length

    def _undo(self) -> None:
        try:
            os.ftruncate(self._descriptor, self._size)
        except OSError as error:
            log.error("a torn line stays at the end of a journal's file", file=self._name, error=str(error))

    def _close(self) -> None:
        os.close(self._descriptor)
        self._descriptor = -1
        self._journal._live -= self._size
        self._journal._own.discard(self._name)

    def __del__(self) -> None:
        self.leave()


def _object(line: bytes) -> StoredObject:
    return msgspec.json.decode(line, type=StoredObject)


def _content(descriptor: int) -> bytes:
    parts = []
    offset = 0
    while part := os.pread(descriptor, 1 << 20, offset):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def _full() -> Unavailable:
    return Unavailable(
        "stored responses wait for the database and fill the journal; try again later, or send store: false",
        code="journal_full",
        headers=_RETRY_AFTER,
    )


def _failed(reason: str) -> Unavailable:
    return Unavailable(
        f"what is to be stored could not be written: {reason}; try again later, or send store: false",
        code="journal_failed",
        headers=_RETRY_AFTER,
    )
