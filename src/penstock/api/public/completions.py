"""Stored chat completions: `/v1/chat/completions` but for the call itself, its messages, and the export."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, Final

import structlog
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from penstock.api.public.door import Door, Visit
from penstock.core.errors import MethodNotAllowed, NotFound
from penstock.dialects import stored_chat as wire
from penstock.dialects.stored import UpdateMetadata, page, read
from penstock.store import objects
from penstock.store.database import Database
from penstock.store.errors import DatabaseError, UnknownCursor
from penstock.store.objects import StoredObject

log = structlog.get_logger(__name__)

EXPORT_TYPE: Final = "application/jsonl"

_KIND: Final = "completion"
_FILE: Final = "completions.jsonl"
_PART: Final = 64 * 1024  # bytes that are sent at once, but for a longer line


def completion_routes(database: Database, door: Door) -> list[Route]:
    """The routes of stored completions. `POST /v1/chat/completions` is not among them: it calls a model."""
    found = _Completions(database, door)
    base = "/v1/chat/completions"
    one = base + "/{completion_id}"
    return [
        *door.routes(base, get=found.listed),
        # Before the ids, for every method: no completion is called so.
        *door.routes(
            base + "/export", get=found.export, post=_only_get, put=_only_get, patch=_only_get, delete=_only_get
        ),
        *door.routes(one, get=found.get, post=found.update, delete=found.delete),
        *door.routes(one + "/messages", get=found.messages),
    ]


class _Completions:
    def __init__(self, database: Database, door: Door) -> None:
        self._database = database
        self._limits = door.limits

    async def listed(self, visit: Visit) -> Any:
        query = visit.query("model", "metadata", "after", "limit", "order")
        limit = query.limit()
        found = await objects.listed(
            self._database,
            visit.project_id,
            _KIND,
            model=query.text("model"),
            metadata=query.pairs("metadata"),
            after=query.text("after"),
            limit=limit + 1,
            descending=query.descending(False),
        )
        return page([_shown(each) for each in found[:limit]], more=len(found) > limit)

    async def get(self, visit: Visit) -> Any:
        visit.query()
        return _shown(await self._completion(visit))

    async def update(self, visit: Visit) -> Any:
        visit.query()
        asked = read(await visit.body(), self._limits, UpdateMetadata)
        id = visit.path("completion_id")
        changed = await objects.set_metadata(self._database, visit.project_id, _KIND, id, asked.metadata or {})
        if changed is None:
            raise _unknown(id)
        return _shown(changed)

    async def delete(self, visit: Visit) -> Any:
        visit.query()
        id = visit.path("completion_id")
        if not await objects.delete(self._database, visit.project_id, _KIND, id):
            raise _unknown(id)
        return wire.ChatCompletionDeleted("chat.completion.deleted", id, True)

    async def messages(self, visit: Visit) -> Any:
        query = visit.query("after", "limit", "order")
        after, limit, descending = query.text("after"), query.limit(), query.descending(False)
        stored = await self._completion(visit)
        found = wire.messages(stored.id, stored.input)
        if descending:
            found.reverse()
        start = 0 if after is None else _place(found, after) + 1
        return page(found[start : start + limit], more=start + limit < len(found))

    async def export(self, visit: Visit) -> Any:
        query = visit.query("model", "metadata")
        model, metadata = query.text("model"), query.pairs("metadata")
        parts = _parts(objects.walk(self._database, visit.project_id, _KIND, model=model, metadata=metadata))
        first = await anext(parts, b"")  # so that a database that is down is a 503, not a stream that breaks
        return _Export(first, parts, visit, self._limits.write_s)

    async def _completion(self, visit: Visit) -> StoredObject:
        id = visit.path("completion_id")
        found = await objects.get(self._database, visit.project_id, _KIND, id)
        if found is None:
            raise _unknown(id)
        return found


class _Export(Response):
    """Sends `first` and `parts`, as fast as the client reads. Where that fails, the answer has no end, so that the
    client can tell; what it has are whole lines."""

    def __init__(self, first: bytes, parts: AsyncGenerator[bytes], visit: Visit, write_s: float) -> None:
        super().__init__(media_type=EXPORT_TYPE, headers={"content-disposition": f'attachment; filename="{_FILE}"'})
        del self.headers["content-length"]
        self._first = first
        self._parts = parts
        self._visit = visit
        self._write_s = write_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.Event()
        stop = self._visit.watch(gone.set)
        try:
            async with aclosing(self._parts) as parts:
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                if self._visit.method != "HEAD":
                    await self._send(send, self._first)
                    async for part in parts:
                        if gone.is_set():
                            return
                        await self._send(send, part)
            await self._send(send, b"", more=False)
        except TimeoutError:
            log.info("an export was left unread", seconds=self._write_s)
        except DatabaseError as error:
            log.warning("an export broke", error=str(error))
        finally:
            stop()

    async def _send(self, send: Send, part: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self._write_s):
            await send({"type": "http.response.body", "body": part, "more_body": more})


async def _parts(walk: AsyncGenerator[StoredObject]) -> AsyncGenerator[bytes]:
    """The lines of the export, many of them at a time."""
    part = bytearray()
    async with aclosing(walk):
        async for stored in walk:
            for line in wire.fine_tuning_lines(stored.body, stored.input):
                part += line
            if len(part) >= _PART:
                yield bytes(part)
                part.clear()
    if part:
        yield bytes(part)


async def _only_get(visit: Visit) -> Any:
    raise MethodNotAllowed("an export is asked for with GET", headers={"allow": "GET, HEAD"})


def _shown(stored: StoredObject) -> dict[str, Any]:
    return wire.listed(stored.body, stored.metadata)


def _place(found: list[dict[str, Any]], after: str) -> int:
    for index, message in enumerate(found):
        if message["id"] == after:
            return index
    raise UnknownCursor(after)


def _unknown(id: str) -> NotFound:
    return NotFound(f"There is no stored chat completion '{id[:128]}'.", param="completion_id")
