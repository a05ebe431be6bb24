"""HTTP to vendors: requests out, answers back, ended the moment nobody wants them."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from types import TracebackType
from urllib.parse import urlsplit

import msgspec

from penstock.core.errors import UpstreamBroke
from penstock.core.exchange import Outgoing, Reply
from penstock.transport.connection import Connection
from penstock.transport.pool import Origin, Pool

_LARGEST_REPLY = 64 * 1024 * 1024
_LARGEST_ERROR = 256 * 1024
_INFLATED_AT_ONCE = 1024 * 1024  # a compressed bomb is met in pieces, and the bounds above hold for what comes out
_KNOWN_ADDRESSES = 1024


class Upstream:
    """A vendor's answer whose head is here and whose body is still to come. A context: leaving it gives the connection
    back, or ends the call at the vendor where the answer is not whole."""

    __slots__ = ("_connection", "_inflate", "_origin", "_pool", "_tail", "headers", "status")

    def __init__(self, connection: Connection, pool: Pool, origin: Origin) -> None:
        self._pool, self._origin = pool, origin
        self.status = connection.status
        self.headers = connection.headers
        self._connection = connection
        self._tail = b""
        encoding = self.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "gzip", "x-gzip", "deflate", ""):
            raise UpstreamBroke(f"the vendor's answer is encoded as '{encoding[:40]}', which was not asked for")
        self._inflate = zlib.decompressobj(47) if encoding in ("gzip", "x-gzip", "deflate") else None

    def __enter__(self) -> Upstream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.give_back(self._origin, self._connection)

    async def chunk(self) -> bytes | None:
        """The next bytes as they arrive, None at the end. Raises UpstreamBroke where the connection breaks."""
        if self._inflate is None:
            return await self._connection.read()
        while True:
            if not self._tail:
                data = await self._connection.read()
                if data is None:
                    return None
                self._tail = data
            try:
                out = self._inflate.decompress(self._tail, _INFLATED_AT_ONCE)
            except zlib.error as error:
                raise UpstreamBroke("the vendor's answer could not be decompressed") from error
            self._tail = self._inflate.unconsumed_tail
            if out:
                return out

    async def reply(self, on_bytes: Callable[[], None]) -> Reply:
        """The whole of it; `on_bytes` is called for each part that arrives.

        An error's body is cut at 256 KiB; an answer over 64 MiB raises UpstreamBroke.
        """
        parts: list[bytes] = []
        size, most = 0, _LARGEST_REPLY if self.status < 300 else _LARGEST_ERROR
        while (part := await self.chunk()) is not None:
            on_bytes()
            parts.append(part)
            size += len(part)
            if size > most:
                if self.status < 300:
                    raise UpstreamBroke(f"the vendor's answer is larger than {most} bytes", upstream_status=self.status)
                break
        return Reply(self.status, self.headers, b"".join(parts)[:most])

    async def settle(self, seconds: float) -> None:
        """Waits briefly for the end of the body, so that the connection can serve again; gives up quietly."""
        if self._connection.complete:
            return
        try:
            async with asyncio.timeout(seconds):
                while await self._connection.read() is not None:
                    continue
        except (TimeoutError, UpstreamBroke):
            return  # what breaks after the answer was whole breaks nothing


class _Address(msgspec.Struct, frozen=True):
    origin: Origin
    head: bytes


class Transport:
    """Connections to vendors, kept open between calls. `close` must be called before the event loop ends."""

    def __init__(self) -> None:
        self._pool = Pool()
        self._addresses: dict[tuple[str, str, bool], _Address] = {}

    async def open(self, outgoing: Outgoing, connect_s: float, *, fresh: bool = False) -> Upstream:
        """Sends, and gives the answer when its head is here: `with await transport.open(...) as upstream`.

        With `fresh` it goes over a new connection: a vendor that restarted has closed all the kept ones, and a second
        try must not end on another of them. Redirects are not followed.

        Raises UpstreamUnreachable, UpstreamTimeout (connecting), UpstreamBroke, and PermissionDenied for an address
        that must be public and is not.
        """
        address = self._address(outgoing)
        connection = await self._pool.take(address.origin, connect_s, fresh)
        try:
            connection.send(_head(address.head, outgoing), outgoing.body)
            await connection.head()
            return Upstream(connection, self._pool, address.origin)
        except BaseException:
            self._pool.give_back(address.origin, connection)
            raise

    async def close(self) -> None:
        """Closes every connection."""
        self._pool.close()
        await asyncio.sleep(0)

    def _address(self, outgoing: Outgoing) -> _Address:
        asked = (outgoing.method, outgoing.url, outgoing.trusted)
        known = self._addresses.get(asked)
        if known is None:
            origin = Origin.of(outgoing.url, outgoing.trusted)
            parts = urlsplit(outgoing.url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            head = f"{outgoing.method} {target} HTTP/1.1\r\nhost: {parts.netloc.rpartition('@')[2]}\r\n"
            known = _Address(origin, head.encode("ascii", "strict"))
            if len(self._addresses) >= _KNOWN_ADDRESSES:
                self._addresses.clear()
            self._addresses[asked] = known
        return known


def _head(head: bytes, outgoing: Outgoing) -> bytes:
    """The request's head. Header values come from settings, which are checked to be printable."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in outgoing.headers])
    # Compressed frames of a stream would come late: the compressor waits for more.
    encoding = "identity" if outgoing.stream else "gzip"
    more = f"{lines}accept-encoding: {encoding}\r\ncontent-length: {len(outgoing.body)}\r\n\r\n"
    return head + more.encode("latin-1")
