"""Every endpoint that is not a call to a model, routed by Starlette."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from penstock.api.edge import CHAT_PATHS
from penstock.api.public.models import models
from penstock.core.errors import MethodNotAllowed, NotFound, PenstockError
from penstock.dialects.errors import error_body
from penstock.engine import Engine
from penstock.routing import Catalogue
from penstock.telemetry import Metrics

Ready = Callable[[], Awaitable[list[str]]]


def pages(catalogue: Catalogue, engine: Engine, metrics: Metrics, ready: Ready) -> Starlette:
    """`ready` names what is not ready yet, nothing where all is."""
    listed, one = models(catalogue, engine, int(time.time()))

    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(request: Request) -> Response:
        missing = await ready()
        if missing:
            return JSONResponse({"status": "not ready", "why": missing}, status_code=503, headers={"retry-after": "1"})
        return JSONResponse({"status": "ok"})

    async def show_metrics(request: Request) -> Response:
        return Response(metrics.text(), media_type="text/plain; version=0.0.4")

    async def only_post(request: Request) -> Response:
        raise MethodNotAllowed(f"{request.method} is not for {request.url.path}; POST is", headers={"allow": "POST"})

    routes = [
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", show_metrics),
        *(Route(path, only_post, methods=["GET", "PUT", "PATCH", "DELETE"]) for path in CHAT_PATHS),
        *(Route(prefix + "/models", listed) for prefix in ("/v1", "")),
        *(Route(prefix + "/models/{id:path}", one) for prefix in ("/v1", "")),
    ]
    return Starlette(routes=routes, exception_handlers={HTTPException: _http_exception, PenstockError: _penstock_error})


async def _penstock_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, PenstockError)
    body = error_body(error, request.scope["penstock.request_id"])
    return Response(body, status_code=error.status, headers=error.headers, media_type="application/json")


async def _http_exception(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    where = f"{request.method} {request.url.path}"
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        return await _penstock_error(
            request, MethodNotAllowed(f"{where}: allowed are {allowed}", headers={"allow": allowed})
        )
    return await _penstock_error(request, NotFound(f"{where}: there is no such endpoint", code="unknown_url"))
