"""Server-sent events, both ways: the bytes of a vendor to the data of its events, and data to the bytes of ours."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.core.errors import UpstreamBroke

MAX_EVENT = 8 * 1024 * 1024
"""Bytes that one line, and the data of one event, may have."""

DONE = b"data: [DONE]\n\n"
"""The last event of a chat stream."""

KEEP_ALIVE = b": ping\n\n"
"""A comment, which every client skips: keeps a silent connection open."""

_BOM = b"\xef\xbb\xbf"


def event(data: bytes) -> bytes:
    """The bytes of one event; `data` holds no line end."""
    return b"data: " + data + b"\n\n"


def named_event(event: tuple[str, bytes]) -> bytes:
    """The bytes of one event of a responses stream: its type, which holds no line end, and its data as in `event`."""
    return b"event: " + event[0].encode() + b"\ndata: " + event[1] + b"\n\n"


class EventDecoder:
    """Cuts the bytes of one stream into the data of its events, whatever way the bytes were split.

    Lines end with LF, CR or CRLF. A byte order mark, comments, and every field but `data` are skipped: no
    chat vendor gives them a meaning that its data has not.
    """

    def __init__(self, limit: int = MAX_EVENT) -> None:
        self._limit = limit
        self._tail = bytearray()  # a line whose end has not come
        self._data: list[bytes] = []  # the data lines of an event whose end has not come
        self._size = 0  # bytes in _data, line ends included
        self._after_cr = False  # the last byte was a CR: an LF now belongs to the same line end
        self._first = True  # no line has been seen: a byte order mark may come

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The data of the events that `data` ends, one by one. Raises UpstreamBroke over the limit."""
        if self._after_cr and data:
            self._after_cr = False
            if data[0] == 0x0A:
                data = data[1:]
        if not data:
            return
        lines = data.splitlines()
        rest = b""
        if data[-1] == 0x0D:
            self._after_cr = True
        elif data[-1] != 0x0A:
            rest = lines.pop()
        if lines:
            if self._tail:
                lines[0] = bytes(self._tail + lines[0])
                self._tail.clear()
            if self._first:
                self._first = False
                lines[0] = lines[0].removeprefix(_BOM)
            for line in lines:
                if not line:
                    if self._data:
                        yield self._take()
                elif line.startswith(b"data:"):
                    self._add(line[6:] if line[5:6] == b" " else line[5:])
                elif line == b"data":  # a field without a colon is a field with an empty value
                    self._add(b"")
                elif len(line) > self._limit:
                    raise self._too_long()
        if rest:
            self._tail += rest
            if len(self._tail) > self._limit:
                raise self._too_long()

    def close(self) -> Iterator[bytes]:
        """The data of a last event whose blank line never came. The bytes after the last line end count as a line."""
        if self._tail:
            yield from self.feed(b"\n")
        if self._data:
            yield self._take()

    def _add(self, line: bytes) -> None:
        self._size += len(line) + 1
        if self._size > self._limit:
            raise self._too_long()
        self._data.append(line)

    def _take(self) -> bytes:
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data.clear()
        self._size = 0
        return data

    def _too_long(self) -> UpstreamBroke:
        return UpstreamBroke(f"the vendor's stream has an event of more than {self._limit} bytes")
