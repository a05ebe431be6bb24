"""`GET /v1/models`, `GET /v1/models/{id}` and `GET /model/{id}`; ids may hold slashes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from penstock.api.etag import tag, tagged
from penstock.api.public.query import number, one_of, values
from penstock.api.public.shelf import Shelf, Shown, anthropic, gemini
from penstock.core.errors import InvalidRequest
from penstock.dialects import models as wire

SECTIONS: Final = ("capabilities", "modalities", "pricing")
"""What `include` adds."""

ALWAYS: Final = ("aliases", "endpoints", "info", "tags")
"""What `include` may name as well, and what is there without it."""

FILTERS: Final = {
    "id": "of this id or alias",
    "owned_by": "of this provider",
    "endpoint": "that this path serves, with or without `/v1/`",
    "type": "of this type: `openai/chat-completions`",
    "tags": "with this tag: `local`, `hosted`",
    "modalities": "with this modality, in or out",
    "input_modalities": "that take this modality",
    "output_modalities": "that give this modality",
    "capabilities": "where this parameter has an effect",
    "search": "with this text in their id or an alias",
}
"""What a list can be narrowed to: `only models ...`."""

_INCLUDING: Final = ("include", "details")
_SWITCH: Final = {"true": True, "1": True, "false": False, "0": False}
_MOST: Final = 1000
_VARY: Final = "anthropic-version, x-api-key, x-goog-api-key"

_ASKED: Final[dict[str, Callable[[Shown], Collection[str]]]] = {
    "id": lambda shown: (shown.model.id, *shown.model.aliases),
    "owned_by": lambda shown: (shown.model.owned_by,),
    "endpoint": lambda shown: [
        name for path in shown.model.endpoints for name in (path, path.removeprefix("/v1/"), path.removeprefix("/"))
    ],
    "type": lambda shown: (shown.model.type,),
    "tags": lambda shown: shown.model.tags,
    "modalities": lambda shown: (*shown.modalities().input, *shown.modalities().output),
    "input_modalities": lambda shown: shown.modalities().input,
    "output_modalities": lambda shown: shown.modalities().output,
    "capabilities": lambda shown: shown.can,
}


def model_routes(shelf: Shelf) -> list[Route]:
    """The routes of every listing."""

    async def listed(request: Request) -> Response:
        form = _form(request)
        query = values(request, (*_INCLUDING, *FILTERS, *_PAGE_PARAMETERS[form]))
        shown = await shelf.all(_sections(query))
        for name in FILTERS:
            if name in query:
                shown = _narrowed(shown, name, {value.lower() for value in query[name]})
        return _answer(request, _LISTS[form]([each.model for each in shown], query))

    async def one(request: Request) -> Response:
        form = _form(request)
        query = values(request, (*_INCLUDING, *(("key",) if form == "gemini" else ())))
        shown = await shelf.one(request.path_params["id"], _sections(query))
        return _answer(request, _OBJECTS[form](shown.model))

    async def detail(request: Request) -> Response:
        sections = _sections(values(request, _INCLUDING))
        shown = await shelf.one(request.path_params["id"], sections)
        return _answer(request, wire.ModelDetail("model", shown.model))

    handlers: dict[str, Callable[[Request], Awaitable[Response]]] = {
        "/v1/models": listed,
        "/models": listed,
        "/v1/models/{id:path}": one,
        "/models/{id:path}": one,
        "/model/{id:path}": detail,
    }
    return [Route(path, handler, methods=["GET"]) for path, handler in handlers.items()]


def _form(request: Request) -> str:
    """Whose client asks, by the headers that only theirs send."""
    if "anthropic-version" in request.headers and "x-api-key" in request.headers:
        return "anthropic"
    if "x-goog-api-key" in request.headers or "key" in request.query_params:
        return "gemini"
    return "openai"


def _sections(query: dict[str, list[str]]) -> Collection[str]:
    included = query.get("include", [])
    one_of("include", included, (*SECTIONS, *ALWAYS, "all"))
    details = query.get("details", [])
    one_of("details", details, _SWITCH)
    return SECTIONS if "all" in included or any(_SWITCH[value] for value in details) else included


def _narrowed(shown: list[Shown], name: str, wanted: set[str]) -> list[Shown]:
    if name == "search":
        return [each for each in shown if any(text in own.lower() for own in _ASKED["id"](each) for text in wanted)]
    return [each for each in shown if not wanted.isdisjoint(own.lower() for own in _ASKED[name](each))]


def _answer(request: Request, found: Any) -> Response:
    body = msgspec.json.encode(found)
    return tagged(request, body, tag(body), "application/json", vary=_VARY)


def _openai_list(models: list[wire.Model], query: dict[str, list[str]]) -> wire.ModelList:
    return wire.ModelList("list", models)


def _anthropic_list(models: list[wire.Model], query: dict[str, list[str]]) -> wire.AnthropicModelList:
    limit = number("limit", query, 20, _MOST)
    if "before_id" in query:
        end = _place(models, query, "before_id")
        page, more = models[max(0, end - limit) : end], end > limit
    else:
        start = _place(models, query, "after_id") + 1 if "after_id" in query else 0
        page, more = models[start : start + limit], start + limit < len(models)
    first, last = (page[0].id, page[-1].id) if page else (None, None)
    return wire.AnthropicModelList([anthropic(model) for model in page], more, first, last)


def _gemini_list(models: list[wire.Model], query: dict[str, list[str]]) -> wire.GeminiModelList:
    size = number("pageSize", query, 50, _MOST)
    start = _place(models, query, "pageToken") + 1 if "pageToken" in query else 0
    page = models[start : start + size]
    more = start + size < len(models)
    return wire.GeminiModelList([gemini(model) for model in page], page[-1].id if more else msgspec.UNSET)


def _place(models: list[wire.Model], query: dict[str, list[str]], name: str) -> int:
    """Where the model stands whose id is the value of `name`. Raises InvalidRequest."""
    wanted = query[name][-1]
    for index, model in enumerate(models):
        if model.id == wanted:
            return index
    raise InvalidRequest(f"'{name}' must be the id of a model in the list; '{wanted[:64]}' is none", param=name)


_PAGE_PARAMETERS: Final = {
    "openai": (),
    "anthropic": ("limit", "after_id", "before_id"),
    "gemini": ("pageSize", "pageToken", "key"),
}
_LISTS: Final[dict[str, Callable[[list[wire.Model], dict[str, list[str]]], Any]]] = {
    "openai": _openai_list,
    "anthropic": _anthropic_list,
    "gemini": _gemini_list,
}
_OBJECTS: Final[dict[str, Callable[[wire.Model], Any]]] = {
    "openai": lambda model: model,
    "anthropic": anthropic,
    "gemini": gemini,
}
