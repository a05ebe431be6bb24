"""Chat completions at the gateway: read from their bytes, shown as they are, kept where `store` asks for it."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw

from penstock.core.answer import Answer, Frame
from penstock.core.call import Call
from penstock.core.errors import PenstockError
from penstock.core.exchange import Target
from penstock.core.usage import Usage
from penstock.dialects.chat.request import decode
from penstock.dialects.errors import error_frame
from penstock.dialects.profiles import PROFILES
from penstock.dialects.sse import DONE, event
from penstock.gateway.arrival import Arrival
from penstock.gateway.clock import timestamp
from penstock.settings import Settings
from penstock.store.keeper import Keeper
from penstock.store.objects import StoredObject, expiry

# Members of a request that are kept elsewhere, or say how it was sent and not what was asked.
_NOT_KEPT: Final = frozenset({"messages", "metadata", "store", "stream", "stream_options"})


class Chat:
    """Reads one request."""

    __slots__ = ("_arrival", "_keeper", "_settings")

    def __init__(self, arrival: Arrival, settings: Settings, keeper: Keeper) -> None:
        self._arrival, self._settings, self._keeper = arrival, settings, keeper

    async def read(self, now: int) -> tuple[Call, ChatFace]:
        """The call, and how its answer is shown. Raises InvalidRequest."""
        arrival = self._arrival
        call = decode(
            arrival.body,
            self._settings.limits,
            id=arrival.answer_id,
            request_id=arrival.request_id,
            now=now,
            strict=arrival.strict,
            profile=arrival.profile,
            endpoint=arrival.path,
            default_max_tokens=arrival.key.default_max_tokens,
            own_key=arrival.own_key,
        )
        if call.wire.store:
            # It is kept here. A vendor keeps no second copy, which nobody could delete through us.
            for name in ("store", "metadata"):
                call.members.pop(name, None)
            expires = expiry(self._settings.stored, arrival.key.project, call.created * 1_000_000)
            return call, KeptChatFace(call, arrival.key.project_id, expires, self._keeper)
        return call, ChatFace(call)


class ChatFace:
    """Chunks and whole answers as they come: the chat form is the one that all vendors' answers are read into."""

    __slots__ = ("_call",)

    assembles = False

    def __init__(self, call: Call) -> None:
        self._call = call

    def attempt(self, target: Target) -> None:
        """Nothing depends on the target."""

    async def open(self) -> bytes:
        """A chat stream begins with its first chunk."""
        return b""

    def frame(self, data: bytes, frame: Frame) -> bytes:
        """One event."""
        return event(data)

    async def end(self, usage: Usage | None, answer: Answer | None) -> bytes:
        """`[DONE]`."""
        return DONE

    async def broken(self, error: PenstockError, usage: Usage | None) -> bytes:
        """The error as an event; no `[DONE]` follows."""
        call = self._call
        return error_frame(error, call.request_id, PROFILES[call.dialect], path=call.endpoint, timestamp=timestamp())

    async def whole(self, answer: Answer, body: bytes) -> bytes:
        """The answer itself."""
        return body


class KeptChatFace(ChatFace):
    """The same for a call with `store: true`: its answer can be read by its id when its last byte is out."""

    __slots__ = ("_expires", "_keeper", "_project_id")

    assembles = True

    def __init__(self, call: Call, project_id: str, expires: int | None, keeper: Keeper) -> None:
        super().__init__(call)
        self._project_id, self._expires, self._keeper = project_id, expires, keeper

    async def end(self, usage: Usage | None, answer: Answer | None) -> bytes:
        """Keeps the answer first. Raises Unavailable where that cannot be done."""
        assert answer is not None
        await self._keep(answer.body)
        return await super().end(usage, answer)

    async def whole(self, answer: Answer, body: bytes) -> bytes:
        """Keeps the answer first. Raises Unavailable where that cannot be done."""
        await self._keep(body)
        return body

    async def _keep(self, completion: bytes) -> None:
        call = self._call
        members = msgspec.json.decode(completion, type=dict[str, Raw])
        request = {name: raw for name, raw in call.members.items() if name not in _NOT_KEPT}
        kept = StoredObject(
            id=call.id,
            project_id=self._project_id,
            kind="completion",
            created=call.created * 1_000_000,
            model=msgspec.json.decode(members["model"], type=str),
            expires=self._expires,
            metadata=call.wire.metadata or {},
            input=msgspec.json.decode(call.members["messages"], type=list[Raw]),
            body=msgspec.json.encode({"completion": members, "request": request}),
        )
        await self._keeper.keep(kept)
