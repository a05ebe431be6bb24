"""`GET /openapi.json`, `/openapi.yaml` and `/docs/openapi/{model}.json`."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from penstock.api.etag import tag, tagged
from penstock.api.public.shelf import Shelf, Shown

_JSON: Final = "application/json"
_YAML: Final = "application/yaml"
_MOST_KEPT: Final = 128


class Written(msgspec.Struct, frozen=True):
    """A document in bytes, and their ETag."""

    body: bytes
    etag: str


class Documents:
    """The documents, each made when it is first asked for and kept until what it describes changes."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._json: Written | None = None
        self._yaml: Written | None = None
        self._models: OrderedDict[str, tuple[Shown, Written]] = OrderedDict()

    def routes(self) -> list[Route]:
        """The routes of every document."""
        handlers = {
            "/openapi.json": self.json,
            "/openapi.yaml": self.yaml,
            "/docs/openapi/{id:path}.json": self.model,
        }
        return [Route(path, handler, methods=["GET"]) for path, handler in handlers.items()]

    async def json(self, request: Request) -> Response:
        """The whole API, as JSON."""
        written = self._whole()
        return tagged(request, written.body, written.etag, _JSON)

    async def yaml(self, request: Request) -> Response:
        """The whole API, as YAML."""
        if self._yaml is None:
            # Decoded anew, so that nothing stands in it twice: PyYAML writes an anchor for what does.
            self._yaml = _written(_as_yaml(msgspec.json.decode(self._whole().body)))
        return tagged(request, self._yaml.body, self._yaml.etag, _YAML)

    async def model(self, request: Request) -> Response:
        """What one model serves, as JSON. Raises ModelNotFound."""
        shown = await self._shelf.one(request.path_params["id"])
        kept = self._models.get(shown.model.id)
        if kept is None or kept[0] != shown:
            from penstock.api.openapi import model_document

            body = msgspec.json.encode(model_document(shown.model, shown.capabilities))
            kept = self._models[shown.model.id] = (shown, _written(body))
            if len(self._models) > _MOST_KEPT:
                self._models.popitem(last=False)
        return tagged(request, kept[1].body, kept[1].etag, _JSON)

    def _whole(self) -> Written:
        if self._json is None:
            from penstock.api.openapi import document

            self._json = _written(msgspec.json.encode(document()))
        return self._json


def _written(body: bytes) -> Written:
    return Written(body, tag(body))


def _as_yaml(document: Any) -> bytes:
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)  # the one in C is there in wheels, and ten times as fast
    text: bytes = yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=120, encoding="utf-8")
    return text
