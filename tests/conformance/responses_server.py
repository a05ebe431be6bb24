"""A real server with local models and a vendor that speaks both of OpenAI's APIs, and questions to it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Self

import httpx
from openai import OpenAI

from tests.conformance.local_server import LocalServer
from tests.conformance.responses_vendor import speaks
from tests.server import provider_toml
from tests.upstream import Behave, FakeVendor

MODELS = """
[[model]]
name = "native"
snapshot = "native-2024-08-06"
targets = [{ provider = "openai", model = "gpt-4o" }]

[[model]]
name = "thinker"
targets = [{ provider = "openai", model = "o4-mini" }]

[[model]]
name = "chat"
snapshot = "chat-0613"
targets = [{ provider = "chat", model = "some-model" }]
"""
PATH = "/v1/responses"
PNG = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""One dot."""
TOOL = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}


class ResponsesServer(LocalServer):
    """Serves `native` (a vendor's responses), `thinker` (the same with reasoning), `chat` (a vendor without them), and
    `tiny` and `thinking` of this machine."""

    def __init__(self, home: Path, behave: Behave = speaks, config: str = "", **settings: str) -> None:
        self.vendor = FakeVendor(behave)
        self.vendor.__enter__()
        # A connection of its own for each request: any process of the server may get it.
        self._http = httpx.Client(timeout=30, limits=httpx.Limits(max_keepalive_connections=0), trust_env=False)
        providers = provider_toml("openai", self.vendor.url) + provider_toml("chat", self.vendor.url, "compatible")
        super().__init__(home, config=providers + MODELS + config, **settings)

    def __enter__(self) -> Self:
        try:
            super().__enter__()
        except BaseException:
            self.vendor.__exit__()
            self._http.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self.vendor.__exit__()
        self._http.close()

    def post(self, body: Any, path: str = "/v1/chat/completions", **more: Any) -> httpx.Response:
        """One request with the server's key; `body` as JSON unless it is bytes."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"} | more.pop("headers", {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._http.post(self.url + path, content=content, headers=headers, **more)

    def client(self, **how: Any) -> OpenAI:
        """The official SDK, strict."""
        base = {"base_url": self.url + "/v1", "api_key": self.key, "max_retries": 0}
        return OpenAI(**base, _strict_response_validation=True, **how)

    def respond(self, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        """The answer to a responses request, whatever it is; `native` is asked, unless it says."""
        return self.post({"model": "native", "input": "Hello"} | body, PATH, headers=headers or {})

    def response(self, **body: Any) -> dict[str, Any]:
        """A whole response."""
        answer = self.respond(**body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def streamed(self, **body: Any) -> list[dict[str, Any]]:
        """The events of a streamed response."""
        return events(self.respond(stream=True, **body))

    def get(self, path: str, *, key: str | None = None, method: str = "GET", **query: Any) -> httpx.Response:
        """What is at `path` below `/v1/responses`."""
        headers = {"authorization": f"Bearer {key or self.key}"}
        return self._http.request(method, f"{self.url}{PATH}{path}", headers=headers, params=query)


def events(answer: httpx.Response) -> list[dict[str, Any]]:
    """The events of a stream that is as it should be: named by their types, numbered from the first on, ended."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/event-stream")
    return parsed(answer.text)


def parsed(text: str) -> list[dict[str, Any]]:
    """The events in the text of a whole stream."""
    *frames, done, rest = text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    found = []
    for frame in frames:
        if frame.startswith(":"):
            continue
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    first = found[0]["sequence_number"] if found else 0
    assert [event["sequence_number"] for event in found] == list(range(first, first + len(found)))
    return found
