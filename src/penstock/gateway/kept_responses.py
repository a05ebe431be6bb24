"""Responses by their id: under way in this process, or in the database."""

from __future__ import annotations

import asyncio
import contextlib
from bisect import bisect_right
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw

from penstock.core.errors import InvalidRequest, NotFound, Unavailable
from penstock.dialects.responses.events import Event
from penstock.dialects.responses.shown import shown
from penstock.dialects.sse import DONE, KEEP_ALIVE, named_event
from penstock.gateway.live import Live, Runs
from penstock.store import objects
from penstock.store.database import Database
from penstock.store.errors import DatabaseError
from penstock.store.objects import StoredObject

_LOOK_EVERY_S: Final = 0.5
"""How often the database is asked about a response that is under way in another process."""
_ENDED_S: Final = 10.0
"""How long that process may take to end it, when asked."""


class _Typed(msgspec.Struct):
    type: str
    sequence_number: int = 0


class KeptResponses:
    """Every look names the project: another one's responses are as unknown as those that never were."""

    def __init__(self, runs: Runs, database: Database, keep_alive_s: float) -> None:
        self._runs, self._database, self._keep_alive_s = runs, database, keep_alive_s

    async def response(self, project_id: str, id: str, include: Sequence[str]) -> bytes:
        """The response as JSON, as it stands. Raises NotFound, Unavailable."""
        live = self._runs.find(project_id, id)
        if live is not None and live.closing:
            await live.over()  # else it would seem to have ended before it can be continued
        elif live is not None and live.snapshot is not None:
            return shown(live.snapshot(), include)
        return shown(_whole(await self._stored(project_id, id)), include)

    async def stream(self, project_id: str, id: str, after: int, *, obfuscation: bool = True) -> AsyncIterator[bytes]:
        """The events above `after` and all that follow, `obfuscation` in them or not, as they were sent.

        Raises NotFound, InvalidRequest where it was no stream, Unavailable.
        """
        live = self._runs.find(project_id, id)
        if live is not None and live.snapshot is not None:
            return self._joined(live, after, obfuscation)
        stored = await self._stored(project_id, id, events=True)
        if stored.status not in objects.UNDER_WAY and stored.events is None:
            raise InvalidRequest(
                f"The response '{id[:128]}' was not streamed, so there are no events of it; read it without stream.",
                param="stream",
            )
        return self._replayed(stored, after, obfuscation)

    async def cancel(self, project_id: str, id: str) -> bytes:
        """Ends a response that runs in the background, and gives it as it then is. Raises NotFound, InvalidRequest."""
        live = self._runs.find(project_id, id)
        if live is not None:
            if not live.background:
                raise _not_background(id)
            live.end("cancelled")
            await live.over()
        stored = await self._stored(project_id, id)
        if not msgspec.json.decode(stored.body).get("background"):
            raise _not_background(id)
        if stored.status in objects.UNDER_WAY:
            stored = await self._ended_elsewhere(stored)
        return _whole(stored)

    async def delete(self, project_id: str, id: str) -> None:
        """Deletes it, and ends it first where it is under way. Raises NotFound, Unavailable."""
        live = self._runs.find(project_id, id)
        if live is not None:
            live.end("cancelled")
            await live.over()
        elif (stored := await self._stored(project_id, id)).status in objects.UNDER_WAY:
            await self._ended_elsewhere(stored)  # else that process would put it in again, at its end
        try:
            found = await objects.delete(self._database, project_id, "response", id)
        except DatabaseError as error:
            raise _unreadable() from error
        if not found:
            raise _unknown(id)

    async def input_items(self, project_id: str, id: str, *, after: str | None, limit: int, descending: bool) -> bytes:
        """A page of what was asked, as JSON. Raises NotFound, InvalidRequest for an unknown cursor."""
        stored = await self._stored(project_id, id)
        items = list(reversed(stored.input)) if descending else stored.input
        ids = [msgspec.json.decode(raw, type=dict[str, Any])["id"] for raw in items]
        start = 0
        if after is not None:
            if after not in ids:
                raise InvalidRequest(
                    f"'after' must be the id of an input item of this response; '{after[:128]}' is none", param="after"
                )
            start = ids.index(after) + 1
        page = items[start : start + limit]
        return msgspec.json.encode(
            {
                "object": "list",
                "data": page,
                "first_id": ids[start] if page else "",
                "last_id": ids[start + len(page) - 1] if page else "",
                "has_more": start + limit < len(items),
            }
        )

    async def _ended_elsewhere(self, stored: StoredObject) -> StoredObject:
        """The response once the process that runs it has ended it. Raises Unavailable where that takes too long."""
        now = asyncio.get_running_loop().time
        end = now() + _ENDED_S
        while stored.status in objects.UNDER_WAY:
            if now() > end:
                raise _elsewhere(stored.id)
            try:
                await objects.ask_to_end(self._database, stored.project_id, stored.id)
            except DatabaseError as error:
                raise _unreadable() from error
            await asyncio.sleep(_LOOK_EVERY_S)
            stored = await self._stored(stored.project_id, stored.id)
        return stored

    async def _joined(self, live: Live, after: int, obfuscation: bool) -> AsyncIterator[bytes]:
        async for events in live.follow(after, self._keep_alive_s):
            told = events if obfuscation else [_plain(event) for event in events]
            yield b"".join([named_event(event) for event in told]) if told else KEEP_ALIVE
        yield DONE

    async def _replayed(self, stored: StoredObject, after: int, obfuscation: bool) -> AsyncIterator[bytes]:
        """Of what is under way in another process, that one tells what was said as long as it is asked."""
        silent_s = 0.0
        while True:
            events = msgspec.json.decode(stored.events or b"[]", type=list[Raw])
            for raw in events[bisect_right(events, after, key=_number) :]:
                after, silent_s = _number(raw), 0.0
                yield _framed(raw, obfuscation)
            if stored.status not in objects.UNDER_WAY:
                break
            if stored.status in objects.UNASKED:
                with contextlib.suppress(DatabaseError):  # the look that follows says so, where it lasts
                    await objects.ask_to_tell(self._database, stored.project_id, stored.id)
            await asyncio.sleep(_LOOK_EVERY_S)
            silent_s += _LOOK_EVERY_S
            if silent_s >= self._keep_alive_s:
                silent_s = 0.0
                yield KEEP_ALIVE
            stored = await self._stored(stored.project_id, stored.id, events=True)
        yield DONE

    async def _stored(self, project_id: str, id: str, *, events: bool = False) -> StoredObject:
        try:
            found = await objects.get(self._database, project_id, "response", id, events=events)
        except DatabaseError as error:
            raise _unreadable() from error
        if found is None:
            raise _unknown(id)
        return found


def _number(raw: Raw) -> int:
    return msgspec.json.decode(raw, type=_Typed).sequence_number


def _framed(raw: Raw, obfuscation: bool) -> bytes:
    event = Event(msgspec.json.decode(raw, type=_Typed).type, bytes(raw))
    return named_event(event if obfuscation else _plain(event))


def _plain(event: Event) -> Event:
    """`event` without the padding that hides how long its text is."""
    if b'"obfuscation"' not in event.data:
        return event
    members = msgspec.json.decode(event.data, type=dict[str, Raw])
    members.pop("obfuscation", None)
    return Event(event.type, msgspec.json.encode(members))


def _whole(stored: StoredObject) -> bytes:
    response = msgspec.json.decode(stored.body, type=dict[str, Raw])
    response["output"] = Raw(msgspec.json.encode(stored.output))
    return msgspec.json.encode(response)


def _unknown(id: str) -> NotFound:
    return NotFound(f"Response with id '{id[:128]}' not found.", param="response_id", code="not_found")


def _not_background(id: str) -> InvalidRequest:
    return InvalidRequest(
        f"Only a response that was begun with background: true can be cancelled; '{id[:128]}' was not.",
        param="response_id",
    )


def _elsewhere(id: str) -> Unavailable:
    return Unavailable(
        f"The response '{id[:128]}' runs in another process of this server, which was asked to end it and has not yet; "
        "try again.",
        code="runs_elsewhere",
        headers={"retry-after": "1"},
    )


def _unreadable() -> Unavailable:
    return Unavailable(
        "stored responses cannot be read now; try again", code="state_unavailable", headers={"retry-after": "1"}
    )
