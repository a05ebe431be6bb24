"""`POST /v1/tokenize` and `POST /v1/detokenize`, and their twins without a version: token ids of local models."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from penstock.accounts import Keyring
from penstock.api.auth import authenticate
from penstock.api.dialect import DialectChoice
from penstock.api.exchange import Exchange
from penstock.dialects.tokens import DetokenizeRequest, TokenizeRequest, decode
from penstock.gateway.tokens import Tokenizers
from penstock.settings import Limits
from penstock.transport import Watch


def token_routes(tokenizers: Tokenizers, keyring: Keyring, limits: Limits, watch: Watch) -> list[Route]:
    """The two endpoints, which want a key as calls do, and answer in its dialect."""

    async def tokenize(body: bytes) -> Any:
        return await tokenizers.tokenize(*decode(body, limits, TokenizeRequest))

    async def detokenize(body: bytes) -> Any:
        request, _ = decode(body, limits, DetokenizeRequest)
        return await tokenizers.detokenize(request)

    def answering(answer: Callable[[bytes], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            exchange: Exchange = request.scope["penstock.exchange"]
            key = await authenticate(exchange.headers, keyring)
            # Where the key's own dialect counts, the one spoken so far is the server's default.
            DialectChoice(exchange.profile.name).by_key(exchange, key)
            body = await exchange.json_body(limits, watch)
            return Response(msgspec.json.encode(await answer(body)), media_type="application/json")

        return endpoint

    return [
        Route(prefix + path, answering(answer), methods=["POST"])
        for prefix in ("/v1", "")
        for path, answer in (("/tokenize", tokenize), ("/detokenize", detokenize))
    ]
