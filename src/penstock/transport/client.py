"""HTTP to vendors, on pyreqwest: a young library, so it is known to this file alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BodyDecodeError,
    BuilderError,
    ConnectError,
    ConnectTimeoutError,
    NetworkError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.response import Response, ResponseBodyReader

from penstock.core.errors import UpstreamBroke, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from penstock.core.exchange import Outgoing, Reply
from penstock.transport.guard import Guard, Pin

_LARGEST_REPLY = 64 * 1024 * 1024
_LARGEST_ERROR = 256 * 1024
_IDLE_PER_HOST = 1024
_GUARDED_CLIENTS = 64


class Upstream:
    """A vendor's answer whose body is still to come."""

    __slots__ = ("_reader", "headers", "status")

    def __init__(self, response: Response) -> None:
        self.status = response.status
        self.headers = response.headers
        self._reader: ResponseBodyReader = response.body_reader

    async def chunk(self) -> bytes | None:
        """The next bytes as they arrive, None at the end. Raises UpstreamBroke where the connection breaks."""
        try:
            data = await self._reader.read_chunk()
        except PyreqwestError as error:
            raise _explained(error, begun=True) from error
        return None if data is None else bytes(data)

    async def settle(self, seconds: float) -> None:
        """Waits briefly for the end of the body, so that the connection can be used again; gives up quietly."""
        end = asyncio.ensure_future(self.chunk())
        try:
            await asyncio.wait((end,), timeout=seconds)
        finally:
            end.cancel()
        if end.done() and not end.cancelled():
            end.exception()  # a connection that broke after the answer was whole broke nothing

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
        return Reply(self.status, {k.lower(): v for k, v in self.headers.items()}, b"".join(parts)[:most])


class Transport:
    """Connections to vendors, kept open between calls. `close` must be awaited before the process ends."""

    def __init__(self, user_agent: str) -> None:
        self._user_agent = user_agent
        self._guard = Guard()
        self._clients: dict[tuple[float, Pin | None], Client] = {}

    @asynccontextmanager
    async def open(self, outgoing: Outgoing, connect_s: float) -> AsyncIterator[Upstream]:
        """Sends, and gives the answer when its head is there; leaving the context early ends the call at the vendor.

        Redirects are not followed. Raises UpstreamUnreachable, UpstreamTimeout (connecting), UpstreamBroke.
        """
        pin = None if outgoing.trusted else await self._guard.pin(outgoing.url)
        request = (
            self._client(connect_s, pin)
            .request(outgoing.method, outgoing.url)
            .headers(outgoing.headers)
            .body_bytes(outgoing.body)
        )
        if outgoing.stream:
            # With its default the library reads ahead and holds the first token back for a second.
            request = request.streamed_read_buffer_limit(0)
        try:
            sending = request.build_streamed()
            response = await sending.__aenter__()
        except PyreqwestError as error:
            raise _explained(error, begun=False) from error
        try:
            yield Upstream(response)
        finally:
            await sending.__aexit__(None, None, None)

    def _client(self, connect_s: float, pin: Pin | None) -> Client:
        client = self._clients.get((connect_s, pin))
        if client is None:
            builder = (
                ClientBuilder()
                .user_agent(self._user_agent)
                .http1_lower_case_headers()
                .follow_redirects(False)
                .referer(False)
                .no_proxy()
                .connect_timeout(timedelta(seconds=connect_s))
                .pool_idle_timeout(timedelta(seconds=50))  # vendors close idle connections at about 60 s
                .pool_max_idle_per_host(_IDLE_PER_HOST)
                .tcp_keepalive(timedelta(seconds=30))
            )
            if pin is not None:
                builder = builder.resolve(pin.host, pin.address, pin.port)
                pinned = [key for key in self._clients if key[1] is not None]
                if len(pinned) >= _GUARDED_CLIENTS:  # its calls under way hold it until they end
                    del self._clients[pinned[0]]
            client = self._clients[connect_s, pin] = builder.build()
        return client

    async def close(self) -> None:
        """Closes every connection."""
        clients = list(self._clients.values())
        self._clients.clear()
        for client in clients:
            await client.close()


def _explained(error: PyreqwestError, *, begun: bool) -> UpstreamError:
    """What went wrong, in our words: the library's own may name addresses and headers."""
    if isinstance(error, ConnectTimeoutError):
        return UpstreamTimeout("the vendor did not accept a connection in time")
    if isinstance(error, RequestTimeoutError):
        return UpstreamTimeout("the vendor did not answer in time")
    if isinstance(error, ConnectError) and _while_connecting(error):
        return UpstreamUnreachable("no connection to the vendor could be made")
    if isinstance(error, BuilderError):
        return UpstreamUnreachable("the vendor's address or a header for it is not valid")
    if isinstance(error, BodyDecodeError):
        return UpstreamBroke("the vendor's answer could not be decoded")
    if isinstance(error, NetworkError) or begun:
        return UpstreamBroke("the connection to the vendor broke before its answer was whole")
    return UpstreamBroke("the vendor closed the connection without a proper answer")


def _while_connecting(error: ConnectError) -> bool:
    """The library says ConnectError, too, where a made connection closes without an answer; its causes tell them apart."""
    return any("(Connect)" in cause["message"] for cause in error.details["causes"] or ())
