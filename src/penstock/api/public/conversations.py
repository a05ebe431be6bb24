"""`/v1/conversations`, their items, and the twins without a version."""

from __future__ import annotations

import time
from typing import Any, Final

import msgspec
from msgspec import Raw
from starlette.routing import Route

from penstock.api.public.door import Door, Visit
from penstock.core.errors import NotFound
from penstock.core.ids import timed_id
from penstock.dialects import conversations as wire
from penstock.dialects.stored import UpdateMetadata, page, read
from penstock.store import conversations as store
from penstock.store import objects
from penstock.store.conversations import NewItem
from penstock.store.database import Database
from penstock.store.objects import StoredObject

_KIND: Final = "conversation"


def conversation_routes(database: Database, door: Door) -> list[Route]:
    """The routes of conversations and of their items."""
    found = _Conversations(database, door)
    one = "/v1/conversations/{conversation_id}"
    return [
        *door.routes("/v1/conversations", post=found.create),
        *door.routes(one, get=found.get, post=found.update, delete=found.delete),
        *door.routes(one + "/items", get=found.items, post=found.add),
        *door.routes(one + "/items/{item_id:path}", get=found.item, delete=found.delete_item),
    ]


class _Conversations:
    def __init__(self, database: Database, door: Door) -> None:
        self._database = database
        self._limits = door.limits

    async def create(self, visit: Visit) -> Any:
        visit.query()
        asked = read(await visit.body() or b"{}", self._limits, wire.CreateConversation)
        items = wire.kept(asked.items or [], self._limits)
        now = time.time_ns() // 1000
        made = StoredObject(
            id=timed_id("conv_", now // 1000),
            project_id=visit.project_id,
            kind=_KIND,
            created=now,
            metadata=asked.metadata or {},
        )
        new = [NewItem(made.id, visit.project_id, _raw(item)) for item in items]
        await objects.put(self._database, [made], new)
        return _shown(made)

    async def get(self, visit: Visit) -> Any:
        visit.query()
        return _shown(await self._conversation(visit))

    async def update(self, visit: Visit) -> Any:
        visit.query()
        asked = read(await visit.body(), self._limits, UpdateMetadata)
        id = visit.path("conversation_id")
        changed = await objects.set_metadata(self._database, visit.project_id, _KIND, id, asked.metadata or {})
        if changed is None:
            raise _unknown(id)
        return _shown(changed)

    async def delete(self, visit: Visit) -> Any:
        visit.query()
        id = visit.path("conversation_id")
        if not await objects.delete(self._database, visit.project_id, _KIND, id):
            raise _unknown(id)
        return wire.DeletedConversation("conversation.deleted", id, True)

    async def items(self, visit: Visit) -> Any:
        query = visit.query("after", "include", "limit", "order")
        limit = query.limit()
        include = query.choices("include", wire.INCLUDABLE)
        made = await self._conversation(visit)
        found = await store.items(
            self._database,
            visit.project_id,
            made.id,
            after=query.text("after"),
            limit=limit + 1,
            descending=query.descending(True),
        )
        return page([wire.shown(_item(raw), include) for raw in found[:limit]], more=len(found) > limit)

    async def add(self, visit: Visit) -> Any:
        include = visit.query("include").choices("include", wire.INCLUDABLE)
        asked = read(await visit.body(), self._limits, wire.CreateConversationItems)
        items = wire.kept(asked.items, self._limits)
        made = await self._conversation(visit)
        await store.add_items(self._database, visit.project_id, made.id, [_raw(item) for item in items])
        return page([wire.shown(item, include) for item in items], more=False)

    async def item(self, visit: Visit) -> Any:
        include = visit.query("include").choices("include", wire.INCLUDABLE)
        made = await self._conversation(visit)
        id = visit.path("item_id")
        found = await store.item(self._database, visit.project_id, made.id, id)
        if found is None:
            raise _unknown_item(made.id, id)
        return wire.shown(_item(found), include)

    async def delete_item(self, visit: Visit) -> Any:
        visit.query()
        made = await self._conversation(visit)
        id = visit.path("item_id")
        if not await store.delete_item(self._database, visit.project_id, made.id, id):
            raise _unknown_item(made.id, id)
        return _shown(made)

    async def _conversation(self, visit: Visit) -> StoredObject:
        id = visit.path("conversation_id")
        found = await objects.get(self._database, visit.project_id, _KIND, id)
        if found is None:
            raise _unknown(id)
        return found


def _shown(made: StoredObject) -> wire.Conversation:
    return wire.Conversation(made.id, "conversation", made.created // 1_000_000, made.metadata)


def _raw(item: dict[str, Any]) -> Raw:
    return Raw(msgspec.json.encode(item))


def _item(raw: Raw) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(raw)
    return found


def _unknown(id: str) -> NotFound:
    return NotFound(
        f"Conversation with id '{id[:128]}' not found.", param="conversation_id", code="conversation_not_found"
    )


def _unknown_item(conversation: str, id: str) -> NotFound:
    return NotFound(f"There is no item '{id[:128]}' in conversation '{conversation}'.", param="item_id")
