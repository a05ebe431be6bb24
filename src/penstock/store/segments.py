"""Segment files of the spool: one record a line, appended to by one process, read by whoever holds the lock.

A segment that is being appended to is locked (flock) by its process, and the lock goes with that process,
however it ends. A segment that nobody holds is whole, but for a last line that a lost machine or a full disk tore.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import time
from pathlib import Path
from typing import NamedTuple

SEGMENT_BYTES = 8 * 1024 * 1024
"""A segment of this size is closed and the next one begun; one line more may be in it."""

REJECTED = "rejected.jsonl"
"""Lines that no database takes; for a person to look at."""

_NAME = re.compile(r"\d{20}-\d+-[0-9a-f]{8}\.jsonl")
_READ_BYTES = 512 * 1024


class Lines(NamedTuple):
    """Whole lines of a segment, without their ends; `end` is where the next one starts, in bytes."""

    lines: list[bytes]
    end: int


def create(folder: Path) -> tuple[str, int]:
    """A new segment, locked and open for appending: its name (names sort by time) and descriptor. Raises OSError."""
    while True:
        name = f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(4)}.jsonl"
        flags = os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY | os.O_CLOEXEC
        descriptor = os.open(folder / name, flags, 0o600)
        if _lock(descriptor):
            return name, descriptor
        os.close(descriptor)  # another process took it for an abandoned one in that moment, and removes it


def names(folder: Path) -> list[str]:
    """The segments that are there, oldest first. Raises OSError."""
    return sorted(name for name in os.listdir(folder) if _NAME.fullmatch(name))


def size(path: Path) -> int:
    """Bytes of a segment, 0 where it is gone. Raises OSError."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def claim(path: Path) -> int | None:
    """A descriptor for reading, with the lock; None where somebody else holds it or it is gone. Raises OSError."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    if _lock(descriptor):
        return descriptor
    os.close(descriptor)
    return None


def read(descriptor: int, offset: int, most: int) -> Lines:
    """Up to `most` whole lines from `offset` on, and no more than is worth one read. Raises OSError."""
    size = _READ_BYTES
    while True:
        data = os.pread(descriptor, size, offset)
        end = data.rfind(b"\n") + 1
        if end or len(data) < size:
            break
        size *= 2  # one line is longer than this
    lines = data[:end].split(b"\n", most)
    rest = lines.pop()  # what follows the last line taken: nothing, or more lines
    return Lines(lines, offset + end - len(rest))


def _lock(descriptor: int) -> bool:
    """Whether the lock is ours now, on a file that is still there."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(descriptor).st_nlink > 0
