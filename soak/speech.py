"""What the vendor says, in the form that it is asked in: as chat completions, or in the responses API."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.upstream import Request, Wire, chunk, completion

BETWEEN = " | "
"""What `echo` has between two messages."""


def numerals(count: int) -> list[str]:
    """What `count-N-...` says: the numbers from 0 to N - 1, each with a space after it."""
    return [f"{number} " for number in range(count)]


def heard(request: Request) -> list[str]:
    """The texts of all messages of users."""
    said = request.json.get("messages") or request.json["input"]
    return [_text(item.get("content")) for item in said if item.get("role") == "user"]


async def say(request: Request, wire: Wire, words: list[str], gap_s: float) -> None:
    """Says `words` in the form that it is asked in, whole or `gap_s` seconds apart."""
    native = request.path.endswith("/responses")
    if not request.json.get("stream"):
        text = "".join(words)
        await wire.whole(_response(text, "completed") if native else completion(text))
        return
    await wire.begin_stream()
    before, after = _around(words) if native else (_CHAT_BEFORE, _CHAT_AFTER)
    for event in before:
        await wire.event(event)
    for word in words:
        await asyncio.sleep(gap_s)
        await wire.event(_part("output_text.delta", delta=word) if native else chunk({"content": word}))
    for event in after:
        await wire.event(event)
    await wire.end_stream()


_CHAT_USAGE = {"prompt_tokens": 8, "completion_tokens": 9, "total_tokens": 17}
_CHAT_BEFORE: list[Any] = [chunk({"role": "assistant", "content": ""})]
_CHAT_AFTER: list[Any] = [chunk({}, "stop"), chunk(None, usage=_CHAT_USAGE), "[DONE]"]


def _around(words: list[str]) -> tuple[list[Any], list[Any]]:
    """The events of a stream of the responses API before its text and after."""
    text = "".join(words)
    empty, full = _content(""), _content(text)
    began, ended = _message("", "in_progress"), _message(text, "completed")
    before = [
        {"type": "response.created", "response": _response("", "in_progress")},
        {"type": "response.in_progress", "response": _response("", "in_progress")},
        {"type": "response.output_item.added", "output_index": 0, "item": began},
        _part("content_part.added", part=empty),
    ]
    after = [
        _part("output_text.done", text=text),
        _part("content_part.done", part=full),
        {"type": "response.output_item.done", "output_index": 0, "item": ended},
        {"type": "response.completed", "response": _response(text, "completed")},
    ]
    return before, after


def _part(name: str, **more: Any) -> dict[str, Any]:
    place = {"item_id": "msg_vendor", "output_index": 0, "content_index": 0}
    more = {"logprobs": []} | more if name.startswith("output_text") else more
    return {"type": f"response.{name}", "sequence_number": 0, **place, **more}


def _content(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _message(text: str, status: str) -> dict[str, Any]:
    content = [_content(text)] if text else []
    return {"id": "msg_vendor", "type": "message", "role": "assistant", "status": status, "content": content}


def _response(text: str, status: str) -> dict[str, Any]:
    details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
    usage = {"input_tokens": 8, "output_tokens": 9, "total_tokens": 17, **details}
    return {
        "id": "resp_vendor",
        "object": "response",
        "created_at": 1700000000,
        "model": "gpt-4o",
        "status": status,
        "output": [_message(text, status)] if status == "completed" else [],
        "usage": usage if status == "completed" else None,
    }


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or ())
