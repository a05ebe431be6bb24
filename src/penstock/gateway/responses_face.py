"""How the answer of a response is shown: as events and as the response resource, kept before its end goes out."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

import msgspec
import structlog
from msgspec import Raw

from penstock.core.answer import Answer, Frame
from penstock.core.errors import PenstockError
from penstock.core.exchange import Target
from penstock.core.usage import Usage
from penstock.dialects.responses.events import Event
from penstock.dialects.responses.shown import shown, shown_events
from penstock.dialects.responses.writer import ResponseWriter
from penstock.dialects.sse import DONE, named_event
from penstock.gateway.live import Live
from penstock.store.conversations import turn
from penstock.store.journal import Entry
from penstock.store.keeper import Keeper
from penstock.store.objects import StoredObject

log = structlog.get_logger(__name__)

_LAST: Final = frozenset({"completed", "incomplete", "failed", "cancelled"})


class ResponsesFace:
    """Shows one response. With a `keeper` it is kept, and what is under way can be read in `live`."""

    assembles = False

    def __init__(
        self,
        make_writer: Callable[[str], ResponseWriter],
        kept_as: StoredObject | None,
        keeper: Keeper,
        live: Live | None,
        *,
        include: Collection[str],
    ) -> None:
        self._make_writer = make_writer
        self._writer: ResponseWriter | None = None
        self._kept_as = kept_as
        self._keeper = keeper
        self._live = live
        self._include = include
        self._entry: Entry | None = None
        self._usage: Usage | None = None
        self._queued = False
        self.over = False
        self.failed = False

    def attempt(self, target: Target) -> None:
        """A response says from its first event on which model it is of."""
        self._writer = self._make_writer(target.served_as)

    async def queue(self) -> None:
        """A run in the background is accepted: from here on the response can be read by its id.

        Raises Unavailable where it cannot be kept.
        """
        self._writer = self._make_writer("")
        self._queued = True
        await self._begin("queued")

    async def open(self) -> bytes:
        """`response.created` and `response.in_progress`; from here on the response can be read by its id."""
        events = self.writer.start(queued=self._queued)
        await self._begin("in_progress")
        return self._told(events)

    async def _begin(self, status: str) -> None:
        if self._kept_as is None or self._live is None:
            return
        response = self.writer.response | {"status": status}
        under_way = self._object(response, status=status)

        def under_way_json() -> bytes:
            return msgspec.json.encode(response)

        if self._entry is None:
            self._entry = self._keeper.begin(under_way)
        await self._keeper.announce(under_way)
        self._live.snapshot = under_way_json if status == "queued" else self.writer.json

    def frame(self, data: bytes, frame: Frame) -> bytes:
        """The events that a frame becomes. What a chat stream says of its usage comes with the end."""
        if frame.native:
            return self._told(self.writer.native(data))
        return b"" if frame.usage else self._told(self.writer.chunk(data))

    async def end(self, usage: Usage | None, answer: Answer | None) -> bytes:
        """The closing events and `[DONE]`; the response is kept before."""
        return await self._close(self.writer.finish(usage, completed_at=int(time.time()))) + DONE

    async def broken(self, error: PenstockError, usage: Usage | None) -> bytes:
        """The error as an event, the response as far as it came, and `[DONE]`; that much is kept before."""
        ending = self._live.ending if self._live is not None else None
        status = ending or ("incomplete" if error.code == "client_left" else "failed")
        if self.over:
            return b""
        self.failed = True
        if self._writer is None:
            self._writer = self._make_writer("")
        events = self._writer.fail(error, status=status, usage=usage)
        try:
            return await self._close(events) + DONE
        except Exception:  # whatever it is: its client hears of its end, though neither database nor journal takes it
            log.exception("the end of a response could not be kept", response=self._writer.response["id"])
            self.over = True
            return b"".join([named_event(event) for event in events]) + DONE

    async def whole(self, answer: Answer, body: bytes) -> bytes:
        """The response, kept before."""
        writer, now = self.writer, int(time.time())
        if answer.native:
            writer.whole_native(body, answer.usage, completed_at=now)
        else:
            writer.whole(body, answer.usage, completed_at=now)
        response = writer.response
        await self._keep(response)
        return shown(msgspec.json.encode(response), self._include)

    @property
    def writer(self) -> ResponseWriter:
        """That of the attempt under way."""
        assert self._writer is not None
        return self._writer

    async def _close(self, events: list[Event]) -> bytes:
        """The bytes of the closing events. Nobody hears of an end before it is kept."""
        events = self._noted(events)
        if self._live is None:
            await self._keep(self.writer.response, events)
            return b"".join([named_event(event) for event in events])
        self._live.closing = True
        try:
            await self._keep(self.writer.response, events)
        except BaseException:
            self._live.closing = False
            raise
        self._live.add(events)
        return b"".join([named_event(event) for event in events])

    def _told(self, events: list[Event]) -> bytes:
        events = self._noted(events)
        if self._live is not None:
            self._live.add(events)
        return b"".join([named_event(event) for event in events])

    def _noted(self, events: list[Event]) -> list[Event]:
        """`events` as the client sees them, written into the journal."""
        events = shown_events(events, self._include)
        if self._entry is not None and events:
            self._entry.append(b"".join([event.data + b"\n" for event in events]))
        return events

    async def _keep(self, response: dict[str, Any], closing: Sequence[Event] = ()) -> None:
        if self._kept_as is not None:
            kept = self._object(response, status=response["status"], closing=closing)
            await self._keeper.keep(kept, self._entry, turn(kept))
        self.over = True

    def _object(self, response: dict[str, Any], *, status: str, closing: Sequence[Event] = ()) -> StoredObject:
        assert self._kept_as is not None
        events = None
        if self._live is not None and status in _LAST:
            events = b"[" + b",".join([event.data for event in (*self._live.events, *closing)]) + b"]"
        shown = {name: value for name, value in response.items() if name != "output"} | {"status": status}
        return msgspec.structs.replace(
            self._kept_as,
            model=response["model"],
            status=status,
            output=[Raw(msgspec.json.encode(item)) for item in response["output"]],
            body=msgspec.json.encode(shown),
            events=events,
        )
