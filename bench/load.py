"""Load on loopback, bounded in count and time: many streams at once, single requests at a fixed rate or at once."""

from __future__ import annotations

import asyncio
import json
import time

HEADERS = "content-type: application/json\r\nauthorization: Bearer {key}\r\nhost: 127.0.0.1\r\n"


def request(path: str, key: str, body: bytes) -> bytes:
    """One HTTP/1.1 request as bytes."""
    head = f"POST {path} HTTP/1.1\r\n" + HEADERS.format(key=key) + f"content-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def chat_body(size: int, **more: object) -> bytes:
    """A chat completion request of about `size` bytes."""
    base = {"model": "gpt-4", "messages": [{"role": "user", "content": ""}], "temperature": 0.7, **more}
    room = max(1, size - len(json.dumps(base, separators=(",", ":"))))
    base["messages"] = [{"role": "user", "content": "x" * room}]
    return json.dumps(base, separators=(",", ":")).encode()


def response_body(size: int, **more: object) -> bytes:
    """A request for a response, of about `size` bytes, that asks the same as `chat_body`."""
    base = {"model": "gpt-4", "input": "", "temperature": 0.7, **more}
    base["input"] = "x" * max(1, size - len(json.dumps(base, separators=(",", ":"))))
    return json.dumps(base, separators=(",", ":")).encode()


class _Stream(asyncio.Protocol):
    def __init__(self, sent: bytes, mark: bytes, done: asyncio.Future[None]) -> None:
        self._sent = sent
        self._mark = mark
        self._done = done
        self.first: float | None = None
        self.chunks = 0
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.began = time.perf_counter()
        transport.write(self._sent)

    def data_received(self, data: bytes) -> None:
        if self.first is None and b"data: " in data:
            self.first = time.perf_counter() - self.began
        # What is left of the last read is too short for a mark, so that none is counted twice.
        seen = self._tail + data
        self.chunks += seen.count(self._mark)
        self._tail = seen[max(seen.rfind(self._mark) + 1, len(seen) - len(self._mark) + 1) :]
        if b"data: [DONE]" in seen[-64:]:
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        self._finish()

    def _finish(self) -> None:
        if not self._done.done():
            self._done.set_result(None)
            self._transport.close()


async def streams(port: int, path: str, key: str, count: int, chunks: int, gap_ms: float) -> tuple[list[float], int]:
    """`count` streams at once, begun evenly over a second: times to the first event in seconds, and all chunks seen."""
    body = chat_body(1024, stream=True, user=f"{chunks}/{gap_ms}")
    return await streams_of(port, request(path, key, body), count, b"data: {")


async def streams_of(port: int, sent: bytes, count: int, mark: bytes) -> tuple[list[float], int]:
    """The same of any request, whose streams have `mark` once in every event that counts."""
    loop = asyncio.get_running_loop()
    running: list[tuple[_Stream, asyncio.Future[None]]] = []

    async def one() -> None:
        done: asyncio.Future[None] = loop.create_future()
        stream = _Stream(sent, mark, done)
        running.append((stream, done))
        await loop.create_connection(lambda: stream, "127.0.0.1", port)

    starting = []
    for _ in range(count):
        starting.append(asyncio.create_task(one()))
        await asyncio.sleep(1 / count)
    await asyncio.gather(*starting)
    await asyncio.wait_for(asyncio.gather(*(done for _, done in running)), 120)
    firsts = [stream.first for stream, _ in running if stream.first is not None]
    return firsts, sum(stream.chunks for stream, _ in running)


async def at_rate(port: int, path: str, key: str, rate: float, seconds: float) -> list[float]:
    """Requests at `rate` a second, each on a kept connection: seconds each took, open loop."""
    sent = request(path, key, chat_body(1024))
    free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    took: list[float] = []

    async def one() -> None:
        reader, writer = free.pop() if free else await asyncio.open_connection("127.0.0.1", port)
        began = time.perf_counter()
        writer.write(sent)
        head = await reader.readuntil(b"\r\n\r\n")
        at = head.lower().index(b"content-length:") + 15
        await reader.readexactly(int(head[at:].split(b"\r\n", 1)[0]))
        took.append(time.perf_counter() - began)
        assert head.startswith(b"HTTP/1.1 200"), head
        free.append((reader, writer))

    begin, tasks = time.perf_counter(), []
    for number in range(int(rate * seconds)):
        await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    for _, writer in free:
        writer.close()
    return took


async def at_once(port: int, sent: bytes, count: int, connections: int) -> None:
    """`count` requests with whole answers, as fast as they are answered on so many connections."""
    left = iter(range(count))

    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in left:
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
            at = head.lower().index(b"content-length:") + 15
            body = await reader.readexactly(int(head[at:].split(b"\r\n", 1)[0]))
            assert head.startswith(b"HTTP/1.1 200"), body
        writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
