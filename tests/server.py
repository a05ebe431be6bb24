"""A real `penstock serve` in a process of its own, on a free port, in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from secrets import randbelow
from typing import Any, Self

import httpx


def free_port() -> int:
    """A free port below those that the system hands out by itself, so that no other connection sits on it later."""
    while True:
        port = 12_000 + randbelow(20_000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def penstock(home: Path, *arguments: str, timeout: float = 60, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs one command of Penstock's in the data folder `home`."""
    return subprocess.run(
        [sys.executable, "-m", "penstock", *arguments],
        env=environment(home),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=check,
    )


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment without any setting of the machine's own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PENSTOCK_")}
    return clean | {"PENSTOCK_HOME": str(home), "PYTHONWARNINGS": "default"} | more


class ServerProcess:
    """Starts with `config` (TOML text) and settings from the environment; ends with the context."""

    def __init__(self, home: Path, config: str = "", **settings: str) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._config = home / "penstock.toml"
        self._config.write_text(config)
        self._environment = environment(
            home, **{"PENSTOCK_SERVER__PORT": str(self.port), "PENSTOCK_SERVER__DRAIN_S": "5", **settings}
        )
        self.log = home / "server.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.key = ""

    def __enter__(self) -> Self:
        self.key = penstock(self.home, "keys", "create", "--name", "tests").stdout.strip()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, timeout: float = 60) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "penstock", "--config", str(self._config), "serve"],
                env=self._environment,
                cwd=self.home,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(
                    f"the server ended with {self.process.returncode}:\n{self.log.read_text()[-4000:]}"
                )
            try:
                if httpx.get(self.url + "/readyz", timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.02)
        raise AssertionError(f"the server was not ready in {timeout} s:\n{self.log.read_text()[-4000:]}")

    def stop(self, sig: int = signal.SIGTERM, timeout: float = 30) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
            raise AssertionError(f"the server did not stop in {timeout} s:\n{self.log.read_text()[-4000:]}") from None

    def kill(self) -> None:
        """kill -9 of the server alone, then a wait for its end."""
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)

    def post(self, body: Any, path: str = "/v1/chat/completions", **more: Any) -> httpx.Response:
        """One request with the server's key; `body` as JSON unless it is bytes."""
        headers = {"authorization": f"Bearer {self.key}", "content-type": "application/json"} | more.pop("headers", {})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return httpx.post(self.url + path, content=content, headers=headers, timeout=more.pop("timeout", 30), **more)

    def records(self) -> list[dict[str, Any]]:
        """Every record, newest first, as `penstock requests` tells it."""
        out = penstock(self.home, "requests", "--json", "--limit", "0").stdout
        return [json.loads(line) for line in out.splitlines()]


def provider_toml(name: str, url: str, kind: str = "openai", key: str = "sk-vendor-secret", more: str = "") -> str:
    """One [[provider]] for penstock.toml."""
    return f'[[provider]]\nname = "{name}"\nkind = "{kind}"\napi_key = "{key}"\nbase_url = "{url}"\n{more}\n'
