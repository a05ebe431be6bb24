"""What the vendor says, in the form that it is asked in: as chat completions, or in the responses API."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from tests.upstream import USAGE, Request, Wire, chunk, completion

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
    spoken = _Response("".join(words)) if request.path.endswith("/responses") else _Chat("".join(words))
    if not request.json.get("stream"):
        await wire.whole(spoken.whole())
        return
    await wire.begin_stream()
    for event in spoken.before():
        await wire.event(event)
    for word in words:
        await asyncio.sleep(gap_s)
        await wire.event(spoken.word(word))
    for event in spoken.after():
        await wire.event(event)
    await wire.end_stream()


class _Chat:
    """One chat completion."""

    def __init__(self, text: str) -> None:
        self._text = text

    def whole(self) -> Any:
        return completion(self._text)

    def before(self) -> list[Any]:
        return [chunk({"role": "assistant", "content": ""})]

    def word(self, word: str) -> Any:
        return chunk({"content": word})

    def after(self) -> list[Any]:
        return [chunk({}, "stop"), chunk(None, usage=USAGE), "[DONE]"]


class _Response:
    """One response of one message, whose id is its own as a vendor's are."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._item_id = "msg_" + secrets.token_hex(16)

    def whole(self) -> Any:
        return self._resource("completed", [self._message("completed", [self._content(self._text)])])

    def before(self) -> list[Any]:
        return [
            {"type": "response.created", "response": self._resource("in_progress", [])},
            {"type": "response.in_progress", "response": self._resource("in_progress", [])},
            {"type": "response.output_item.added", "output_index": 0, "item": self._message("in_progress", [])},
            self._event("content_part.added", part=self._content("")),
        ]

    def word(self, word: str) -> Any:
        return self._event("output_text.delta", delta=word, logprobs=[])

    def after(self) -> list[Any]:
        whole = self.whole()
        return [
            self._event("output_text.done", text=self._text, logprobs=[]),
            self._event("content_part.done", part=self._content(self._text)),
            {"type": "response.output_item.done", "output_index": 0, "item": whole["output"][0]},
            {"type": "response.completed", "response": whole},
        ]

    def _event(self, name: str, **more: Any) -> dict[str, Any]:
        place = {"item_id": self._item_id, "output_index": 0, "content_index": 0}
        return {"type": f"response.{name}", **place, **more}

    def _content(self, text: str) -> dict[str, Any]:
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    def _message(self, status: str, content: list[Any]) -> dict[str, Any]:
        return {"id": self._item_id, "type": "message", "role": "assistant", "status": status, "content": content}

    def _resource(self, status: str, output: list[Any]) -> dict[str, Any]:
        details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        usage = {"input_tokens": 8, "output_tokens": 9, "total_tokens": 17, **details}
        known = {"id": "resp_vendor", "object": "response", "created_at": 1700000000, "model": "gpt-4o"}
        return {**known, "status": status, "output": output, "usage": usage if output else None}


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or ())
