"""A skip is named, and fails the run where CI asks for it, also over several workers."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

_TESTS = """
import pytest

def test_passes(): ...

def test_skips():
    pytest.skip("no shared folder")
"""


@pytest.mark.parametrize(
    ("options", "status"),
    [([], 0), (["--no-skips"], 1), (["--no-skips", "-n", "1"], 1), (["--no-skips", "-k", "passes"], 0)],
    ids=["allowed", "refused", "refused-over-workers", "none"],
)
def test_a_skip(tmp_path: Path, options: list[str], status: int) -> None:
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "test_it.py").write_text(_TESTS)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    assert ("test_it.py::test_skips: no shared folder" in done.stdout) is ("passes" not in options)
    assert ("so this run has failed" in done.stdout) is (status == 1)


def test_ports_are_free_and_never_given_twice(next_port: Callable[[], int], free_port: int) -> None:
    ports = [free_port, *(next_port() for _ in range(50))]
    assert len(set(ports)) == len(ports)
    assert all(1024 < port < 32768 for port in ports)


@pytest.mark.anyio
async def test_async_tests_run_on_asyncio(anyio_backend: str) -> None:
    assert anyio_backend == "asyncio"
