"""Reads llama.cpp's stream of one choice into chunks that keep the chat contract to the letter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from penstock.core.answer import Frame
from penstock.core.call import Call
from penstock.core.errors import UpstreamBroke
from penstock.core.exchange import Target
from penstock.core.usage import Usage
from penstock.dialects.chat.chunks import usage_chunk
from penstock.dialects.chat.request import ChatCompletionRequest
from penstock.dialects.sse import EventDecoder
from penstock.providers.local import failure
from penstock.providers.local.forced import Arguments, ForcedCall, Named, Text
from penstock.providers.local.logprobs import Logprobs
from penstock.providers.local.stop import Piece, StopMatcher
from penstock.providers.local.tools import Mode, Tools
from penstock.providers.local.unstreamed import AnswerDecoder, unstreamed


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str = ""


class _ToolCall(msgspec.Struct):
    index: int = 0
    function: _Function | None = None


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[_ToolCall] = []


class _Logprobs(msgspec.Struct):
    content: list[Any] | None = None


class _Choice(msgspec.Struct):
    delta: _Delta
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Timings(msgspec.Struct):
    """Tokens so far: read from the prompt cache, read anew, and written."""

    cache_n: int
    prompt_n: int
    predicted_n: int


class _Chunk(msgspec.Struct):
    choices: list[_Choice] = []
    timings: _Timings | None = None
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_read = msgspec.json.Decoder(_Chunk).decode


class LocalReader:
    """Reads one answer. `new_id` makes the ids of tool calls from their prefix.

    After a stop sequence, or a second call where only one is allowed, `done` is true before llama.cpp is at its end:
    the caller closes the connection, which frees the model.
    """

    def __init__(
        self, call: Call, target: Target, tools: Tools, context: int, fingerprint: str, new_id: Callable[[str], str]
    ) -> None:
        wire: ChatCompletionRequest = call.wire
        self.usage: Usage | None = None
        self.finish_reasons: dict[int, str] = {}
        self.upstream_id: str | None = None
        self.service_tier: str | None = None
        self.done = False
        self._call = call
        self._target = target
        self._tools = tools
        self._new_id = new_id
        self._events = AnswerDecoder() if unstreamed(call, tools) else EventDecoder()
        stop = [wire.stop] if isinstance(wire.stop, str) else wire.stop or []
        self._stop = StopMatcher(stop, bool(wire.include_stop_str_in_output))
        self._forced = ForcedCall(tools.names) if tools.mode in (Mode.FORCED, Mode.EITHER) else None
        self._logprobs = Logprobs(wire.top_logprobs or 0) if wire.logprobs else None
        self._limit = "max_tokens" if wire.max_completion_tokens is None else "max_completion_tokens"
        self._most = wire.max_completion_tokens or wire.max_tokens
        self._context = context
        behaviour = wire.context_length_exceeded_behavior
        self._must_fit = behaviour == "error" or (call.strict and behaviour is None)
        options = wire.stream_options
        # Of one choice of several the usage comes with that of the others, and its chunks say so all the same.
        self._tells_usage = call.include_usage or (options is not None and bool(options.include_usage))
        self._opened: set[int] = set()  # indexes of tool calls whose beginning is out
        self._reasoning = 0
        self._begun = False
        self._envelope: dict[str, Any] = {
            "id": call.id,
            "object": "chat.completion.chunk",
            "created": call.created,
            "model": target.served_as,
            "system_fingerprint": fingerprint,
        }

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that `data` completes. Raises UpstreamError for an error within the stream, UpstreamBroke."""
        frames: list[Frame] = []
        for event in self._events.feed(data):
            if self.done:
                break
            frames += self._event(event)
        return frames

    def close(self) -> list[Frame]:
        """The last frames, at the end of the bytes. Raises UpstreamBroke where the answer has no end."""
        frames = [] if self.done else [frame for event in self._events.close() for frame in self._event(event)]
        if not self.done:
            raise UpstreamBroke("the local model's answer ended before its end")
        return frames

    def _event(self, event: bytes) -> list[Frame]:
        if event == b"[DONE]":
            if not self.finish_reasons:
                raise UpstreamBroke("the local model's answer ended without a finish reason")
            return self._ended()
        try:
            chunk = _read(event)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UpstreamBroke(f"the local model sent an event that is no chunk: {error}") from error
        if chunk.error is not msgspec.UNSET:
            raise failure.explain_within(bytes(chunk.error))
        choice = chunk.choices[0] if chunk.choices else None
        self._count(chunk.timings, reasons=choice is not None and bool(choice.delta.reasoning_content))
        if choice is None:
            return []
        frames = [] if self._begun else [self._chunk({"role": "assistant", "content": ""}, content=False)]
        self._begun = True
        if not self.finish_reasons:
            frames += self._delta(choice.delta, choice.logprobs)
        if choice.finish_reason is not None and not self.finish_reasons:
            frames += self._finish(choice.finish_reason)
        return frames

    def _count(self, timings: _Timings | None, *, reasons: bool) -> None:
        if timings is None:
            return
        if reasons:
            self._reasoning = timings.predicted_n
        prompt = timings.cache_n + timings.prompt_n
        if self._most is not None and prompt + self._most > self._context:
            if self._must_fit:
                raise failure.too_long(prompt, self._context, self._most)
            self._call.changed[self._limit] = "translated"  # reduced to what fits; known before the first content
        self.usage = Usage(
            prompt_tokens=prompt,
            completion_tokens=timings.predicted_n,
            cached_tokens=timings.cache_n,
            reasoning_tokens=self._reasoning,
        )

    def _delta(self, delta: _Delta, logprobs: _Logprobs | None) -> list[Frame]:
        frames: list[Frame] = []
        entries = logprobs.content if logprobs is not None and logprobs.content else []
        if delta.reasoning_content:
            frames.append(self._chunk({"reasoning_content": delta.reasoning_content}, entries))
            entries = []
        if delta.content:
            frames += self._content(delta.content, entries)
            entries = []
        for tool_call in delta.tool_calls:
            frames += self._tool_call(tool_call, entries)
            entries = []
            if self.done:
                break
        return frames

    def _content(self, text: str, entries: list[Any]) -> list[Frame]:
        if self._forced is None:
            return self._text(text, entries)
        return self._parts(self._forced.feed(text), entries)

    def _parts(self, parts: list[Text | Named | Arguments], entries: list[Any]) -> list[Frame]:
        frames: list[Frame] = []
        for part in parts:
            match part:
                case Text():
                    frames += self._text(part.text, entries)
                case Named():
                    frames.append(self._chunk(self._opening(0, part.name), entries))
                case Arguments():
                    frames.append(self._chunk(self._arguments(0, part.text), entries))
            entries = []
        return frames

    def _text(self, text: str, entries: list[Any]) -> list[Frame]:
        frames = [self._chunk({"content": p.text}, p.logprobs) for p in self._stop.feed(Piece(text, entries))]
        return [*frames, *self._finish("stop"), *self._ended()] if self._stop.matched else frames

    def _tool_call(self, tool_call: _ToolCall, entries: list[Any]) -> list[Frame]:
        function, index = tool_call.function, tool_call.index
        if function is None:
            return []
        frames: list[Frame] = []
        if index not in self._opened:
            if self._opened and not (self._tools.parallel and not self._tools.legacy):
                return [*self._finish("tool_calls"), *self._ended()]
            frames.append(self._chunk(self._opening(index, function.name or ""), entries))
            entries = []
        if function.arguments:
            frames.append(self._chunk(self._arguments(index, function.arguments), entries))
        return frames

    def _opening(self, index: int, name: str) -> dict[str, Any]:
        self._opened.add(index)
        function = {"name": name, "arguments": ""}
        if self._tools.legacy:
            return {"function_call": function}
        return {"tool_calls": [{"index": index, "id": self._new_id("call_"), "type": "function", "function": function}]}

    def _arguments(self, index: int, text: str) -> dict[str, Any]:
        if self._tools.legacy:
            return {"function_call": {"arguments": text}}
        return {"tool_calls": [{"index": index, "function": {"arguments": text}}]}

    def _finish(self, reason: str) -> list[Frame]:
        """What still waited, and the chunk with the finish reason."""
        pieces: list[Piece] = []
        if self._tools.mode is Mode.EITHER and self._forced is not None and (text := self._forced.close()):
            pieces += self._stop.feed(Piece(text, []))
        if self._stop.matched:
            reason = "stop"
        else:
            pieces += self._stop.close()
        if self._opened and reason != "length":
            reason = "function_call" if self._tools.legacy else "tool_calls"
        self.finish_reasons[self._call.choice] = reason
        return [*(self._chunk({"content": p.text}, p.logprobs) for p in pieces), self._chunk({}, finish_reason=reason)]

    def _ended(self) -> list[Frame]:
        self.done = True
        if not self._call.include_usage:
            return []
        return [usage_chunk(self._call, self._target, self.usage or Usage(), self._envelope["system_fingerprint"])]

    def _chunk(
        self,
        delta: dict[str, Any],
        entries: list[Any] | None = None,
        *,
        finish_reason: str | None = None,
        content: bool = True,
    ) -> Frame:
        logprobs = self._logprobs.of(entries) if self._logprobs is not None and entries else None
        choice = {
            "index": self._call.choice,
            "delta": delta,
            "logprobs": logprobs,
            "finish_reason": finish_reason,
        }
        chunk = self._envelope | {"choices": [choice]}
        if self._tells_usage:
            chunk["usage"] = None
        return Frame(msgspec.json.encode(chunk), content)
