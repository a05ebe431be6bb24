"""The commands of the pages about what is stored run as they stand there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.server import ServerProcess, environment

DOCS = Path(__file__).resolve().parents[2] / "docs"
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STRICT = 'set -euo pipefail\ncurl() { command curl --silent --show-error --fail-with-body "$@"; }\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.mark.parametrize("page", ["conversations.md", "stored-completions.md"])
def test_the_commands_run(server: ServerProcess, page: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("no curl on this machine")
    blocks = SHELL.findall((DOCS / page).read_text("utf-8"))
    assert len(blocks) >= 2
    script = STRICT + "".join(blocks)
    for written, meant in (
        ("http://127.0.0.1:8080", server.url),
        ("KEY=sk-ps-...", f"KEY={server.key}"),
        ("penstock completions", f"{sys.executable} -m penstock completions"),
    ):
        assert written in script or page == "conversations.md"
        script = script.replace(written, meant)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=tmp_path,
        env=environment(server.home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"object":"list"' in done.stdout.replace(" ", "")
