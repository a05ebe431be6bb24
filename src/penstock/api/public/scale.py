"""`GET /v5/chat/completions/models`: the models as Scale's API lists them."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from penstock.api.public.query import number, one_of, values
from penstock.api.public.shelf import Shelf
from penstock.core.errors import InvalidRequest
from penstock.dialects.models import Model
from penstock.dialects.scale import Availability, ScaleModel, ScaleModelList

PATH: Final = "/v5/chat/completions/models"

_DEFAULT: Final = 100
_MOST: Final = 1000
_ORDERS: Final = ("asc", "desc")
_KEYS: Final = ("model_name", "model_vendor")
_SWITCH: Final = ("true", "false")
# check_availability is Scale's: there is no vendor here that could be asked without a call, so it changes nothing.
_KNOWN: Final = (
    "limit",
    "starting_after",
    "ending_before",
    "model_vendor",
    "sort_by",
    "sort_order",
    "check_availability",
)


def scale_routes(shelf: Shelf) -> list[Route]:
    """The route."""

    async def listed(request: Request) -> Response:
        query = values(request, _KNOWN)
        one_of("check_availability", query.get("check_availability", ()), _SWITCH)
        shown = [_scale(each.model) for each in await shelf.all()]
        return Response(msgspec.json.encode(_page(shown, query)), media_type="application/json")

    return [Route(PATH, listed, methods=["GET"])]


def _scale(model: Model) -> ScaleModel:
    vendor, _, name = model.id.partition("/")
    if not name:
        vendor, name = model.owned_by, model.id
    availability: Availability = "unknown"
    if model.served_by is not msgspec.UNSET:
        availability = "available" if model.unavailable is msgspec.UNSET else "unavailable"
    return ScaleModel(name, "chat_completion", vendor, availability)


def _page(models: list[ScaleModel], query: dict[str, list[str]]) -> ScaleModelList:
    """The page that `query` asks for. Raises InvalidRequest."""
    limit = number("limit", query, _DEFAULT, _MOST)
    if "model_vendor" in query:
        models = [model for model in models if model.model_vendor in query["model_vendor"]]
    key, order = _one(query, "sort_by", _KEYS), _one(query, "sort_order", _ORDERS)
    if key or order:
        models = sorted(models, key=attrgetter(key or "model_name", "id"), reverse=order == "desc")
    if "ending_before" in query:
        if "starting_after" in query:
            raise InvalidRequest("'starting_after' and 'ending_before' exclude each other", param="ending_before")
        end = _place(models, query, "ending_before")
        page, more = models[max(0, end - limit) : end], end > limit
    else:
        start = _place(models, query, "starting_after") + 1 if "starting_after" in query else 0
        page, more = models[start : start + limit], start + limit < len(models)
    return ScaleModelList("list", page, len(models), more, limit)


def _one(query: dict[str, list[str]], name: str, known: tuple[str, ...]) -> str | None:
    given = query.get(name)
    if given is None:
        return None
    one_of(name, given, known)
    return given[-1]


def _place(models: list[ScaleModel], query: dict[str, list[str]], name: str) -> int:
    """Where the model stands that `name` says. Raises InvalidRequest."""
    wanted = query[name][-1]
    for index, model in enumerate(models):
        if wanted in (model.id, model.model_name):
            return index
    raise InvalidRequest(f"'{name}' must be a model of the list, as vendor/model; '{wanted[:64]}' is none", param=name)
