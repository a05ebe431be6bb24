"""Asks a loaded model the way the gateway does: decoded, prepared, streamed over a real socket, read."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx

from penstock.core.answer import Frame, Reader
from penstock.core.exchange import Reply, Target
from penstock.dialects.chat.assembly import Assembly
from penstock.dialects.chat.request import decode
from penstock.providers.local import Endpoint, Local
from penstock.settings import Limits

TARGET = Target("local", "tiny", "tiny")


class Chat:
    """One model. Each call is a chat completion request in its JSON form, with greedy defaults."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint

    async def frames(
        self, *, on_frame: Callable[[Frame], None] = lambda frame: None, **body: Any
    ) -> tuple[list[dict[str, Any]], Reader]:
        """The chunks of a streamed answer, and their reader at its end."""
        frames, reader = await self._stream({"stream": True, **body}, on_frame)
        return [json.loads(frame.data) for frame in frames], reader

    async def whole(self, **body: Any) -> dict[str, Any]:
        """A whole answer."""
        call = _decoded(body)
        frames, reader = await self._stream(body, lambda frame: None)
        assembly = Assembly(call, TARGET)
        for frame in frames:
            assembly.add(frame)
        answer: dict[str, Any] = json.loads(assembly.answer(reader.usage).body)
        return answer

    async def text(self, **body: Any) -> str:
        """The text of a whole answer."""
        content = (await self.whole(**body))["choices"][0]["message"]["content"]
        assert isinstance(content, str)
        return content

    async def _stream(self, body: dict[str, Any], on_frame: Callable[[Frame], None]) -> tuple[list[Frame], Reader]:
        call, local, frames = _decoded(body), Local(self.endpoint), []
        outgoing = local.prepare(call, TARGET)
        async with (
            httpx.AsyncClient(timeout=60) as client,
            client.stream("POST", outgoing.url, content=outgoing.body, headers=outgoing.headers) as response,
        ):
            if response.status_code != 200:
                raise local.explain(Reply(response.status_code, {}, await response.aread()), call)
            reader = local.reader(call, TARGET)
            async for data in response.aiter_raw():
                for frame in reader.feed(data):
                    on_frame(frame)
                    frames.append(frame)
                if reader.done:
                    break
            frames += reader.close()
        return frames, reader


def _decoded(body: dict[str, Any]) -> Any:
    body = {"model": "tiny", "messages": [{"role": "user", "content": "hi"}], "temperature": 0, "max_tokens": 12} | body
    data = json.dumps(body).encode()
    return decode(data, Limits(), id="chatcmpl-1", request_id="req-1", now=1_800_000_000, strict=False)
