"""A whole chat completion from the chunks of a stream, of one choice or of several in any order."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from penstock.core.answer import Answer, Frame
from penstock.core.call import Call
from penstock.core.errors import UpstreamBroke
from penstock.core.exchange import Target
from penstock.core.usage import Usage
from penstock.dialects.chat.chunks import usage_object

_MOST_BYTES: Final = 64 * 1024 * 1024
"""Chunks that one answer may have, in bytes: as much as a whole answer may."""

# Members that a stream tells once and whole; where a vendor repeats them, the first one that is not empty counts.
_ONCE: Final = frozenset({"role", "type", "id", "name", "index"})
_OURS: Final = frozenset({"id", "object", "created", "model", "choices", "usage"})


class Assembly:
    """Collects the chunks of one answer: strings and lists grow, the rest is replaced."""

    def __init__(self, call: Call, target: Target) -> None:
        self._call = call
        self._target = target
        self._choices: dict[int, dict[str, Any]] = {}
        self._members: dict[str, Any] = {}
        self._left = _MOST_BYTES

    def add(self, frame: Frame) -> None:
        """Takes one chunk. Raises UpstreamBroke where the answer grows over 64 MiB of chunks."""
        self._left -= len(frame.data)
        if self._left < 0:
            raise UpstreamBroke(f"the streamed answer is larger than {_MOST_BYTES} bytes")
        chunk = msgspec.json.decode(frame.data)
        for name, value in chunk.items():
            if name not in _OURS and value is not None:
                self._members[name] = value
        for choice in chunk.get("choices") or ():
            self._add_choice(choice)

    def answer(self, usage: Usage | None) -> Answer:
        """The chat completion of everything taken so far; `usage` is that of all its choices."""
        choices = [_finished(self._choices[index]) for index in sorted(self._choices)]
        body: dict[str, Any] = {
            "id": self._call.id,
            "object": "chat.completion",
            "created": self._call.created,
            "model": self._target.served_as,
            "choices": choices,
        }
        if usage is not None:
            body["usage"] = usage_object(usage)
        reasons = [choice["finish_reason"] for choice in choices if choice["finish_reason"]]
        tier = self._members.get("service_tier")
        return Answer(
            msgspec.json.encode(body | self._members),
            usage,
            reasons,
            service_tier=tier if isinstance(tier, str) else None,
            has_meta="meta" in self._members,
        )

    def _add_choice(self, choice: dict[str, Any]) -> None:
        index = choice.get("index") or 0
        known = self._choices.setdefault(
            index, {"index": index, "message": {"role": "assistant"}, "logprobs": None, "finish_reason": None}
        )
        for name, value in choice.items():
            if value is None or name == "index":
                continue
            if name == "delta":
                _merge(known["message"], value)
            elif name == "logprobs":
                known["logprobs"] = _with_logprobs(known["logprobs"], value)
            else:
                known[name] = value


def _merge(into: dict[str, Any], delta: dict[str, Any]) -> None:
    for name, value in delta.items():
        before = into.get(name)
        if value is None:
            continue
        if name in _ONCE:
            into[name] = before or value
        elif isinstance(value, list):
            into[name] = _merged_list(before if isinstance(before, list) else [], value)
        elif isinstance(value, str) and isinstance(before, str):
            into[name] = before + value
        elif isinstance(value, dict):
            merged = before if isinstance(before, dict) else {}
            _merge(merged, value)
            into[name] = merged
        else:
            into[name] = value


def _merged_list(known: list[Any], news: list[Any]) -> list[Any]:
    for item in news:
        if not isinstance(item, dict) or item.get("index") is None:
            known.append(item)
            continue
        same = next((k for k in known if isinstance(k, dict) and k.get("index") == item["index"]), None)
        if same is None:
            same = {}
            known.append(same)
        _merge(same, item)
    return known


def _with_logprobs(known: dict[str, Any] | None, news: dict[str, Any]) -> dict[str, Any]:
    known = known or {"content": None, "refusal": None}
    for name, entries in news.items():
        if isinstance(entries, list):
            known[name] = (known.get(name) or []) + entries
    return known


def _finished(choice: dict[str, Any]) -> dict[str, Any]:
    """The choice as it stands in a whole answer: calls in order and without `index`, content null beside them."""
    message = dict(choice["message"])
    role, content, refusal = (message.pop(name, None) for name in ("role", "content", "refusal"))
    calls = [call for call in message.pop("tool_calls", ()) if isinstance(call, dict)]
    if calls:
        calls.sort(key=lambda call: call.get("index") or 0)
        message["tool_calls"] = [{name: value for name, value in call.items() if name != "index"} for call in calls]
    if not content and (calls or "function_call" in message):
        content = None
    return choice | {"message": {"role": role, "content": content, "refusal": refusal, **message}}
