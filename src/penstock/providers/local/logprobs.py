"""llama.cpp's logprobs in OpenAI's shape; its token ids stay, as `id`."""

from __future__ import annotations

from typing import Any, Final

_LEAST: Final = -9999.0  # OpenAI's value for "all but impossible"; llama.cpp has the lowest float there is


class Logprobs:
    """Shapes the entries of tokens, with `top` alternatives each."""

    def __init__(self, top: int) -> None:
        self._top = top

    def of(self, entries: list[dict[str, Any]]) -> dict[str, Any]:
        """The `logprobs` member of a choice."""
        return {"content": [self._entry(entry) for entry in entries], "refusal": None}

    def _entry(self, entry: dict[str, Any]) -> dict[str, Any]:
        top = [_token(alternative) for alternative in entry.get("top_logprobs", ())[: self._top]]
        return _token(entry) | {"top_logprobs": top}


def _token(entry: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": entry["id"],
        "token": entry["token"],
        "logprob": max(entry["logprob"], _LEAST) if entry["logprob"] is not None else _LEAST,
        "bytes": entry["bytes"],
    }
