"""Reads the answers of a vendor that has responses itself, streamed or whole."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from penstock.core.answer import Answer, Frame
from penstock.core.errors import UpstreamBroke, UpstreamError
from penstock.core.exchange import Target
from penstock.core.usage import Usage
from penstock.dialects.chat.upstream_chunk import mend
from penstock.dialects.responses.failure import explain_within
from penstock.dialects.responses.usage import read_usage
from penstock.dialects.sse import EventDecoder

_MAX_EVENT: Final = 64 * 1024 * 1024  # bytes: the last event holds the whole answer, and its images
_MAX_HEAD: Final = 64 * 1024  # bytes kept of a body that turns out to be no stream, to read its error

_ENDS: Final = frozenset({"response.completed", "response.incomplete"})
_FAILURES: Final = frozenset({"error", "response.failed", "response.cancelled"})
# They announce an answer, and hold nothing of it: until one that does comes, another vendor may be tried.
_ANNOUNCEMENTS: Final = frozenset(
    {
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_summary_part.added",
    }
)
_KEEP_ALIVES: Final = frozenset({"keepalive", "ping"})
_CALLS: Final = ("function_call", "custom_tool_call")


class _Details(msgspec.Struct, gc=False):
    reason: Any = None


class _Item(msgspec.Struct, gc=False):
    type: Any = None


class _Response(msgspec.Struct, gc=False):
    """A response as far as the gateway looks into it."""

    id: Any = None
    status: Any = None
    output: list[_Item] | None = None
    error: Any = None
    incomplete_details: _Details | None = None
    usage: Any = None
    service_tier: Any = None


class _Event(msgspec.Struct, gc=False):
    """`type` is absent where the event is none of a response, `response` empty where it holds none."""

    type: str | None = None
    response: Raw = Raw(b"")
    item: _Item | None = None
    error: Any = None


_read_event = msgspec.json.Decoder(_Event).decode
_read_response = msgspec.json.Decoder(_Response).decode


class ResponsesReader:
    """A `core.answer.Reader` of the events of a response.

    Frames hold the events as they came, `native`, but for those that only keep a connection alive. An error that comes
    after frames of the same bytes is raised by the next call: then `done` is true too.
    """

    def __init__(self, target: Target, *, secrets: tuple[str, ...] = ()) -> None:
        self.usage: Usage | None = None
        self.finish_reasons: dict[int, str] = {}
        self.upstream_id: str | None = None
        self.service_tier: str | None = None
        self.done = False
        self._provider = target.provider
        self._secrets = secrets
        self._events = EventDecoder(_MAX_EVENT)
        self._calls = False  # the answer has called a tool of the client's
        self._failure: UpstreamError | None = None
        self._head: bytes | None = b""

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes; none after `done`. Raises UpstreamError."""
        if self._failure is not None:
            raise self._late()
        frames: list[Frame] = []
        if self.done:
            return frames
        if self._head is not None:
            self._keep(data)
        try:
            for payload in self._events.feed(data):
                if self._event(payload, frames):
                    break
        except UpstreamError as error:
            self.done = True
            if not frames:
                raise
            self._failure = error
        return frames

    def close(self) -> list[Frame]:
        """The last frames. Raises UpstreamBroke where the answer has no end, UpstreamError where one waits."""
        if self._failure is not None:
            raise self._late()
        frames: list[Frame] = []
        if self.done:
            return frames
        if not any(self._event(payload, frames) for payload in self._events.close()):
            raise self._no_end()
        return frames

    def _late(self) -> UpstreamError:
        """The failure that waits, given away: its traceback will lead to this reader, which must not hold it."""
        failure, self._failure = self._failure, None
        assert failure is not None
        return failure

    def _keep(self, data: bytes) -> None:
        """Keeps the first bytes as long as they may be a JSON object and no stream: a vendor's error."""
        head = (self._head or b"") + data
        self._head = head if head.lstrip()[:1] in (b"", b"{", b"[") and len(head) <= _MAX_HEAD else None

    def _event(self, payload: bytes, frames: list[Frame]) -> bool:
        """Adds what one event says to `frames`; true where it is the last."""
        if not payload or payload.isspace() or payload.strip() == b"[DONE]":
            return False
        payload, event = self._read(payload)
        if event.type is None and event.error:
            raise explain_within(event.error, provider=self._provider, secrets=self._secrets)
        if event.type is None or event.type in _KEEP_ALIVES:
            return False
        if event.type in _FAILURES:
            raise self._explain(payload, event)
        if event.item is not None and event.item.type in _CALLS:
            self._calls = True
        if event.response:
            self._learn(self._response(event.response), ends=event.type in _ENDS)
        elif event.type in _ENDS:
            raise self._broke(f"has a {event.type} without its response")
        frames.append(Frame(payload, event.type not in _ANNOUNCEMENTS, native=True))
        return self.done

    def _read(self, payload: bytes) -> tuple[bytes, _Event]:
        """`payload`, made Unicode and one line where it is not, and what it says. Raises UpstreamBroke."""
        if b"\n" in payload:  # the JSON came in several lines; ours goes out in one
            payload = payload.replace(b"\n", b" ")
        try:
            event = _read_event(payload)
            if not payload.isascii():
                payload.decode()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            payload = mend(payload)
            try:
                event = _read_event(payload)
            except (msgspec.DecodeError, RecursionError) as error:
                raise self._broke(f"has an event that is none of a response: {error}") from error
        return payload, event

    def _response(self, raw: Raw) -> _Response:
        try:
            return _read_response(raw)
        except (msgspec.DecodeError, RecursionError) as error:
            raise self._broke(f"has an event whose response is none: {error}") from error

    def _learn(self, response: _Response, *, ends: bool) -> None:
        if self.upstream_id is None and isinstance(response.id, str) and response.id:
            self.upstream_id = response.id
        if isinstance(response.service_tier, str):
            self.service_tier = response.service_tier
        self.usage = read_usage(response.usage) or self.usage
        if ends:
            self.done = True
            self.finish_reasons[0] = _finish_reason(response, calls=self._calls)

    def _explain(self, payload: bytes, event: _Event) -> UpstreamError:
        if event.type == "error":
            error = event.error or msgspec.json.decode(payload)
        else:
            response = self._response(event.response or Raw(b"{}"))
            self._learn(response, ends=False)
            error = response.error or f"the response ended with {event.type}"
        return explain_within(error, provider=self._provider, secrets=self._secrets)

    def _no_end(self) -> UpstreamError:
        """The error for a stream without an end; the vendor's own, where the body is one JSON value that says it."""
        broke = self._broke("ended before the answer was complete")
        if not self._head or b'"error"' not in self._head:
            return broke
        try:
            return explain_within(msgspec.json.decode(self._head), provider=self._provider, secrets=self._secrets)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return broke

    def _broke(self, what: str) -> UpstreamBroke:
        return UpstreamBroke(f"the stream of provider '{self._provider}' {what}", upstream_status=200)


def read_whole(body: bytes, target: Target, *, secrets: tuple[str, ...] = ()) -> Answer:
    """The response in `body`, as it came. Raises UpstreamError where it has failed, UpstreamBroke where `body` is no
    response, or one that has not ended."""
    try:
        response = _read_response(body)
        if not body.isascii():
            body.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = mend(body)
        try:
            response = _read_response(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _broken_answer(target, f"is no response: {error}") from error
    if response.error or response.status == "failed":
        failure = response.error or "the response failed"
        raise explain_within(failure, provider=target.provider, secrets=secrets)
    if response.output is None:
        raise _broken_answer(target, "has no output")
    if response.status not in ("completed", "incomplete", None):
        raise _broken_answer(target, f"has the status '{response.status}'")
    return Answer(
        body=body,
        usage=read_usage(response.usage),
        finish_reasons=[_finish_reason(response, calls=False)],
        upstream_id=response.id if isinstance(response.id, str) and response.id else None,
        service_tier=response.service_tier if isinstance(response.service_tier, str) else None,
        native=True,
    )


def _finish_reason(response: _Response, *, calls: bool) -> str:
    """How chat calls the end of that response; `calls`: a tool of the client's was called before."""
    if response.status == "incomplete":
        reason = response.incomplete_details.reason if response.incomplete_details is not None else None
        return "content_filter" if reason == "content_filter" else "length"
    if calls or any(item.type in _CALLS for item in response.output or ()):
        return "tool_calls"
    return "stop"


def _broken_answer(target: Target, what: str) -> UpstreamBroke:
    return UpstreamBroke(f"the answer of provider '{target.provider}' {what}", upstream_status=200)
