"""Reads a streamed chat completion of a vendor that speaks this dialect, and passes it on."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from penstock.core.answer import Frame
from penstock.core.call import Call
from penstock.core.errors import UpstreamBroke, UpstreamError
from penstock.core.exchange import Target
from penstock.core.usage import Usage
from penstock.dialects.chat.chunks import filled_usage
from penstock.dialects.chat.failure import explain_within
from penstock.dialects.chat.normalise import Quirks, Seen, odd, set_right
from penstock.dialects.chat.thoughts import Folding, folds
from penstock.dialects.chat.upstream_chunk import OBJECT, Chunk, mend, read_chunk, read_members
from penstock.dialects.chat.usage import read_usage
from penstock.dialects.chat.whole import DIALECT
from penstock.dialects.sse import EventDecoder

_MAX_CHOICES: Final = 256  # twice what a client may ask for: a vendor's stream grows no memory here
_MAX_HEAD: Final = 64 * 1024  # bytes kept of a body that turns out to be no stream, to read its error


class ChunkReader:
    """A `core.answer.Reader` of `chat.completion.chunk` events.

    Payloads go through as they came, but for `id` and `model`, which become ours, for what `quirks` name, and for
    reasoning where it has to go into the text.
    The chunk with the usage is held back until the end, and given only to a client that asked for it. An
    error that comes after frames of the same bytes is raised by the next call: then `done` is true too.
    """

    def __init__(
        self, call: Call, target: Target, *, quirks: Quirks | None = None, secrets: tuple[str, ...] = ()
    ) -> None:
        self.usage: Usage | None = None
        self.finish_reasons: dict[int, str] = {}
        self.upstream_id: str | None = None
        self.service_tier: str | None = None
        self.done = False
        self._call = call
        self._provider = target.provider
        self._quirks = quirks
        self._folding = Folding() if folds(call) else None
        self._secrets = secrets
        self._id = Raw(msgspec.json.encode(call.id))
        self._model = Raw(msgspec.json.encode(target.served_as))
        self._events = EventDecoder()
        self._seen = Seen(roles=set(), finished=self.finish_reasons, tools={})
        self._choices: set[int] = set()  # the choices that have begun
        self._usage: Any = None
        self._usage_chunk: bytes | None = None
        self._failure: UpstreamError | None = None
        self._head: bytes | None = b""
        # How the vendor begins its chunks, up to its id and model, and how we do: most repeat it to the byte.
        self._theirs = b""
        self._ours = b""

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
        """The last frames. Raises UpstreamBroke where a choice that began has no end, UpstreamError where one waits."""
        if self._failure is not None:
            raise self._late()
        frames: list[Frame] = []
        if self.done:
            return frames
        if any(self._event(payload, frames) for payload in self._events.close()):
            return frames
        if len(self.finish_reasons) < len(self._choices):
            raise self._broke("ended before the answer was complete")
        self._end(frames)
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
        if payload[:1] == b"[" and payload.strip() == b"[DONE]":
            self._end(frames)
            return True
        if not payload or payload.isspace():
            return False
        payload, chunk = self._read(payload)
        usage = chunk.usage or (chunk.x_groq.usage if chunk.x_groq is not None else None)
        if usage:
            self._usage = usage
            self.usage = read_usage(usage) or self.usage
        error = chunk.error or (chunk.x_groq.error if chunk.x_groq is not None else None)
        if error:
            raise self._explain(error)
        if chunk.choices is None and not usage:
            return False  # no chunk: some servers send events of their own to keep a connection alive
        if self.upstream_id is None and isinstance(chunk.id, str) and chunk.id:
            self.upstream_id = chunk.id
        if self.service_tier is None and isinstance(chunk.service_tier, str):
            self.service_tier = chunk.service_tier
        if not self._seen.created:
            self._seen.created = chunk.created
        if self._quirks is not None and odd(chunk, self._seen, self._quirks):
            payload = set_right(
                payload, self._seen, self._quirks, id=self._id, model=self._model, created=self._call.created
            )
            chunk = read_chunk(payload)
        elif self._theirs and payload.startswith(self._theirs):
            payload = self._ours + payload[len(self._theirs) :]
        else:
            payload = self._patch(payload)
        if chunk.choices:
            if self._folding is not None:
                payload = self._folding.chunk(payload)
            content = self._follow(chunk)
            frames.append(Frame(_moved(payload, self._call.choice) if self._call.choice else payload, content))
        elif usage:
            self._usage_chunk = payload if chunk.choices is not None else None
        else:
            frames.append(Frame(payload, False))
        return False

    def _read(self, payload: bytes) -> tuple[bytes, Chunk]:
        """`payload`, made Unicode and one line where it is not, and what it says. Raises UpstreamBroke."""
        if b"\n" in payload:  # the JSON came in several lines; ours goes out in one
            payload = payload.replace(b"\n", b" ")
        try:
            chunk = read_chunk(payload)
            if not payload.isascii():
                payload.decode()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            payload = mend(payload)
            try:
                chunk = read_chunk(payload)
            except (msgspec.DecodeError, RecursionError) as error:
                raise self._broke(f"has an event that is no chunk: {error}") from error
        return payload, chunk

    def _follow(self, chunk: Chunk) -> bool:
        """Notes which choices began and ended; true where the chunk has content, or an end."""
        content = False
        for position, choice in enumerate(chunk.choices or ()):
            index = position if choice.index is None else choice.index
            if index not in self._choices:
                if len(self._choices) == _MAX_CHOICES:
                    raise self._broke(f"has more than {_MAX_CHOICES} choices")
                self._choices.add(index)
            if choice.finish_reason:
                self.finish_reasons.setdefault(index, choice.finish_reason)
                content = True
            delta = choice.delta
            if delta is not None:
                if delta.role is not None and self._quirks is not None:
                    self._seen.roles.add(index)
                content = content or delta.says_something
        return content

    def _patch(self, payload: bytes) -> bytes:
        """`payload` with our id and model in the place of the vendor's."""
        members = read_members(payload)
        ours = dict(members)
        if "id" in ours:
            ours["id"] = self._id
        if "model" in ours:
            ours["model"] = self._model
        self._learn(payload, members, ours)
        return msgspec.json.encode(ours)

    def _learn(self, payload: bytes, members: dict[str, Raw], ours: dict[str, Raw]) -> None:
        """Remembers how `payload` begins, where its id and model come before its choices."""
        names = list(members)
        if "id" not in members or "model" not in members:
            return
        names = names[: max(names.index("id"), names.index("model")) + 1]
        if "choices" in names or bytes(members[names[-1]])[-1:] != b'"':
            return
        for comma, colon in ((b",", b":"), (b", ", b": ")):
            theirs = _beginning(names, members, comma, colon)
            if payload.startswith(theirs):
                self._theirs, self._ours = theirs, _beginning(names, ours, comma, colon)

    def _end(self, frames: list[Frame]) -> None:
        """The answer is whole: what was held back goes out."""
        if not self._choices:
            raise self._no_stream()
        self.done = True
        if not self._call.include_usage or self._usage is None:
            return
        if self._usage_chunk is None:
            members: dict[str, object] = {
                "id": self._id,
                "object": OBJECT,
                "created": self._seen.created or self._call.created,
                "model": self._model,
                "choices": [],
                "usage": self._usage,
            }
            self._usage_chunk = msgspec.json.encode(members)
        if self.usage is not None and self._call.dialect != DIALECT:
            filled = Raw(msgspec.json.encode(filled_usage(self._usage, self.usage)))
            self._usage_chunk = msgspec.json.encode(read_members(self._usage_chunk) | {"usage": filled})
        frames.append(Frame(self._usage_chunk, False, usage=True))

    def _no_stream(self) -> UpstreamError:
        """The error for a stream without an answer; the vendor's own, where the body is one JSON value that says it."""
        nothing = self._broke("ended without an answer")
        if not self._head or b'"error"' not in self._head:
            return nothing
        try:
            return self._explain(msgspec.json.decode(self._head))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return nothing

    def _explain(self, error: Any) -> UpstreamError:
        return explain_within(error, provider=self._provider, secrets=self._secrets)

    def _broke(self, what: str) -> UpstreamBroke:
        return UpstreamBroke(f"the stream of provider '{self._provider}' {what}", upstream_status=200)


def _moved(payload: bytes, index: int) -> bytes:
    """`payload` with its one choice at `index`: a vendor that makes one choice a call knows no other than 0."""
    members = read_members(payload)
    choices = msgspec.json.decode(members["choices"], type=list[dict[str, Any]])
    return msgspec.json.encode({**members, "choices": [{**choice, "index": index} for choice in choices]})


def _beginning(names: list[str], members: dict[str, Raw], comma: bytes, colon: bytes) -> bytes:
    return b"{" + comma.join(msgspec.json.encode(name) + colon + bytes(members[name]) for name in names)
