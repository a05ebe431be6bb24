"""Every endpoint that is not a call to a model, routed by Starlette."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from penstock.api.edge import CHAT_PATHS
from penstock.api.exchange import Exchange
from penstock.core.errors import MethodNotAllowed, NotFound, PenstockError
from penstock.dialects.errors import error_status
from penstock.dialects.health import Healthy, NotReady
from penstock.telemetry import Metrics

Ready = Callable[[], Awaitable[list[str]]]


def pages(models: Sequence[Route], metrics: Metrics, ready: Ready, keyed: Sequence[Route]) -> Starlette:
    """`models` are the routes to what can be asked for; `ready` names what is not ready yet, nothing where all is;
    `keyed` are the routes that want a key."""

    async def healthz(request: Request) -> Response:
        return _json(Healthy())

    async def readyz(request: Request) -> Response:
        missing = await ready()
        if missing:
            return _json(NotReady(missing), status_code=503, headers={"retry-after": "1"})
        return _json(Healthy())

    async def show_metrics(request: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    async def other_method(request: Request) -> Response:
        path = request.url.path
        allowed = "POST" if path.startswith("/v5/") else "GET, HEAD, POST"  # Scale's has no list of what is stored
        raise MethodNotAllowed(f"{request.method} is not for {path}; allowed: {allowed}", headers={"allow": allowed})

    routes = [
        *keyed,
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", show_metrics),
        *(Route(path, other_method, methods=["GET", "PUT", "PATCH", "DELETE"]) for path in CHAT_PATHS),
        *models,
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _http_exception, PenstockError: _penstock_error})


def _json(found: Healthy | NotReady, **more: Any) -> Response:
    return Response(msgspec.json.encode(found), media_type="application/json", **more)


async def _penstock_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PenstockError)
    exchange: Exchange = request.scope["penstock.exchange"]
    status = error_status(error, exchange.profile)
    return Response(
        exchange.error_body(error), status_code=status, headers=error.headers, media_type="application/json"
    )


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    where = f"{request.method} {request.url.path}"
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        return await _penstock_error(
            request, MethodNotAllowed(f"{where}: allowed are {allowed}", headers={"allow": allowed})
        )
    return await _penstock_error(request, NotFound(f"{where}: there is no such endpoint", code="unknown_url"))
