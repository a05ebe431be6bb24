"""Whether the list of models is for everybody, or for those with a key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from penstock.accounts import Keyring
from penstock.api.auth import authenticate
from penstock.api.dialect import DialectChoice
from penstock.api.exchange import Exchange

_GEMINI = b"x-goog-api-key"


def with_key(routes: Iterable[Route], keyring: Keyring, dialects: DialectChoice) -> list[Route]:
    """The same routes for those who send a key, in the form of any dialect: a Bearer, `x-api-key`, and as Gemini's
    clients do `x-goog-api-key` or `key` in the query."""

    def guarded(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            exchange: Exchange = request.scope["penstock.exchange"]
            headers = exchange.headers
            theirs = headers.get(_GEMINI) or request.query_params.get("key", "").encode("latin-1", "replace")
            if theirs and b"authorization" not in headers and b"x-api-key" not in headers:
                headers = headers | {b"x-api-key": theirs}
            dialects.by_key(exchange, await authenticate(headers, keyring))
            return await answer(request)

        return endpoint

    return [Route(route.path, guarded(route.endpoint), methods=list(route.methods or ())) for route in routes]
