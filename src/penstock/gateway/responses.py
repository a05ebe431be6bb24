"""The responses API at the gateway: read, joined with what it continues, run here or in the background, ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
import structlog
from msgspec import Raw

from penstock.core.call import Call
from penstock.core.errors import InvalidRequest, PenstockError, Unavailable
from penstock.core.ids import new_id
from penstock.dialects.chat.request import decode as decode_chat
from penstock.dialects.responses.chat import chat_body
from penstock.dialects.responses.items import input_items
from penstock.dialects.responses.links import check_linked
from penstock.dialects.responses.native import native_members
from penstock.dialects.responses.request import Asked, decode
from penstock.dialects.responses.resource import resource
from penstock.dialects.responses.writer import ResponseWriter
from penstock.gateway.arrival import Arrival
from penstock.gateway.gateway import Gateway
from penstock.gateway.history import History
from penstock.gateway.live import Live, Runs
from penstock.gateway.responses_face import ResponsesFace
from penstock.gateway.sink import Nowhere, Sink
from penstock.gateway.truncation import without_oldest
from penstock.settings import Settings
from penstock.store import objects
from penstock.store.database import Database
from penstock.store.errors import DatabaseError
from penstock.store.keeper import Keeper
from penstock.store.objects import StoredObject, expiry

log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 0.5
_ANY_NUMBER: Final = 1_000_000
_NOT_IN_CHAT: Final = ("unsupported_value", "unsupported_parameter")

_Items = list[dict[str, Any]]


class Responses:
    """Makes runs of requests, and finds those that are under way."""

    def __init__(self, settings: Settings, gateway: Gateway, database: Database, keeper: Keeper) -> None:
        self._settings = settings
        # The client's own items were counted; what they continue may be of any length.
        self.chat_limits = msgspec.structs.replace(settings.limits, messages=_ANY_NUMBER)
        self.gateway = gateway
        self._database = database
        self.keeper = keeper
        self.history = History(database)
        self.runs = Runs()
        self.tasks: set[asyncio.Task[None]] = set()  # of runs in the background
        self.keep_alive_s = settings.timeouts.keep_alive_s

    async def watch(self) -> None:
        """Does what other processes ask for: ends what is cancelled or deleted there, tells what is followed there.

        Returns when it is cancelled.
        """
        while True:
            await asyncio.sleep(_LOOK_EVERY_S)
            try:
                for project_id, id, what in await objects.asked(self._database, self.runs.all):
                    if (live := self.runs.find(project_id, id)) is None:
                        continue
                    if what == objects.ENDING:
                        live.end("cancelled")
                    else:
                        live.followed()
                        await objects.tell(self._database, project_id, id, live.told())
            except DatabaseError:
                continue  # whoever asks hears of it

    async def open(self, arrival: Arrival) -> Run:
        """The run of a request. Raises InvalidRequest, with the record of the refusal written."""
        try:
            asked = decode(
                arrival.body,
                self._settings.limits,
                profile=arrival.profile,
                strict=arrival.strict,
                default_max_tokens=arrival.key.default_max_tokens,
            )
        except PenstockError as error:
            await self._refuse(arrival, [error])
            raise
        return Run(self, self._settings, arrival, asked)

    async def _refuse(self, arrival: Arrival, errors: list[PenstockError]) -> None:
        async def refuse(now: int) -> Any:
            raise errors.pop()  # which leaves no name for it that its traceback leads back to

        await self.gateway.run(arrival, refuse, Nowhere())

    async def start(self, run: Run) -> Live:
        """Begins `run` in the background. Raises PenstockError where it is refused before anything is asked."""
        assert run.live is not None
        task = asyncio.create_task(run.go(Nowhere()), name=f"penstock-background {run.live.id}")
        run.live.task = task
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        accepted = asyncio.ensure_future(run.accepted.wait())
        try:
            await asyncio.wait((task, accepted), return_when=asyncio.FIRST_COMPLETED)
        finally:
            accepted.cancel()
        if not run.accepted.is_set():
            await task  # raises what it was refused for
        return run.live


class Run:
    """One response, from its request to its end."""

    def __init__(self, responses: Responses, settings: Settings, arrival: Arrival, asked: Asked) -> None:
        wire = asked.wire
        self._responses = responses
        self._settings = settings
        self._arrival = arrival
        self._asked = asked
        self.background = bool(wire.background)
        self.streamed = bool(wire.stream)
        self.stored = bool(wire.store)
        self.accepted = asyncio.Event()
        self._face: ResponsesFace | None = None
        self.live: Live | None = None
        if self.stored and (self.streamed or self.background):
            self.live = Live(
                arrival.answer_id,
                arrival.key.project_id,
                background=self.background,
                linger_s=settings.stored.linger_s,
            )

    @property
    def failed(self) -> bool:
        """Whether its answer, though it has an end, is none to keep for those who ask again."""
        return self._face is None or self._face.failed

    async def go(self, sink: Sink) -> None:
        """Answers through `sink`. Raises PenstockError where nothing was sent, but for a run in the background that was
        accepted: its error is in the response that is kept."""
        live, runs = self.live, self._responses.runs
        if live is not None:
            runs.add(live)
        try:
            await self._responses.gateway.run(self._arrival, self._read, sink)
        except PenstockError as error:
            if not (self.background and self.accepted.is_set()):
                raise
            await self._fail(error)
        except asyncio.CancelledError:
            await self._fail(Unavailable("this response was ended before it was whole", code="ended"))
            raise
        finally:
            if live is not None:
                live.finish()
                runs.remove(live)

    async def _fail(self, error: PenstockError) -> None:
        """Keeps how a run ended that could not say so itself."""
        if self._face is None or self._face.over or not self.accepted.is_set():
            return
        try:
            await self._face.broken(error, None)
        except Exception:  # the run has ended already, by an error that must not be hidden behind this one
            log.exception("the end of a response could not be kept", response=self._arrival.answer_id)

    async def _read(self, now: int) -> tuple[Call, ResponsesFace]:
        arrival, asked = self._arrival, self._asked
        wire = asked.wire
        conversation = asked.conversation
        before = await self._responses.history.items(arrival.key.project_id, wire.previous_response_id, conversation)
        new = input_items(asked, new_id)
        call = self._call(now, before + new, len(before))
        echo = resource(asked, id=arrival.answer_id, created=now, model=wire.model, profile=arrival.profile)
        face = ResponsesFace(
            self._writers(echo),
            self._stored_as(now, new, conversation) if self.stored else None,
            self._responses.keeper,
            self.live,
            include=wire.include or (),
        )
        self._face = face
        if self.live is not None and self.background:
            self._responses.gateway.targets(call)  # where nobody can answer it, that is said at once
            await face.queue()
            self.accepted.set()
        return call, face

    def _writers(self, echo: dict[str, Any]) -> Callable[[str], ResponseWriter]:
        # Without `self`, which holds the face, which holds this: such a circle is found late.
        profile, logprobs, options = self._arrival.profile, self._asked.logprobs, self._asked.wire.stream_options

        def make(model: str) -> ResponseWriter:
            shown = echo | {"model": model} if model else echo
            return ResponseWriter(
                shown,
                new_id=new_id,
                profile=profile,
                logprobs=logprobs,
                obfuscation=options is None or options.include_obfuscation is not False,
            )

        return make

    def _call(self, now: int, items: _Items, history: int) -> Call:
        """The call in the form of chat; `responses` makes what a vendor of this dialect gets."""
        check_linked(items, history)
        call = self._chat_call(now, items)
        call.responses = self._native(items)
        if self._asked.wire.truncation == "auto":
            call.shorten = self._shortener(now, items)
        return call

    def _native(self, items: _Items) -> Callable[[bool], tuple[dict[str, Raw], dict[str, str]]]:
        return lambda reasons: native_members(self._asked, items, encrypted=reasons)

    def _chat_call(self, now: int, items: _Items) -> Call:
        arrival, asked = self._arrival, self._asked
        untranslated: InvalidRequest | None = None
        try:
            body, noted = chat_body(asked, items)
        except InvalidRequest as error:
            if error.code not in _NOT_IN_CHAT:
                raise
            # Vendors of this dialect may have it. In chat there is only what routing and the record look at.
            untranslated = error.with_traceback(None)  # which would lead to this call
            body, noted = _outline(asked, items), {}
        call = decode_chat(
            body,
            self._responses.chat_limits,
            id=arrival.answer_id,
            request_id=arrival.request_id,
            now=now,
            strict=arrival.strict,
            profile=arrival.profile,
            endpoint=arrival.path,
            own_key=arrival.own_key,
        )
        call.members.pop("metadata", None)  # it is of the response, which is kept here
        call.noted |= noted
        call.untranslated = untranslated
        call.include_usage = False
        call.stream = self.streamed or self.background
        return call

    def _shortener(self, now: int, items: _Items) -> Callable[[Call], bool]:
        """Leaves out the oldest quarter of what may go, and again; never instructions, never the newest message."""
        left = list(items)

        def shorten(call: Call) -> bool:
            nonlocal left
            shorter = without_oldest(left)
            if shorter is None:
                return False
            left = shorter
            again = self._chat_call(now, left)
            call.members, call.wire = again.members, again.wire
            call.noted = again.noted | {"truncation": "emulated"}
            call.responses = self._native(left)
            return True

        return shorten

    def _stored_as(self, now: int, new: _Items, conversation: str | None) -> StoredObject:
        key, created = self._arrival.key, now * 1_000_000
        return StoredObject(
            id=self._arrival.answer_id,
            project_id=key.project_id,
            kind="response",
            created=created,
            previous=self._asked.wire.previous_response_id,
            conversation=conversation,
            expires=expiry(self._settings.stored, key.project, created),
            metadata=self._asked.wire.metadata or {},
            input=[Raw(msgspec.json.encode(item)) for item in new],
        )


def _outline(asked: Asked, items: _Items) -> bytes:
    """A chat completion request with what was said as one text: for a call that only goes out as it is."""
    said = msgspec.json.encode(items).decode()
    made: dict[str, Any] = {"model": asked.wire.model, "messages": [{"role": "user", "content": said}]}
    if asked.wire.provider is not None:
        made["provider"] = asked.wire.provider
    return msgspec.json.encode(made)
