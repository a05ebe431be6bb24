"""The records that wait in the spool, for those who look: a call answered a moment ago is seen at once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

import msgspec

from penstock.core.record import Record
from penstock.store import segments
from penstock.store.rows import record_of_line

_LINES = 500  # read at a time


class Place(NamedTuple):
    """Where a waiting record stands. Places sort as records do: by time, then by request id."""

    time: int
    request_id: str
    descriptor: int
    start: int
    length: int


class _Head(msgspec.Struct):
    """What a look at a record needs to know of it."""

    request_id: str
    time: int
    project: str


class Waiting:
    """A look into a spool folder, which changes nothing there.

    A context manager: it holds open the segments that it found, so that what is drained meanwhile can still be
    read. The segment of a running server also shows what is in the database already.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptors: list[int] = []
        self._head = msgspec.json.Decoder(_Head).decode

    def __enter__(self) -> Self:
        """Raises OSError."""
        try:
            for name in segments.names(self._folder) if self._folder.is_dir() else []:
                try:
                    self._descriptors.append(os.open(self._folder / name, os.O_RDONLY | os.O_CLOEXEC))
                except FileNotFoundError:
                    continue  # drained since the folder was listed
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def places(self, project: str | None) -> Iterator[Place]:
        """Every record of `project` (None: of all), in the order of the files. Raises OSError.

        A line that is no record is passed over here; the writer is the one to report it.
        """
        for descriptor in self._descriptors:
            start, end = 0, -1
            while start != end:
                start = max(end, 0)
                lines, end = segments.read(descriptor, start, _LINES)
                at = start
                for line in lines:
                    try:
                        head = self._head(line)
                    except ValueError:
                        head = None
                    if head is not None and project in (None, head.project):
                        yield Place(head.time, head.request_id, descriptor, at, len(line))
                    at += len(line) + 1

    def record(self, place: Place) -> Record:
        """The record at `place`. Raises OSError, ValueError where the line is no whole record."""
        return record_of_line(os.pread(place.descriptor, place.length, place.start))

    def _close(self) -> None:
        while self._descriptors:
            os.close(self._descriptors.pop())
