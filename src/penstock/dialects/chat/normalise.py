"""Where vendors break the chat contract, and how an answer is set right: only what a vendor's row names is touched."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import UNSET, Raw

from penstock.dialects.chat.upstream_chunk import OBJECT, Chunk, read_members

FINISH_REASONS: Final = {
    "eos": "stop",  # Together's older models
    "model_length": "length",  # Mistral: the model's context is full
}
"""Finish reasons that OpenAI's clients do not know, and what they mean."""


class Quirks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ways to break the contract that one vendor has. Each is named so in its row of compatible.toml."""

    envelope: bool = False
    """id, object, created or model missing, empty, wrong or changing from chunk to chunk: they are set"""
    choice_fields: bool = False
    """index, delta or finish_reason missing in a choice: they are filled in"""
    content_parts: bool = False
    """content is a list of parts: text becomes content, thinking becomes reasoning_content, others content_parts"""
    tool_fields: bool = False
    """tool calls without index, type or arguments, or with arguments that are no string: they are filled in"""
    reasoning_name: bool = False
    """reasoning text is called `reasoning`: it becomes reasoning_content"""
    finish_names: bool = False
    """finish reasons that OpenAI does not have: they are translated"""
    finish_repeated: bool = False
    """the finish reason comes again in a later chunk: it is told once"""
    role_repeated: bool = False
    """the role comes in every chunk: it is told once per choice"""
    usage_in_content: bool = False
    """usage comes with content, once or in every chunk: it moves into a last chunk of its own"""

    @property
    def in_choices(self) -> bool:
        """Whether the choices of a whole answer may be wrong."""
        return self.choice_fields or self.content_parts or self.tool_fields or self.reasoning_name or self.finish_names


class Seen(msgspec.Struct):
    """What one stream has said so far: choices whose role and finish came, tool calls per choice, its time."""

    roles: set[int]
    finished: dict[int, str]
    tools: dict[int, int]
    created: Any = None


def odd(chunk: Chunk, seen: Seen, quirks: Quirks) -> bool:
    """Whether `chunk` breaks the contract in one of the ways that `quirks` names."""
    if quirks.envelope and (chunk.object != OBJECT or not chunk.id or not chunk.model or chunk.created != seen.created):
        return True
    if not chunk.choices:
        return False
    if quirks.usage_in_content and chunk.usage is not None:
        return True
    for choice in chunk.choices:
        delta, reason, index = choice.delta, choice.finish_reason, choice.index
        if quirks.choice_fields and (index is None or delta is None or reason is UNSET):
            return True
        if reason and (
            (quirks.finish_names and reason in FINISH_REASONS) or (quirks.finish_repeated and index in seen.finished)
        ):
            return True
        if delta is not None and (
            (quirks.role_repeated and delta.role is not None and index in seen.roles)
            or (quirks.tool_fields and delta.tool_calls)
            or (quirks.content_parts and isinstance(delta.content, list))
            or (quirks.reasoning_name and delta.reasoning is not None)
        ):
            return True
    return False


def set_right(payload: bytes, seen: Seen, quirks: Quirks, *, id: Raw, model: Raw, created: int) -> bytes:
    """The chunk `payload`, with our `id` and `model`, as the contract wants it."""
    members = read_members(payload)
    if quirks.envelope:
        members["id"], members["model"] = id, model
        members["object"] = Raw(f'"{OBJECT}"'.encode())
        members["created"] = Raw(msgspec.json.encode(seen.created or created))
    choices = msgspec.json.decode(members["choices"]) if "choices" in members else None
    if choices:
        if quirks.usage_in_content and "usage" in members:
            members["usage"] = Raw(b"null")
        for position, choice in enumerate(choices):
            if quirks.choice_fields:
                _fill(choice, position, "delta")
                choice.setdefault("finish_reason", None)
            _chunk_choice(choice, seen, quirks)
        members["choices"] = Raw(msgspec.json.encode(choices))
    for name, ours in (("id", id), ("model", model)):
        if name in members:
            members[name] = ours
    return msgspec.json.encode(members)


def set_choices_right(raw: Raw, quirks: Quirks) -> Raw:
    """The `choices` of a whole answer as the contract wants them; `raw` itself where nothing is wrong with them."""
    choices = msgspec.json.decode(raw)
    before = msgspec.json.encode(choices)
    for position, choice in enumerate(choices):
        if quirks.choice_fields:
            _fill(choice, position, "message")
        if quirks.finish_names:
            choice["finish_reason"] = FINISH_REASONS.get(choice.get("finish_reason"), choice.get("finish_reason"))
        message = choice.get("message")
        if isinstance(message, dict):
            if quirks.content_parts:
                _join_parts(message)
            if quirks.reasoning_name:
                _name_reasoning(message)
            if quirks.tool_fields:
                for call in _calls(message):
                    call.setdefault("type", "function")
                    _arguments(call, missing="{}")
    after = msgspec.json.encode(choices)
    return raw if after == before else Raw(after)


def _chunk_choice(choice: dict[str, Any], seen: Seen, quirks: Quirks) -> None:
    index = choice.get("index") or 0
    reason = choice.get("finish_reason")
    if quirks.finish_names and reason in FINISH_REASONS:
        choice["finish_reason"] = FINISH_REASONS[reason]
    if quirks.finish_repeated and reason and index in seen.finished:
        choice["finish_reason"] = None
    delta = choice.get("delta")
    if not isinstance(delta, dict):
        return
    if quirks.role_repeated and index in seen.roles:
        delta.pop("role", None)
    if quirks.content_parts:
        _join_parts(delta)
    if quirks.reasoning_name:
        _name_reasoning(delta)
    if quirks.tool_fields:
        for call in _calls(delta):
            _place(call, index, seen)
            _arguments(call)


def _fill(choice: dict[str, Any], position: int, body: str) -> None:
    if choice.get("index") is None:
        choice["index"] = position
    if choice.get(body) is None:
        choice[body] = {}


def _join_parts(message: dict[str, Any]) -> None:
    """Mistral's reasoning models give `content` as parts: {"type": "thinking", "thinking": [{"type": "text", ...}]}."""
    parts = message.get("content")
    if not isinstance(parts, list):
        return
    text, thinking, others = "", "", []
    for part in parts:
        kind = part.get("type", "text") if isinstance(part, dict) else None
        words = _text(part.get(kind)) if kind in ("text", "thinking") else None
        if words is None:
            others.append(part)
        elif kind == "text":
            text += words
        else:
            thinking += words
    message["content"] = text if text or not thinking else None
    if thinking:
        already = message.get("reasoning_content")
        message["reasoning_content"] = already + thinking if isinstance(already, str) else thinking
    if others:
        message["content_parts"] = others


def _name_reasoning(message: dict[str, Any]) -> None:
    """Some servers give the text under both names; `reasoning_details`, of OpenRouter, stay as they are."""
    if isinstance(message.get("reasoning"), str):
        text = message.pop("reasoning")
        if message.get("reasoning_content") is None:
            message["reasoning_content"] = text


def _text(value: Any) -> str | None:
    """A string, or the text of a list of text parts; None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in value):
        return "".join(part["text"] for part in value)
    return None


def _calls(message: dict[str, Any]) -> list[dict[str, Any]]:
    calls = message.get("tool_calls")
    return [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []


def _place(call: dict[str, Any], choice: int, seen: Seen) -> None:
    """Gives `call` its index: the vendor's own, or the next where an id begins a call, or the last one's."""
    known = seen.tools.get(choice, 0)
    if not isinstance(call.get("index"), int):
        call["index"] = known if call.get("id") or not known else known - 1
    begins = call["index"] >= known
    if begins:
        seen.tools[choice] = call["index"] + 1
        call.setdefault("type", "function")


def _arguments(call: dict[str, Any], missing: str | None = None) -> None:
    """Sets `function.arguments` to the JSON text that it should be, to `missing` where it is not there."""
    function = call.get("function")
    if not isinstance(function, dict):
        return
    arguments = function.get("arguments")
    if arguments is None:
        if missing is not None:
            function["arguments"] = missing
    elif not isinstance(arguments, str):
        function["arguments"] = msgspec.json.encode(arguments).decode()
