"""A vendor that costs next to nothing: whole answers of 1 KB at once, streams of chunks at a fixed pace.

`python -m bench.upstream PORT`. The length and pace of a stream come from the request's
`user`: `150/20` is 150 chunks, 20 ms apart.
"""

from __future__ import annotations

import asyncio
import json
import sys

_TEXT = "The gate is open and the water runs down the pipe to the wheel. " * 10
_BODY = json.dumps(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4-0613",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": _TEXT[:640], "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 180, "completion_tokens": 120, "total_tokens": 300},
        "system_fingerprint": None,
    }
).encode()
_WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(_BODY) + _BODY
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def _frame(delta: dict[str, str], finish: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    choices = [] if usage else [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
    chunk = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4-0613",
        "service_tier": "default",
        "system_fingerprint": None,
        "choices": choices,
        "usage": usage,
    }
    data = b"data: " + json.dumps(chunk, separators=(",", ":")).encode() + b"\n\n"
    return b"%x\r\n" % len(data) + data + b"\r\n"


_ROLE = _frame({"role": "assistant", "content": ""})
_WORD = _frame({"content": " water"})
_LAST = (
    _frame({}, "stop")
    + _frame({}, usage={"prompt_tokens": 180, "completion_tokens": 120, "total_tokens": 300})
    + b"e\r\ndata: [DONE]\n\n\r\n"
    + b"0\r\n\r\n"
)


class _Vendor(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = b""
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while True:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            if b'"stream":true' in body:
                chunks, gap_ms = json.loads(body)["user"].split("/")
                self._transport.write(_HEAD + _ROLE + _WORD)
                self._left = int(chunks) - 1
                self._gap = float(gap_ms) / 1000
                self._due = self._loop.time() + self._gap
                self._timer = self._loop.call_at(self._due, self._next)
            else:
                self._transport.write(_WHOLE)

    def _next(self) -> None:
        if self._left == 0:
            self._transport.write(_LAST)
            return
        self._transport.write(_WORD)
        self._left -= 1
        self._due += self._gap
        self._timer = self._loop.call_at(self._due, self._next)

    def connection_lost(self, error: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()


async def _main(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(_Vendor, "127.0.0.1", port, backlog=4096)
    print("ready", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
