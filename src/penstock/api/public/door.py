"""The door to what a project has stored: nobody comes through without a key, and each sees what is its project's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from penstock.accounts import Key, Keyring
from penstock.api.auth import authenticate
from penstock.api.dialect import DialectChoice
from penstock.api.exchange import Exchange
from penstock.api.public.arguments import Arguments
from penstock.core.errors import Unavailable
from penstock.settings import Limits
from penstock.store.errors import DatabaseError
from penstock.transport import Watch

log = structlog.get_logger(__name__)


class Visit:
    """One request of somebody with a key. `project_id` is whose objects it is about; `method` how it was asked;
    `profile` the dialect of the answer."""

    def __init__(self, request: Request, exchange: Exchange, key: Key, door: Door) -> None:
        self.key = key
        self.project_id = key.project_id
        self.profile = exchange.profile
        self.method = request.method
        self._request = request
        self._exchange = exchange
        self._door = door

    def path(self, name: str) -> str:
        """A part of the path, whatever the client wrote there."""
        found: str = self._request.path_params[name]
        return found

    def query(self, *known: str) -> Arguments:
        """The query, which may have the `known` parameters alone. Raises InvalidRequest."""
        return Arguments(self._request, *known)

    async def body(self) -> bytes:
        """The body, bounded; raises what `Exchange.json_body` does."""
        return await self._exchange.json_body(self._door.limits, self._door.watch)

    def watch(self, left: Callable[[], object]) -> Callable[[], None]:
        """As `Exchange.watch`: calls `left` when the client leaves, until the given function is called."""
        return self._exchange.watch(left)


Handler = Callable[[Visit], Awaitable[Any]]
"""Answers with a value that becomes JSON, or with a response of its own."""


class Door:
    """Lets requests in: their key is known, and errors are in its dialect."""

    def __init__(self, keyring: Keyring, dialects: DialectChoice, limits: Limits, watch: Watch) -> None:
        self._keyring = keyring
        self._dialects = dialects
        self.limits = limits
        self.watch = watch

    def routes(self, path: str, **handlers: Handler) -> list[Route]:
        """The routes of `path` and of its twin without `/v1`. Handlers are named by their method: `get`, `delete`."""

        async def endpoint(request: Request) -> Response:
            exchange: Exchange = request.scope["penstock.exchange"]
            key = await authenticate(exchange.headers, self._keyring)
            self._dialects.by_key(exchange, key)
            name = "get" if request.method == "HEAD" else request.method.lower()
            try:
                found = await handlers[name](Visit(request, exchange, key, self))
            except DatabaseError as error:
                log.warning("stored objects cannot be had", error=str(error))
                raise Unavailable(
                    "what is stored cannot be had now; try again later",
                    code="state_unavailable",
                    headers={"retry-after": "1"},
                ) from error
            if isinstance(found, Response):
                return found
            return Response(msgspec.json.encode(found), media_type="application/json")

        methods = [name.upper() for name in handlers]
        return [Route(each, endpoint, methods=methods) for each in (path, path.removeprefix("/v1"))]
