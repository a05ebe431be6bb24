"""A load client that knows, of every answer, how much of it arrived. Plain HTTP/1.1 on loopback, connections kept."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import Any

import msgspec

_KEPT = 256  # idle connections


class Refused(Exception):
    """No connection could be made: nothing was sent."""


class Answer(msgspec.Struct):
    """One call and what came back; `status` is 0 where no head arrived, `whole` says that every byte promised did."""

    model: str
    status: int = 0
    headers: dict[str, str] = {}
    body: bytes = b""
    whole: bool = False
    trouble: str | None = None

    @property
    def request_id(self) -> str:
        return self.headers.get("x-request-id", "")

    @property
    def streamed(self) -> bool:
        return self.headers.get("content-type", "").startswith("text/event-stream")

    @property
    def data(self) -> list[bytes]:
        """The data of every event of a stream but `[DONE]`, of events whose end arrived; events may have names."""
        lines = (line for frame in self.body.split(b"\n\n")[:-1] for line in frame.split(b"\n"))
        return [line[6:] for line in lines if line.startswith(b"data: ") and line != b"data: [DONE]"]

    @property
    def events(self) -> list[Any]:
        """The same as values. Raises ValueError."""
        return [json.loads(data) for data in self.data]

    @property
    def done(self) -> bool:
        """Whether the stream said that it is complete."""
        return self.streamed and b"data: [DONE]\n\n" in self.body

    @property
    def received(self) -> bool:
        """Whether the client holds the whole of it: then it must have its record."""
        return self.whole or self.done

    @property
    def error(self) -> dict[str, Any] | None:
        """The error object, of the whole answer or of the last event. Raises ValueError where the body is no JSON."""
        if not self.streamed:
            return json.loads(self.body).get("error") if self.received else None
        events = self.events
        return events[-1].get("error") if events else None

    @property
    def text(self) -> str:
        """What the answer says; nothing where it is an error. Raises ValueError where the body is no JSON."""
        name, bodies = ("delta", self.events) if self.streamed else ("message", [json.loads(self.body)])
        said = (choice[name] for body in bodies for choice in body.get("choices", ()))
        return "".join(part.get("content") or "" for part in said)

    @property
    def finish_reasons(self) -> list[str]:
        """The reasons that were told, in their order."""
        bodies = self.events if self.streamed else [json.loads(self.body)]
        return [c["finish_reason"] for body in bodies for c in body.get("choices", ()) if c.get("finish_reason")]


class Client:
    """Calls one server with one key."""

    def __init__(self, port: int, key: str) -> None:
        self._port = port
        self._key = key
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def chat(self, model: str, *, stream: bool = False, within_s: float = 60.0, **more: Any) -> Answer:
        """One chat completion. Never raises for what the server does; Refused where it is not there."""
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "stream": stream, **more}
        return await self.post(json.dumps(body).encode(), model, within_s)

    async def post(self, body: bytes, model: str = "", within_s: float = 60.0) -> Answer:
        """The same with a body of any bytes."""
        return await self.send("POST", "/v1/chat/completions", body, Answer(model), within_s)

    async def send(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        answer: Answer | None = None,
        within_s: float = 60.0,
        **headers: str,
    ) -> Answer:
        """Any request; an underscore in the name of a header stands for a hyphen. The answer grows in `answer`, whose
        head can be read before its end. One that has no end after `within_s` is given up. Raises Refused.
        """
        answer = answer or Answer(path)
        try:
            connection = self._free.pop() if self._free else await self._connect()
        except OSError as error:
            raise Refused(str(error)) from error
        try:
            async with asyncio.timeout(within_s):
                await self._exchange(_request(method, path, self._key, body, headers), answer, *connection)
        except TimeoutError:
            answer.trouble = f"no end after {within_s:g} s"
        except (OSError, EOFError, ValueError) as error:  # reset; IncompleteReadError; no HTTP
            answer.trouble = f"{type(error).__name__}: {error}"
        if answer.trouble is None and len(self._free) < _KEPT and answer.headers.get("connection") != "close":
            self._free.append(connection)
        else:
            connection[1].close()
        return answer

    def drop(self) -> None:
        """Closes the idle connections."""
        while self._free:
            self._free.pop()[1].close()

    async def close(self) -> None:
        """Closes every connection, and waits for their ends."""
        connections, self._free = self._free, []
        for _, writer in connections:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)

    async def _exchange(
        self, request: bytes, answer: Answer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        writer.write(request)
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, s, value in (line.partition(":") for line in lines) if s}
        answer.status, answer.headers = int(first.split(" ", 2)[1]), headers
        if "content-length" in headers:
            answer.body = await reader.readexactly(int(headers["content-length"]))
        elif headers.get("transfer-encoding") == "chunked":
            parts: list[bytes] = []
            try:
                while size := int(await reader.readuntil(b"\r\n"), 16):
                    parts.append((await reader.readexactly(size + 2))[:-2])
                await reader.readexactly(2)
            finally:
                answer.body = b"".join(parts)
        else:
            raise ValueError("an answer without a length")
        answer.whole = True


def _request(method: str, path: str, key: str, body: bytes, more: dict[str, str]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"authorization: Bearer {key}"]
    if body or method != "GET":
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body
