"""What can be done with a response by its id: read it, join its stream, cancel it, delete it, list its input."""

from __future__ import annotations

from typing import Any, Final, get_args

from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from penstock.api.public.arguments import Arguments
from penstock.api.public.door import Door, Visit
from penstock.core.errors import InvalidRequest
from penstock.dialects.responses.request import Includable
from penstock.gateway.counting import Counting
from penstock.gateway.kept_responses import KeptResponses

PATH: Final = "/v1/responses"

_INCLUDABLE: Final = get_args(Includable)
_SWITCH: Final = {"true": True, "false": False}
_HEADERS: Final = {"cache-control": "no-cache, no-transform", "x-accel-buffering": "no"}


def response_routes(kept: KeptResponses, counting: Counting, door: Door) -> list[Route]:
    """The endpoints, each for the responses of the key's own project."""

    async def retrieve(visit: Visit) -> Any:
        query = visit.query("include", "stream", "starting_after", "include_obfuscation")
        include = query.choices("include", _INCLUDABLE)
        obfuscation = _switch(query, "include_obfuscation", default=True)
        id = visit.path("id")
        if not _switch(query, "stream", default=False):
            if query.text("starting_after") is not None:
                raise InvalidRequest("'starting_after' is for stream=true alone", param="starting_after")
            return _json(await kept.response(visit.project_id, id, include))
        events = await kept.stream(visit.project_id, id, _starting_after(query), obfuscation=obfuscation)
        return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)

    async def delete(visit: Visit) -> Any:
        id = visit.path("id")
        await kept.delete(visit.project_id, id)
        return {"id": id, "object": "response", "deleted": True}

    async def cancel(visit: Visit) -> Any:
        return _json(await kept.cancel(visit.project_id, visit.path("id")))

    async def input_items(visit: Visit) -> Any:
        query = visit.query("limit", "order", "after", "include")
        query.choices("include", _INCLUDABLE)
        page = await kept.input_items(
            visit.project_id,
            visit.path("id"),
            after=query.text("after"),
            limit=query.limit(),
            descending=query.descending(True),
        )
        return _json(page)

    async def input_tokens(visit: Visit) -> Any:
        counted = await counting.count(await visit.body(), visit.key, visit.profile)
        told = {"object": "response.input_tokens", "input_tokens": counted.tokens}
        return told if counted.exact else told | {"estimated": True}

    return [
        *door.routes(f"{PATH}/input_tokens", post=input_tokens),
        *door.routes(PATH + "/{id}", get=retrieve, delete=delete),
        *door.routes(PATH + "/{id}/cancel", post=cancel),
        *door.routes(PATH + "/{id}/input_items", get=input_items),
    ]


def _switch(query: Arguments, name: str, *, default: bool) -> bool:
    given = query.text(name)
    if given is None:
        return default
    if given not in _SWITCH:
        raise InvalidRequest(f"'{name}' must be 'true' or 'false'", param=name)
    return _SWITCH[given]


def _starting_after(query: Arguments) -> int:
    given = query.text("starting_after")
    if given is None:
        return -1
    if given.isascii() and given.isdigit() and len(given) <= 9:
        return int(given)
    raise InvalidRequest("'starting_after' must be the sequence number of an event, from 0 on", param="starting_after")


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")
