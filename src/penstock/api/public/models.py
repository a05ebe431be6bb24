"""`GET /v1/models` and `GET /v1/models/{id}`; ids may hold slashes."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penstock.routing import Catalogue, Entry


def models(catalogue: Catalogue, created: int) -> tuple[Any, Any]:
    """The two handlers. `created` is a Unix time in seconds: nothing here knows when a vendor made its model, and
    the field must be there, so it says since when this server offers it."""

    def shown(entry: Entry) -> dict[str, Any]:
        return {"id": entry.id, "object": "model", "created": created, "owned_by": entry.owned_by}

    async def listed(request: Request) -> Response:
        return JSONResponse({"object": "list", "data": [shown(entry) for entry in catalogue.entries()]})

    async def one(request: Request) -> Response:
        return JSONResponse(shown(catalogue.entry(request.path_params["id"])))

    return listed, one
