"""`GET /v1/models` and `GET /v1/models/{id}`; ids may hold slashes."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from penstock.engine import Engine, LocalModel
from penstock.routing import Catalogue, Entry


def models(catalogue: Catalogue, engine: Engine, created: int) -> tuple[Any, Any]:
    """The two handlers. `created` is a Unix time in seconds: nothing here knows when a vendor made its model, and
    the field must be there, so it says since when this server offers it."""

    def shown(entry: Entry, local: dict[str, LocalModel]) -> dict[str, Any]:
        fields = {"id": entry.id, "object": "model", "created": created, "owned_by": entry.owned_by}
        return fields if entry.local is None else fields | _local(entry.local, local.get(entry.local))

    async def local_models() -> dict[str, LocalModel]:
        return {model.name: model for model in await engine.models()}

    async def listed(request: Request) -> Response:
        local = await local_models()
        return JSONResponse({"object": "list", "data": [shown(entry, local) for entry in catalogue.entries()]})

    async def one(request: Request) -> Response:
        entry = catalogue.entry(request.path_params["id"])
        local = await local_models()
        fields = shown(entry, local)
        model = local.get(entry.local) if entry.local is not None else None
        if model is not None and model.card is not None:
            fields["card"] = msgspec.to_builtins(model.card)
        return JSONResponse(fields)

    return listed, one


def _local(name: str, model: LocalModel | None) -> dict[str, Any]:
    """What is known of the local model `name` beside what every model has."""
    fields: dict[str, Any] = {"served_by": f"local/{name}"}
    if model is None:
        return fields | {"unavailable": f"there is no local model '{name}'"}
    if model.context:  # 0 where even the model card cannot be read
        fields["context_length"] = model.context
    if model.unavailable is not None:
        fields["unavailable"] = model.unavailable
    return fields
