"""Real recorded traffic of every OpenAI-compatible vendor, through a real server, judged by an independent reader."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server import ServerProcess, free_port, provider_toml

KINDS = {
    "alibaba": "alibaba",
    "azure": "azure",
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "groq": "groq",
    "huggingface": "huggingface",
    "mistral": "mistral",
    "moonshotai": "moonshotai",
    "ollama": "ollama",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "xai": "xai",
    "zai": "zai",
}
"""Vendor of the recordings -> row of compatible.toml."""

EXCEPTIONS: dict[str, str] = {}
"""Recording -> why it cannot pass; each is a fact about the recording, none a licence for the code."""


@pytest.fixture(scope="module")
def recordings(shared: Path) -> Path:
    return shared / "recordings"


@pytest.fixture(scope="module")
def replay(recordings: Path) -> Iterator[int]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(recordings / "replay_upstream.py"), "--port", str(port), "--provider", ",".join(KINDS)],
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
    config = "".join(provider_toml(name, f"http://127.0.0.1:{replay}/{name}/v1", kind) for name, kind in KINDS.items())
    with ServerProcess(tmp_path_factory.mktemp("home"), config) as running:
        yield running


def check(server: ServerProcess, recordings: Path, replay: int, out: Path, variants: str, *more: str) -> dict[str, Any]:
    models = [argument for name in KINDS for argument in ("--model", f"{name}={name}/m@@{{id}}")]
    apis = [argument for name in KINDS for argument in ("--api", f"{name}=chat")]
    done = subprocess.run(
        [
            sys.executable,
            str(recordings / "replay_check.py"),
            *("--gateway", server.url + "/v1", "--key", server.key, "--replay", f"http://127.0.0.1:{replay}"),
            *models,
            *apis,
            *("--variants", variants, "--json", str(out)),
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


def failures(result: dict[str, Any]) -> list[Any]:
    return [f for f in result["fails"] if f[3] not in EXCEPTIONS]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("variant", ["plain", "rand", "crlf", "cut", "gzip"])
def test_every_chat_recording(
    server: ServerProcess, recordings: Path, replay: int, tmp_path: Path, variant: str
) -> None:
    result = check(server, recordings, replay, tmp_path / "out.json", variant, "--limit", "100000")
    assert not failures(result), json.dumps(failures(result)[:10], indent=1)
    least = {"plain": 1150, "rand": 250, "crlf": 250, "cut": 250, "gzip": 900}[variant]
    assert result["summary"]["ok"] >= least, result["summary"]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("variant", ["byte", "ping"])
def test_a_fixed_sample_of_streams(
    server: ServerProcess, recordings: Path, replay: int, tmp_path: Path, variant: str
) -> None:
    """One hundred streams, the same ones in each run, byte by byte and with a comment before each event."""
    result = check(server, recordings, replay, tmp_path / "out.json", variant, "--only", ",".join(sample(recordings)))
    assert not failures(result), json.dumps(failures(result)[:10], indent=1)
    assert result["summary"]["ok"] >= 100, result["summary"]


def sample(recordings: Path) -> list[str]:
    import gzip

    ids = []
    for name in KINDS:
        with gzip.open(recordings / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            streams = [
                r["id"] for r in map(json.loads, lines) if r["api"] == "chat" and r["stream"] and r["status"] < 400
            ]
        ids += sorted(streams)[:40]
    return ids
