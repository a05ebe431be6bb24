"""`penstock models pull` against a hub over a real socket."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.engine.hub import Hub, hub

from penstock.engine import Registry

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def large(tiny: Path) -> bytes:
    """A model of 25 MiB: huggingface_hub writes 10 MiB at a time."""
    return tiny.read_bytes().ljust(25 * MIB, b"\0")


@pytest.fixture
def served(tiny: Path) -> Iterator[Hub]:
    with hub({"Tiny-Q8_0.gguf": tiny.read_bytes(), "README.md": b"# tiny"}) as running:
        yield running


def command(home: Path, served: Hub | None, *arguments: str) -> tuple[list[str], dict[str, str]]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PENSTOCK_"))}
    environment |= {"PENSTOCK_HOME": str(home), "HF_HOME": str(home / "hf"), "COLUMNS": "200"}
    environment["HF_ENDPOINT"] = served.url if served is not None else "http://127.0.0.1:9"  # nobody listens there
    return [sys.executable, "-m", "penstock", "models", *arguments], environment


def run(home: Path, served: Hub | None, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    line, environment = command(home, served, *arguments)
    home.mkdir(exist_ok=True)
    return subprocess.run(
        line, env=environment | more, cwd=home, capture_output=True, text=True, timeout=60, check=False
    )


def errors(result: subprocess.CompletedProcess[str]) -> list[str]:
    """What was said on stderr, without the bars."""
    assert "Traceback" not in result.stderr
    return [line for line in result.stderr.splitlines() if not re.match(r"$|fetching |checking ", line)]


def test_pulled_it_is_there_checked_and_ours(tmp_path: Path, served: Hub, tiny: Path) -> None:
    result = run(tmp_path, served, "pull", "hf:owner/model")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "added: 'tiny-q8_0' (475 kB, llama, context of 4096 tokens)\n"
    assert re.search(r"fetching .* 475\.1/475\.1 kB", result.stderr)
    assert re.search(r"checking .* 475\.1/475\.1 kB", result.stderr)
    (entry,) = Registry(tmp_path).entries().values()
    assert (entry.source, entry.owned) == ("hf:owner/model:Tiny-Q8_0.gguf", True)
    assert Path(entry.path).read_bytes() == tiny.read_bytes()
    assert list((tmp_path / "models" / ".partial").iterdir()) == []


def test_pulled_again_nothing_is_fetched(tmp_path: Path, served: Hub) -> None:
    for _ in range(2):
        assert run(tmp_path, served, "pull", "hf:owner/model").returncode == 0
    assert served.ranges == [None]


def test_cut_off_it_goes_on_where_it_was(tmp_path: Path, served: Hub, large: bytes) -> None:
    served.files = {"large.gguf": large}
    served.cuts = [15 * MIB]
    result = run(tmp_path, served, "pull", "hf:owner/model")
    assert result.returncode == 0, result.stderr
    assert served.ranges == [None, f"bytes={10 * MIB}-"]
    assert (tmp_path / "models" / "large.gguf").read_bytes() == large


def test_killed_the_next_one_goes_on_where_it_was(tmp_path: Path, served: Hub, large: bytes) -> None:
    served.files = {"large.gguf": large}
    served.stalls = [21 * MIB]
    line, environment = command(tmp_path, served, "pull", "hf:owner/model")
    with subprocess.Popen(line, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        assert served.stalled.wait(30)
        part = next((tmp_path / "models" / ".partial").glob("*.part"))
        while part.stat().st_size < 20 * MIB:
            assert process.poll() is None
        second = run(tmp_path, served, "pull", "hf:owner/model")  # meanwhile
        assert errors(second) == ["Error: another command is fetching this very model now; let it finish"]
        process.kill()
    result = run(tmp_path, served, "pull", "hf:owner/model")
    assert result.returncode == 0, result.stderr
    assert served.ranges == [None, f"bytes={20 * MIB}-"]
    assert (tmp_path / "models" / "large.gguf").read_bytes() == large


def test_a_damaged_file_is_refused_and_not_kept(tmp_path: Path, served: Hub) -> None:
    served.damaged = True
    result = run(tmp_path, served, "pull", "hf:owner/model")
    assert result.returncode == 1
    (error,) = errors(result)
    assert "was damaged on its way" in error
    assert Registry(tmp_path).entries() == {}
    assert list((tmp_path / "models" / ".partial").iterdir()) == []
    served.damaged = False
    assert run(tmp_path, served, "pull", "hf:owner/model").returncode == 0


def test_of_several_files_one_must_be_named(tmp_path: Path, served: Hub, tiny: Path) -> None:
    data = tiny.read_bytes()
    served.files = {
        "m-Q4_K_M.gguf": data,
        "m-Q8_0.gguf": data,
        "mmproj-m.gguf": data,
        "big-00001-of-00002.gguf": data,
        "big-00002-of-00002.gguf": data,
    }
    result = run(tmp_path, served, "pull", "hf:owner/model")
    assert result.returncode == 1
    *files, error = errors(result)
    assert [line.split() for line in files] == [["475", "kB", "m-Q4_K_M.gguf"], ["475", "kB", "m-Q8_0.gguf"]]
    assert error == "Error: owner/model has 2 models; add one of their names: hf:owner/model:FILE"
    assert "has no file 'Q5'" in errors(run(tmp_path, served, "pull", "hf:owner/model:Q5"))[-1]
    assert (
        "cut into several files" in errors(run(tmp_path, served, "pull", "hf:owner/model:big-00001-of-00002.gguf"))[-1]
    )
    result = run(tmp_path, served, "pull", "hf:owner/model:q4_k_m", "--name", "small")
    assert result.returncode == 0, result.stderr
    assert Registry(tmp_path).entries()["small"].source == "hf:owner/model:m-Q4_K_M.gguf"


def test_what_is_no_model_is_refused(tmp_path: Path, served: Hub) -> None:
    served.files = {"page.gguf": b"<html>"}
    result = run(tmp_path, served, "pull", "hf:owner/model")
    assert result.returncode == 1
    assert "begins with b'<htm'" in errors(result)[-1]
    served.files = {"README.md": b"#"}
    assert "no .gguf file that can be pulled" in errors(run(tmp_path, served, "pull", "hf:owner/model"))[-1]


def test_a_name_that_is_taken_is_refused_before_anything_is_fetched(tmp_path: Path, served: Hub, tiny: Path) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(tiny.read_bytes() + b"\0")
    Registry(tmp_path).add(other, "tiny-q8_0", copy=False, progress=lambda done, total: None)
    result = run(tmp_path, served, "pull", "hf:owner/model")
    assert (result.returncode, served.ranges) == (1, [])
    assert "'tiny-q8_0' already" in errors(result)[-1]


@pytest.mark.parametrize(
    ("address", "refuses", "environment", "error"),
    [
        ("hf:owner/model", None, {}, "no connection to the hub"),
        ("hf:owner/model", {}, {"HF_HUB_OFFLINE": "1"}, "HF_HUB_OFFLINE is set"),
        ("hf:owner/other", {}, {}, "no such model"),
        ("hf:owner/model", {"resolve": 403}, {}, "the hub answered 403"),
        ("hf:owner/model", {"api": 418}, {}, "the hub answered 418"),
        ("owner/model", {}, {}, "has the form hf:OWNER/REPO"),
        ("hf:owner/mo..del", {}, {}, "no name of a repository"),
    ],
)
def test_what_the_hub_refuses_is_one_clear_line(
    tmp_path: Path, served: Hub, address: str, refuses: dict[str, int] | None, environment: dict[str, str], error: str
) -> None:
    served.refuses = refuses or {}
    result = run(tmp_path, None if refuses is None else served, "pull", address, **environment)
    assert result.returncode == 1
    (line,) = errors(result)
    assert line.startswith("Error: ")
    assert error in line
