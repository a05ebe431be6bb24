"""A vendor on a real socket that does what a test tells it, byte by byte: answers, delays, cuts, stalls, lies."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Self


class Request:
    """What the vendor was sent."""

    def __init__(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.body = body

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """The vendor's side of one connection, raw."""

    def __init__(self, writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> None:
        self._writer = writer
        self._reader = reader

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def head(self, status: int = 200, content_type: str = "application/json", **headers: str) -> None:
        lines = [f"HTTP/1.1 {status} X", f"content-type: {content_type}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.raw("\r\n".join(lines).encode() + b"\r\n\r\n")

    async def whole(self, body: Any, status: int = 200, **headers: str) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.head(status, content_length=str(len(data)), **headers)
        await self.raw(data)

    async def begin_stream(self, **headers: str) -> None:
        await self.head(200, "text/event-stream", transfer_encoding="chunked", **headers)

    async def part(self, data: bytes) -> None:
        await self.raw(b"%x\r\n" % len(data) + data + b"\r\n")

    async def event(self, data: Any) -> None:
        text = data if isinstance(data, str) else json.dumps(data)
        await self.part(f"data: {text}\n\n".encode())

    async def end_stream(self) -> None:
        await self.raw(b"0\r\n\r\n")

    async def gone(self, within_s: float = 5.0) -> bool:
        """Whether the caller closes the connection within so many seconds."""
        try:
            async with asyncio.timeout(within_s):
                return await self._reader.read(1) == b""
        except TimeoutError:
            return False
        except ConnectionError:
            return True

    def close(self) -> None:
        self._writer.close()

    def reset(self) -> None:
        """Ends the connection with a RST; a mere abort of the transport sends a FIN."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Behave = Callable[[Request, Wire], Awaitable[None]]


class FakeVendor:
    """Runs in a thread of its own; `behave` may be changed between requests. `requests` holds what came in."""

    def __init__(self, behave: Behave) -> None:
        self.behave = behave
        self.requests: list[Request] = []
        self.connections = 0
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._main())
        self._loop.close()

    async def _main(self) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, backlog=2048, limit=1 << 22)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()  # one that waits for a reader who is gone would outlive the loop
        await asyncio.sleep(0.01)  # closed transports let go of their sockets in the loop's next turns

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.split("\r\n")
                method, path, _ = first.split(" ", 2)
                headers = {k.strip().lower(): v.strip() for k, s, v in (x.partition(":") for x in lines) if s}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                request = Request(method, path, headers, body)
                self.requests.append(request)
                await self.behave(request, Wire(writer, reader))
                if writer.is_closing():
                    return
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.close()


def completion(text: str = "Hello!", **more: Any) -> dict[str, Any]:
    """A whole chat completion as OpenAI writes it."""
    return {
        "id": "chatcmpl-vendor",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4-0613",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 8,
            "completion_tokens": 10,
            "total_tokens": 18,
            "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        },
        "system_fingerprint": None,
        **more,
    }


def chunk(
    delta: dict[str, Any] | None, finish: str | None = None, index: int = 0, usage: dict[str, Any] | None = None
) -> dict[str, Any]:
    """A chunk of a streamed chat completion as OpenAI writes it; without a delta, one without choices."""
    choices = [] if delta is None else [{"index": index, "delta": delta, "logprobs": None, "finish_reason": finish}]
    return {
        "id": "chatcmpl-vendor",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": "gpt-4-0613",
        "system_fingerprint": None,
        "choices": choices,
        "usage": usage,
    }


USAGE = {"prompt_tokens": 8, "completion_tokens": 10, "total_tokens": 18}


def stream_events(words: list[str], usage: bool = True) -> list[dict[str, Any]]:
    """The chunks of a whole stream: role, words, finish, usage."""
    events = [chunk({"role": "assistant", "content": "", "refusal": None})]
    events += [chunk({"content": word}) for word in words]
    events.append(chunk({}, "stop"))
    if usage:
        events.append(chunk(None, usage=USAGE))
    return events


async def answer(request: Request, wire: Wire) -> None:
    """Behaves: a plain answer, whole or streamed as asked."""
    if not request.json.get("stream"):
        await wire.whole(completion())
        return
    await wire.begin_stream()
    for event in stream_events(["Hel", "lo", "!"]):
        await wire.event(event)
    await wire.event("[DONE]")
    await wire.end_stream()
