"""Reasoning text told within the text of an answer, for clients that do not want it apart."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from penstock.core.call import Call
from penstock.dialects.chat.upstream_chunk import read_members

OPENS: Final = "<think>\n"
CLOSES: Final = "\n</think>\n\n"
"""What models that reason write around it themselves, and local models give out unread."""

_NAMES: Final = ("reasoning_content", "reasoning")
_FOLLOWS: Final = ("tool_calls", "function_call", "refusal", "audio")


def folds(call: Call) -> bool:
    """Whether it is for us to bring the reasoning into the text, as `params` found for the target asked last."""
    return call.changed.get("separate_reasoning") == "emulated"


class Folding:
    """Brings the reasoning of one stream into its text, chunk by chunk; the text is that of `folded` in the end."""

    def __init__(self) -> None:
        self._open: set[int] = set()  # choices that are amid their reasoning

    def chunk(self, payload: bytes) -> bytes:
        """The chunk `payload`, which has choices, as the client gets it."""
        members = read_members(payload)
        choices = msgspec.json.decode(members["choices"])
        changed = [self._fold(choice, position) for position, choice in enumerate(choices)]
        if not any(changed):
            return payload
        return msgspec.json.encode(members | {"choices": Raw(msgspec.json.encode(choices))})

    def _fold(self, choice: dict[str, Any], position: int) -> bool:
        """Whether `choice` was changed."""
        index = position if choice.get("index") is None else choice["index"]
        delta = choice.get("delta") or {}
        content = delta.get("content")
        if not isinstance(content, str | None):
            return False
        taken, thought = _take(delta)
        told = thought if index in self._open or not thought else OPENS + thought
        if thought:
            self._open.add(index)
        if index in self._open and _ends(delta, choice):
            told += CLOSES
            self._open.discard(index)
        if told:
            choice["delta"] = delta | {"content": told + (content or "")}
        return taken or bool(told)


def folded(raw: Raw) -> Raw:
    """The `choices` of a whole answer, with the reasoning before the text; `raw` itself where there is none."""
    choices = msgspec.json.decode(raw)
    found = False
    for choice in choices:
        message = choice.get("message")
        if not isinstance(message, dict) or not isinstance(message.get("content"), str | None):
            continue
        taken, thought = _take(message)
        found = found or taken
        if thought:
            closes = CLOSES if _ends(message, choice) else ""
            message["content"] = OPENS + thought + closes + (message.get("content") or "")
    return Raw(msgspec.json.encode(choices)) if found else raw


def _take(said: dict[str, Any]) -> tuple[bool, str]:
    """Takes the reasoning out of a message or delta: whether there was such a member, and its text."""
    texts = [said.pop(name) for name in _NAMES if isinstance(said.get(name, ""), str | None) and name in said]
    return bool(texts), next((text for text in texts if text), "")


def _ends(said: dict[str, Any], choice: dict[str, Any]) -> bool:
    """Whether the reasoning is over: something follows it, or the answer ends of itself."""
    if said.get("content") or any(said.get(name) for name in _FOLLOWS):
        return True
    return choice.get("finish_reason") not in (None, "", "length")
