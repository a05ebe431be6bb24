"""A real server with local models of random weights, and questions to it over a real socket."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx

from penstock.engine import Registry
from tests.server import ServerProcess
from tests.tiny_gguf import THINKING, write_tiny_gguf

END = "266"
"""the token that ends an answer of the tiny models"""
HELLO = [{"role": "user", "content": "hi"}]


class LocalServer(ServerProcess):
    """Serves `tiny` and `thinking`; neither ends an answer by itself, but for END."""

    def __init__(self, home: Path, **settings: str) -> None:
        super().__init__(home, **({"PENSTOCK_ENGINE__THREADS": "1", "PENSTOCK_ENGINE__LOADED": "2"} | settings))
        models = home / "files"
        models.mkdir(exist_ok=True)
        self.add(write_tiny_gguf(models / "tiny.gguf"))
        self.add(write_tiny_gguf(models / "thinking.gguf", chat_template=THINKING))

    def add(self, path: Path) -> None:
        """Adds a model file, under its own name."""
        Registry(self.home).add(path, None, copy=False, progress=lambda done, total: None)

    def ask(self, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        """The answer to a chat completion request, whatever it is; greedy and of at most 12 tokens unless it says."""
        asked = {"model": "tiny", "messages": HELLO, "temperature": 0, "max_tokens": 12} | body
        return self.post({name: value for name, value in asked.items() if value is not ...}, headers=headers or {})

    def whole(self, **body: Any) -> dict[str, Any]:
        """A whole answer."""
        response = self.ask(**body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def streamed(self, **body: Any) -> list[dict[str, Any]]:
        """The chunks of a streamed answer."""
        return chunks(self.ask(stream=True, **body))

    def text(self, **body: Any) -> str:
        """The text of a whole answer."""
        text = self.whole(**body)["choices"][0]["message"]["content"]
        assert isinstance(text, str)
        return text

    def refusal(self, **body: Any) -> dict[str, Any]:
        """The error of a request that is a 400."""
        response = self.ask(**body)
        assert response.status_code == 400, response.text
        error: dict[str, Any] = response.json()["error"]
        return error

    def changed(self, **body: Any) -> dict[str, str]:
        """What the answer's header says of parameters."""
        response = self.ask(**body)
        assert response.status_code == 200, response.text
        return params(response)

    def count(self, text: str) -> int:
        """How many tokens `text` has."""
        response = self.post({"model": "tiny", "prompt": text}, "/v1/tokenize")
        count = response.json()["count"]
        assert isinstance(count, int)
        return count


def chunks(response: httpx.Response) -> list[dict[str, Any]]:
    """The chunks of a stream that ended as it should."""
    assert response.status_code == 200, response.text
    *frames, done, rest = response.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [json.loads(frame.removeprefix("data: ")) for frame in frames if not frame.startswith(":")]


def params(response: httpx.Response) -> dict[str, str]:
    """The header `x-penstock-params`."""
    given = response.headers.get("x-penstock-params", "")
    return dict(part.split("=") for part in given.split(", ") if part)


def text_of(chunks: list[dict[str, Any]], index: int = 0) -> str:
    """The text of one choice of a stream."""
    return "".join(
        choice["delta"].get("content") or "" for c in chunks for choice in c["choices"] if choice["index"] == index
    )


def finish_of(chunks: list[dict[str, Any]], index: int = 0) -> str:
    """The one finish reason of one choice of a stream."""
    (reason,) = [
        choice["finish_reason"]
        for c in chunks
        for choice in c["choices"]
        if choice["index"] == index and choice["finish_reason"]
    ]
    assert isinstance(reason, str)
    return reason
