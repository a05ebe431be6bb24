"""Calls for the pure half of local models, and llama.cpp's side of the conversation, written by hand."""

from __future__ import annotations

import json
from typing import Any

from penstock.core.answer import Frame
from penstock.core.call import Call
from penstock.core.exchange import Target
from penstock.dialects.chat.request import decode
from penstock.providers.local import Endpoint, Local
from penstock.settings import Limits

ENDPOINT = Endpoint("http://127.0.0.1:1234", "secret", "fp_abc", context=4096, vocabulary=1000)
TARGET = Target("local", "tiny", "gpt-4-0613")


def call(*, strict: bool = False, **body: Any) -> Call:
    body = {"model": "gpt-4", "messages": [{"role": "user", "content": "hi"}]} | body
    data = json.dumps(body).encode()
    return decode(data, Limits(), id="chatcmpl-7", request_id="req-7", now=1_800_000_000, strict=strict)


def local() -> Local:
    """A provider whose ids are `call_0`, `call_1`, ..."""
    made = 0

    def make_id(prefix: str) -> str:
        nonlocal made
        made += 1
        return f"{prefix}{made - 1}"

    return Local(ENDPOINT, make_id)


def sent(*, strict: bool = False, **body: Any) -> dict[str, Any]:
    """The body that llama.cpp gets for a request."""
    outgoing = local().prepare(call(strict=strict, **body), TARGET)
    result: dict[str, Any] = json.loads(outgoing.body)
    return result


def changed(**body: Any) -> dict[str, str]:
    """What is reported of the request's parameters."""
    made = call(**body)
    local().prepare(made, TARGET)
    return made.changed


def stream(*chunks: dict[str, Any] | bytes, end: bytes = b"data: [DONE]\n\n") -> bytes:
    """The bytes of llama.cpp's stream."""
    lines = [chunk if isinstance(chunk, bytes) else json.dumps(chunk).encode() for chunk in chunks]
    return b"".join(b"data: " + line + b"\n\n" for line in lines) + end


def chunk(
    delta: dict[str, Any] | None = None, finish: str | None = None, logprobs: Any = None, tokens: int | None = None
) -> dict[str, Any]:
    """One of its chunks; `tokens` were written so far, 3 were read anew and 2 from the cache."""
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    if logprobs is not None:
        choice["logprobs"] = {"content": logprobs}
    made: dict[str, Any] = {"id": "x", "object": "chat.completion.chunk", "model": "/secret/path", "choices": [choice]}
    if tokens is not None:
        made["timings"] = {"cache_n": 2, "prompt_n": 3, "predicted_n": tokens, "predicted_ms": 0.1}
    return made


def whole(message: dict[str, Any], entries: list[dict[str, Any]], finish: str = "stop") -> bytes:
    """llama.cpp's whole answer with `entries` of logprobs, one a token."""
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": {"content": entries}}
    timings = {"cache_n": 2, "prompt_n": 3, "predicted_n": len(entries), "predicted_ms": 0.1}
    return json.dumps({"choices": [choice], "timings": timings}).encode()


def texts(*parts: str) -> list[dict[str, Any]]:
    """Chunks of text, a token each."""
    return [
        chunk({"role": "assistant", "content": None}),
        *(chunk({"content": part}, tokens=i + 1) for i, part in enumerate(parts)),
    ]


def entry(token: str, id: int = 1, logprob: float | None = -0.5, top: int = 1) -> dict[str, Any]:
    """llama.cpp's logprob of one token."""
    one = {"id": id, "token": token, "bytes": list(token.encode()), "logprob": logprob}
    return one | {"top_logprobs": [one] * top}


def deltas(frames: list[Frame]) -> list[dict[str, Any]]:
    """What the choices of the frames say."""
    return [choice["delta"] for frame in frames for choice in json.loads(frame.data)["choices"]]
