"""A vendor with both of OpenAI's APIs, to the letter: what it says depends on what it is asked, never on chance."""

from __future__ import annotations

import json
from itertools import count
from typing import Any
from uuid import uuid4

from tests.conformance.vendor import SCHEMA_ANSWER, conforming
from tests.upstream import Request, Wire, chunk, completion

TEXT = "Hello \N{WAVING HAND SIGN}!"
THOUGHT = "They said hello."
REFUSAL = "I cannot help with that."
ENCRYPTED = "gAAAAAB-the-vendors-own"
_DETAILS = {"input_tokens_details": {"cached_tokens": 3}, "output_tokens_details": {"reasoning_tokens": 2}}
_USAGE = {"input_tokens": 12, "output_tokens": 5, "total_tokens": 17, **_DETAILS}
_CHAT_USAGE = {"prompt_tokens": 12, "completion_tokens": 5, "total_tokens": 17}


async def speaks(request: Request, wire: Wire) -> None:
    """Behaves: answers `/responses` and `/chat/completions`, whole or streamed as asked.

    It calls the tools that it is given until their outputs are there; it refuses where the text asked has `refuse` in
    it, and reasons where that has `reason`.
    """
    if request.path.endswith("/responses"):
        await _respond(request, wire)
    elif request.path.endswith("/responses/input_tokens"):
        counted = {name: value for name, value in request.json.items() if name != "model"}
        assert counted.keys() <= {"input", "instructions", "tools", "text", "reasoning"}
        await wire.whole({"object": "response.input_tokens", "input_tokens": len(json.dumps(counted))})
    else:
        await _chat(request, wire)


async def _chat(request: Request, wire: Wire) -> None:
    asked = request.json
    last = asked["messages"][-1]
    said = json.dumps(last.get("content"))
    if last["role"] == "tool":
        asked["tool_choice"] = "none"
        request = Request(request.method, request.path, request.headers, json.dumps(asked).encode())
    if "refuse" not in said and "reason" not in said:
        await conforming(request, wire)
        return
    pieces: list[dict[str, Any]] = [{"role": "assistant", "content": None, "refusal": None}]
    if "reason" in said:
        pieces += [{"reasoning_content": part} for part in (THOUGHT[:5], THOUGHT[5:])]
    name, text = ("refusal", REFUSAL) if "refuse" in said else ("content", TEXT)
    pieces += [{name: part} for part in (text[:5], text[5:])]
    if asked.get("stream"):
        await wire.begin_stream()
        for piece in pieces:
            await wire.event(chunk(piece))
        for event in (chunk({}, "stop"), chunk(None, usage=_CHAT_USAGE), "[DONE]"):
            await wire.event(event)
        await wire.end_stream()
        return
    whole = completion(usage=_CHAT_USAGE)
    message: dict[str, Any] = {"role": "assistant", "content": None, "refusal": None, name: text}
    if "reason" in said:
        message["reasoning_content"] = THOUGHT
    whole["choices"][0]["message"] = message
    await wire.whole(whole)


async def _respond(request: Request, wire: Wire) -> None:
    asked = request.json
    assert request.headers["authorization"] == "Bearer sk-vendor-secret"
    assert asked["store"] is False  # state is Penstock's
    assert not asked.keys() & {"previous_response_id", "conversation", "background"}
    events = native_events(asked)
    if not asked.get("stream"):
        await wire.whole(events[-1]["response"], x_request_id="req_of_the_vendor")
        return
    await wire.begin_stream()
    for event in events:
        await wire.part(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())
    await wire.end_stream()  # OpenAI's own has no [DONE]


def native_events(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The events of the whole answer as OpenAI sends them; the last one has the response."""
    script = _Script(asked)
    given = asked["input"] if isinstance(asked["input"], list) else [{"role": "user", "content": asked["input"]}]
    last = given[-1]
    said = json.dumps(last.get("content"))
    if "reasoning" in asked or "reason" in said:
        script.reasoning("reasoning.encrypted_content" in asked.get("include", ()))
    if asked.get("tools") and asked.get("tool_choice") != "none" and last.get("type") != "function_call_output":
        script.call("get_weather", '{"city":"Paris"}')
        if asked.get("parallel_tool_calls", True):
            script.call("get_weather", '{"city":"Rome"}')
    elif "refuse" in said:
        script.message("refusal", REFUSAL)
    elif ((asked.get("text") or {}).get("format") or {}).get("type") == "json_schema":
        script.message("text", json.dumps(SCHEMA_ANSWER))
    else:
        script.message("text", TEXT)
    return script.end()


class _Script:
    def __init__(self, asked: dict[str, Any]) -> None:
        self._logprobs = "message.output_text.logprobs" in asked.get("include", ())
        self._numbers = count()
        self._output: list[dict[str, Any]] = []
        self._events: list[dict[str, Any]] = []
        self._response = {
            "id": "resp_of_the_vendor",
            "object": "response",
            "created_at": 1700000000,
            "status": "in_progress",
            "background": False,
            "error": None,
            "incomplete_details": None,
            "instructions": asked.get("instructions"),
            "max_output_tokens": asked.get("max_output_tokens"),
            "model": "gpt-4o-2024-08-06",
            "output": [],
            "parallel_tool_calls": True,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "service_tier": "default",
            "store": False,
            "temperature": 1.0,
            "text": {"format": {"type": "text"}, "verbosity": "medium"},
            "tool_choice": "auto",
            "tools": [],
            "top_logprobs": 0,
            "top_p": 1.0,
            "truncation": "disabled",
            "usage": None,
            "user": None,
            "metadata": {},
        }
        for name in ("created", "in_progress"):
            self._send(f"response.{name}", response=self._response)

    def _send(self, type: str, **members: Any) -> None:
        self._events.append({"type": type, "sequence_number": next(self._numbers), **members})

    def _item(self, begun: dict[str, Any]) -> int:
        index = len(self._output)
        self._output.append(begun)
        self._send("response.output_item.added", output_index=index, item=dict(begun))
        return index

    def _done(self, index: int, **members: Any) -> None:
        self._output[index] = self._output[index] | members
        self._send("response.output_item.done", output_index=index, item=self._output[index])

    def reasoning(self, encrypted: bool) -> None:
        item: dict[str, Any] = {"id": _id("rs_"), "type": "reasoning", "summary": []}
        if encrypted:
            item["encrypted_content"] = ENCRYPTED
        index = self._item(item)
        at = {"item_id": item["id"], "output_index": index, "summary_index": 0}
        self._send("response.reasoning_summary_part.added", **at, part={"type": "summary_text", "text": ""})
        for piece in (THOUGHT[:5], THOUGHT[5:]):
            self._send("response.reasoning_summary_text.delta", **at, delta=piece, obfuscation="x")
        self._send("response.reasoning_summary_text.done", **at, text=THOUGHT)
        part = {"type": "summary_text", "text": THOUGHT}
        self._send("response.reasoning_summary_part.done", **at, part=part)
        self._done(index, summary=[part])

    def call(self, name: str, arguments: str) -> None:
        item = {"id": _id("fc_"), "type": "function_call", "status": "in_progress", "arguments": ""}
        index = self._item({**item, "call_id": _id("call_"), "name": name})
        at = {"item_id": item["id"], "output_index": index}
        for piece in (arguments[:5], arguments[5:]):
            self._send("response.function_call_arguments.delta", **at, delta=piece, obfuscation="x")
        self._send("response.function_call_arguments.done", **at, name=name, arguments=arguments)
        self._done(index, status="completed", arguments=arguments)

    def message(self, kind: str, text: str) -> None:
        id = _id("msg_")
        index = self._item({"id": id, "type": "message", "status": "in_progress", "content": [], "role": "assistant"})
        at = {"item_id": id, "output_index": index, "content_index": 0}
        if kind == "refusal":
            begun, event = {"type": "refusal", "refusal": ""}, "response.refusal"
        else:
            begun = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
            event = "response.output_text"
        self._send("response.content_part.added", **at, part=begun)
        known: list[dict[str, Any]] = []
        for piece in (text[:3], text[3:]):
            entries = [self._entry(piece)] if self._logprobs and kind == "text" else []
            known += entries
            more: dict[str, Any] = {"logprobs": entries} if kind == "text" else {}
            self._send(f"{event}.delta", **at, delta=piece, **more, obfuscation="x")
        more = {"logprobs": known} if kind == "text" else {}
        self._send(f"{event}.done", **at, **{kind: text}, **more)
        part = begun | {kind: text} | more
        self._send("response.content_part.done", **at, part=part)
        self._done(index, status="completed", content=[part])

    def _entry(self, token: str) -> dict[str, Any]:
        return {"token": token, "logprob": -0.25, "bytes": list(token.encode()), "top_logprobs": []}

    def end(self) -> list[dict[str, Any]]:
        ended = self._response | {"status": "completed", "completed_at": 1700000002, "output": self._output}
        self._send("response.completed", response=ended | {"usage": _USAGE})
        return self._events


def _id(prefix: str) -> str:
    return prefix + uuid4().hex
