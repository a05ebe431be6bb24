"""No call leaves a circle of objects that holds its request: Python's collector looks for such circles rarely."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server import ServerProcess, free_port
from tests.upstream import FakeVendor, Request, Wire, answer

BODY = "y" * 1_000_000
CALLS = 12
GROWTH_MB = 6  # half of what one copy of each request would take

CONFIG = """
[[provider]]
name = "vendor"
kind = "compatible"
api_key = "key"
base_url = "{url}"

[[provider]]
name = "nobody"
kind = "compatible"
api_key = "key"
base_url = "http://127.0.0.1:{port}/v1"
"""

CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "answered": ("vendor/fine", {}),
    "streamed": ("vendor/fine", {"stream": True}),
    "unknown": ("there-is-none", {}),
    "nobody there": ("nobody/fine", {}),
    "refused": ("vendor/refuses", {}),
    "refused stream": ("vendor/refuses", {"stream": True}),
    "no answer": ("vendor/babbles", {}),
    "no stream": ("vendor/babbles", {"stream": True}),
    "broken stream": ("vendor/breaks", {"stream": True}),
    "late error": ("vendor/refuses-late", {"stream": True}),
    "invalid": ("vendor/fine", {"temperature": 9}),
    "strict": ("vendor/fine", {"seed": 1, "top_logprobs": 3, "prompt_cache_key": "k", "verbosity": "low"}),
    "shortened": ("vendor/fine", {"truncation": "auto"}),
    "left": ("vendor/sleeps", {}),
}


async def behave(request: Request, wire: Wire) -> None:
    model = request.json["model"]
    if model == "refuses":
        await wire.whole({"error": {"message": "no"}}, 400)
    elif model == "babbles":
        await wire.raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\nhello")
    elif model == "breaks":
        await wire.begin_stream()
        await wire.event({"choices": [{"index": 0, "delta": {"content": "so far"}}]})
        wire.reset()
    elif model == "refuses-late":
        await wire.begin_stream()
        late = b'data: {"choices":[{"index":0,"delta":{"content":"so far"}}]}\n\ndata: {"error":{"message":"no"}}\n\n'
        await wire.part(late)
        await wire.end_stream()
    elif model == "sleeps":
        await wire.gone(5)
    else:
        await answer(request, wire)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server whose collector never runs."""
    home = tmp_path_factory.mktemp("circles")
    (home / "sitecustomize.py").write_text("import gc\ngc.freeze = gc.disable\n")
    with FakeVendor(behave) as vendor:
        config = CONFIG.format(url=vendor.url, port=free_port())
        with ServerProcess(home / "home", config, PYTHONPATH=str(home)) as server:
            yield server


def resident_mb(server: ServerProcess) -> float:
    assert server.process is not None
    pages = int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def call(server: ServerProcess, path: str, body: dict[str, Any], case: str) -> None:
    leaves = case == "left"
    headers = {"authorization": f"Bearer {server.key}", "x-strict-params": "true" if case == "strict" else "false"}
    try:
        httpx.post(server.url + path, json=body, headers=headers, timeout=0.3 if leaves else 20)
    except httpx.TimeoutException:
        assert leaves


@pytest.mark.parametrize("endpoint", ["chat/completions", "responses"])
@pytest.mark.parametrize("case", CASES)
def test_a_request_is_forgotten_when_it_is_answered(server: ServerProcess, case: str, endpoint: str) -> None:
    model, more = CASES[case]
    body: dict[str, Any] = {"model": model, **more}
    if endpoint == "responses":
        body["input"] = BODY
    else:
        body["messages"] = [{"role": "user", "content": BODY}]
        body.pop("truncation", None)
    for _ in range(3):  # what is allocated once
        call(server, f"/v1/{endpoint}", body, case)
    before = resident_mb(server)
    for _ in range(CALLS):
        call(server, f"/v1/{endpoint}", body, case)
    growth = resident_mb(server) - before
    assert growth < GROWTH_MB, f"{growth:.1f} MB after {CALLS} requests of 1 MB"
