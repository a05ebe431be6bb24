"""Connections that wait for their next request, and new ones where none does."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from typing import Any
from urllib.parse import urlsplit

import certifi
import msgspec

from penstock.core.errors import UpstreamTimeout, UpstreamUnreachable
from penstock.transport.connection import Connection
from penstock.transport.guard import Guard

_IDLE_S = 50.0  # vendors close idle connections at about 60 s; one that goes away under a request costs a retry
_IDLE_PER_ORIGIN = 1024
_ORIGINS = 1024


class Origin(msgspec.Struct, frozen=True):
    """Where a connection leads. `trusted` ones never serve addresses that must be public, nor the other way round."""

    scheme: str
    host: str
    port: int
    trusted: bool

    @classmethod
    def of(cls, url: str, trusted: bool) -> Origin:
        """The origin of an absolute URL. Raises UpstreamUnreachable where there is none."""
        parts = urlsplit(url)
        try:
            port = parts.port or (443 if parts.scheme == "https" else 80)
        except ValueError:
            port = 0
        if parts.scheme not in ("http", "https") or not parts.hostname or not port:
            raise UpstreamUnreachable("the vendor's address is no valid http or https address")
        return cls(parts.scheme, parts.hostname, port, trusted)


class Pool:
    """Hands out connections. For the event loop that it is made in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._guard = Guard()
        self._idle: dict[Origin, deque[tuple[float, Connection]]] = {}
        self._in_use: set[Connection] = set()
        self._tls: ssl.SSLContext | None = None
        self._sweeper: asyncio.TimerHandle | None = None

    async def take(self, origin: Origin, connect_s: float, fresh: bool) -> Connection:
        """A connection, of those that wait the one used last, or a new one if it must be `fresh`.

        Raises UpstreamUnreachable, UpstreamTimeout, PermissionDenied.
        """
        waiting = None if fresh else self._idle.get(origin)
        oldest = self._loop.time() - _IDLE_S
        while waiting:
            since, connection = waiting.pop()
            if connection.alive and since > oldest:
                self._in_use.add(connection)
                return connection
            connection.abort()
        connection = await self._connect(origin, connect_s)
        self._in_use.add(connection)
        return connection

    def give_back(self, origin: Origin, connection: Connection) -> None:
        """Ends the use of a connection: it waits for its next request, or is closed where it cannot have one."""
        self._in_use.discard(connection)
        if not connection.reusable:
            connection.abort()
            return
        if origin not in self._idle and len(self._idle) >= _ORIGINS:
            self._sweep()
            if len(self._idle) >= _ORIGINS:
                connection.abort()
                return
        waiting = self._idle.setdefault(origin, deque())
        waiting.append((self._loop.time(), connection))
        if len(waiting) > _IDLE_PER_ORIGIN:
            waiting.popleft()[1].abort()
        if self._sweeper is None:
            self._sweeper = self._loop.call_later(_IDLE_S / 2, self._sweep_on)

    def close(self) -> None:
        """Closes every connection, those in use too."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        for waiting in self._idle.values():
            for _, connection in waiting:
                connection.abort()
        for connection in list(self._in_use):
            connection.abort()
        self._idle.clear()
        self._in_use.clear()

    async def _connect(self, origin: Origin, connect_s: float) -> Connection:
        more: dict[str, Any] = {}
        if origin.scheme == "https":
            more = {"ssl": self._context(), "server_hostname": origin.host}
        try:
            async with asyncio.timeout(connect_s):
                address = origin.host if origin.trusted else (await self._guard.pin(origin.host, origin.port)).address
                _, connection = await self._loop.create_connection(Connection, address, origin.port, **more)
        except TimeoutError as error:
            raise UpstreamTimeout("the vendor did not accept a connection in time") from error
        except ssl.SSLError as error:
            raise UpstreamUnreachable(f"no secure connection to the vendor could be made: {error.reason}") from error
        except OSError as error:
            raise UpstreamUnreachable("no connection to the vendor could be made") from error
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:  # at the first use: it takes 20 ms that a start over plain HTTP does not need
            self._tls = ssl.create_default_context()
            self._tls.load_verify_locations(certifi.where())  # systems without authorities of their own
        return self._tls

    def _sweep_on(self) -> None:
        self._sweep()
        self._sweeper = self._loop.call_later(_IDLE_S / 2, self._sweep_on) if self._idle else None

    def _sweep(self) -> None:
        """Closes what has waited for too long, or was closed by the vendor."""
        oldest = self._loop.time() - _IDLE_S
        for origin, waiting in list(self._idle.items()):
            kept = deque(entry for entry in waiting if entry[0] > oldest and entry[1].alive)
            for entry in waiting:
                if entry not in kept:
                    entry[1].abort()
            if kept:
                self._idle[origin] = kept
            else:
                del self._idle[origin]
