"""Real recorded traffic behind `POST /v1/responses`: a vendor's own responses, and chat completions made into them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.test_recordings import KINDS
from tests.server import ServerProcess, free_port, provider_toml

NATIVE = {
    "azure": "azure",
    "deepseek": "deepseek",
    "open-responses": "openai",
    "openai": "openai",
    "openrouter": "openrouter",
    "xai": "xai",
}
"""Vendor of the recordings of responses -> row of compatible.toml."""

_TWO = "several answers one after another in one recording; the first end ends the answer"
_BESIDE = "xAI counts reasoning beside completion_tokens; output_tokens of a response hold both"
EXCEPTIONS = {
    "chat": {"6f66b9b0f919e9df": _BESIDE, "15a2c6e8da9801b3": _BESIDE},
    "responses": {"ca1144d26956fd1c": _TWO, "0569d5d568905a53": _TWO},
}
"""Recording -> why it cannot pass; each is a fact about the recording, none a licence for the code."""


@pytest.fixture(scope="module")
def recordings(shared: Path) -> Path:
    return shared / "recordings"


@pytest.fixture(scope="module")
def replay(recordings: Path) -> Iterator[int]:
    port = free_port()
    vendors = ",".join({*KINDS, *NATIVE})
    process = subprocess.Popen(
        [sys.executable, str(recordings / "replay_upstream.py"), "--port", str(port), "--provider", vendors],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "recordings" in process.stdout.readline()
    yield port
    process.terminate()
    process.wait(10)
    process.stdout.close()


@pytest.fixture(scope="module")
def server(replay: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Providers `X-chat` are asked for chat completions, `X-own` for responses."""
    config = ""
    for name, kind in KINDS.items():
        chat_only = "compatible" if kind in NATIVE.values() else kind
        config += provider_toml(f"{name}-chat", f"http://127.0.0.1:{replay}/{name}/v1", chat_only)
    for name, kind in NATIVE.items():
        config += provider_toml(f"{name}-own", f"http://127.0.0.1:{replay}/{name}/v1", kind)
    with ServerProcess(tmp_path_factory.mktemp("home"), config) as running:
        yield running


def check(server: ServerProcess, recordings: Path, replay: int, out: Path, api: str, *more: str) -> dict[str, Any]:
    """What `replay_check.py` finds over all recordings of `api`."""
    how = "chat" if api == "chat" else "own"
    names = KINDS if api == "chat" else NATIVE
    models = [argument for name in names for argument in ("--model", f"{name}={name}-{how}/m@@{{id}}")]
    apis = [argument for name in names for argument in ("--api", f"{name}={api}")]
    done = subprocess.run(
        [
            sys.executable,
            str(recordings / "replay_check.py"),
            *("--gateway", server.url + "/v1", "--key", server.key, "--replay", f"http://127.0.0.1:{replay}"),
            *models,
            *apis,
            *("--front", "responses", "--json", str(out)),
            *more,
        ],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    result: dict[str, Any] = json.loads(out.read_text())
    return result


LEAST = {
    "chat": {"plain": 1150, "rand": 250, "crlf": 250, "cut": 250, "gzip": 900},
    "responses": {"plain": 450, "rand": 100, "crlf": 100, "cut": 100, "gzip": 350, "byte": 100, "ping": 100},
}
"""How many recordings must pass at least, so that none is left out unseen."""


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("api", "variant"), [(api, variant) for api, least in LEAST.items() for variant in least])
def test_every_recording(
    server: ServerProcess, recordings: Path, replay: int, tmp_path: Path, api: str, variant: str
) -> None:
    result = check(server, recordings, replay, tmp_path / "out.json", api, "--variants", variant, "--limit", "100000")
    unexpected = [f for f in result["fails"] if f[3] not in EXCEPTIONS[api]]
    assert not unexpected, json.dumps(unexpected[:10], indent=1)
    if variant == "plain":  # an exception that passes is none
        assert {f[3] for f in result["fails"]} == EXCEPTIONS[api].keys()
    assert result["summary"]["ok"] >= LEAST[api][variant], result["summary"]
