"""Models from a hub over a real socket; what a user sees of it, with `penstock models pull`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import pytest
from tests.engine.hub import Hub, hub

from penstock.engine import Registry, RegistryError
from penstock.engine.pull import ManyFiles, PullError, find, pull
from penstock.engine.registry import Entry

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def large(tiny: Path) -> bytes:
    """A model of 25 MiB: huggingface_hub writes 10 MiB at a time."""
    return tiny.read_bytes().ljust(25 * MIB, b"\0")


@pytest.fixture
def served(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub, which this process takes for the hub."""
    with hub({"Tiny-Q8_0.gguf": tiny.read_bytes(), "README.md": b"# tiny"}) as running:
        point_to(running.url, monkeypatch)
        yield running
        huggingface_hub.close_session()


@pytest.fixture
def empty(tmp_path: Path) -> Registry:
    return Registry(tmp_path)


def point_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    constants = huggingface_hub.constants
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)  # not that of whoever runs the tests


def fetch(registry: Registry, address: str = "hf:owner/model", name: str | None = None) -> Entry:
    return pull(find(address), registry, name, lambda done, total: None, lambda done, total: None)


def command(home: Path, url: str) -> tuple[list[str], dict[str, str]]:
    """`penstock models pull` in a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "PENSTOCK_"))}
    environment |= {"PENSTOCK_HOME": str(home), "HF_HOME": str(home / "hf"), "HF_ENDPOINT": url, "COLUMNS": "200"}
    return [sys.executable, "-m", "penstock", "models", "pull", "hf:owner/model"], environment


def run(home: Path, url: str) -> subprocess.CompletedProcess[str]:
    line, environment = command(home, url)
    return subprocess.run(line, env=environment, cwd=home, capture_output=True, text=True, timeout=60, check=False)


# The command


def test_pulled_it_is_there_checked_and_ours(tmp_path: Path, served: Hub, tiny: Path) -> None:
    result = run(tmp_path, served.url)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "added: 'tiny-q8_0' (475 kB, llama, context of 4096 tokens)\n"
    assert re.search(r"fetching .* 475\.1/475\.1 kB", result.stderr)
    assert re.search(r"checking .* 475\.1/475\.1 kB", result.stderr)
    (entry,) = Registry(tmp_path).entries().values()
    assert (entry.source, entry.owned) == ("hf:owner/model:Tiny-Q8_0.gguf", True)
    assert Path(entry.path).read_bytes() == tiny.read_bytes()
    assert list((tmp_path / "models" / ".partial").iterdir()) == []


def test_without_the_hub_there_is_one_clear_line(tmp_path: Path) -> None:
    result = run(tmp_path, "http://127.0.0.1:9")  # nobody listens there
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: owner/model: no connection to the hub")


def test_of_several_models_the_command_lists_them(tmp_path: Path, served: Hub, tiny: Path) -> None:
    served.files = {"m-Q4_K_M.gguf": tiny.read_bytes(), "m-Q8_0.gguf": tiny.read_bytes()}
    result = run(tmp_path, served.url)
    assert (result.returncode, result.stdout) == (1, "")
    *files, error = result.stderr.splitlines()
    assert [line.split() for line in files] == [["475", "kB", "m-Q4_K_M.gguf"], ["475", "kB", "m-Q8_0.gguf"]]
    assert error == "Error: owner/model has 2 models; add one of their names: hf:owner/model:FILE"


def test_killed_the_next_one_goes_on_where_it_was(tmp_path: Path, served: Hub, large: bytes) -> None:
    served.files = {"large.gguf": large}
    served.stalls = [21 * MIB]
    line, environment = command(tmp_path, served.url)
    with subprocess.Popen(line, env=environment, cwd=tmp_path, stderr=subprocess.DEVNULL) as process:
        assert served.stalled.wait(30)
        part = next((tmp_path / "models" / ".partial").glob("*.part"))
        while part.stat().st_size < 20 * MIB:
            assert process.poll() is None
        with pytest.raises(RegistryError, match="another command is fetching this very model"):
            fetch(Registry(tmp_path))
        process.kill()
    fetch(Registry(tmp_path))
    assert served.ranges == [None, f"bytes={20 * MIB}-"]
    assert (tmp_path / "models" / "large.gguf").read_bytes() == large


# What it does


def test_progress_goes_to_the_end(empty: Registry, served: Hub, tiny: Path) -> None:
    fetched: list[tuple[int, int]] = []
    checked: list[tuple[int, int]] = []
    size = tiny.stat().st_size
    pull(
        find("hf:owner/model"),
        empty,
        None,
        lambda done, total: fetched.append((done, total)),
        lambda done, total: checked.append((done, total)),
    )
    assert (fetched[0], fetched[-1], checked[-1]) == ((0, size), (size, size), (size, size))


def test_pulled_again_nothing_is_fetched(empty: Registry, served: Hub) -> None:
    assert fetch(empty) == fetch(empty)
    assert served.ranges == [None]


def test_cut_off_it_goes_on_where_it_was(empty: Registry, served: Hub, large: bytes) -> None:
    served.files = {"large.gguf": large}
    served.cuts = [15 * MIB]
    entry = fetch(empty)
    assert served.ranges == [None, f"bytes={10 * MIB}-"]
    assert Path(entry.path).read_bytes() == large


def test_a_damaged_file_is_refused_and_not_kept(empty: Registry, served: Hub) -> None:
    served.damaged = True
    with pytest.raises(PullError, match="was damaged on its way"):
        fetch(empty)
    assert empty.entries() == {}
    assert list((empty.folder / ".partial").iterdir()) == []
    served.damaged = False
    assert fetch(empty).name == "tiny-q8_0"


def test_of_several_files_one_must_be_named(empty: Registry, served: Hub, tiny: Path) -> None:
    data = tiny.read_bytes()
    names = ["m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj-m.gguf", "big-00001-of-00002.gguf", "big-00002-of-00002.gguf"]
    served.files = dict.fromkeys(names, data)
    for address, message in (
        ("hf:owner/model", "has 2 models"),
        ("hf:owner/model:Q5", "has no file 'Q5'"),
        ("hf:owner/model:m-", "has 2 models"),
        ("hf:owner/model:big-00001-of-00002.gguf", "cut into several files"),
    ):
        with pytest.raises(ManyFiles, match=message) as error:
            find(address)
        assert [file.path for file in error.value.files] == ["m-Q4_K_M.gguf", "m-Q8_0.gguf"]
    assert fetch(empty, "hf:owner/model:q4_k_m", "small").source == "hf:owner/model:m-Q4_K_M.gguf"
    assert find("hf:owner/model:m-Q8_0.gguf").path == "m-Q8_0.gguf"


def test_what_is_no_model_is_refused(empty: Registry, served: Hub) -> None:
    served.files = {"page.gguf": b"<html>"}
    with pytest.raises(RegistryError, match="begins with b'<htm'"):
        fetch(empty)
    served.files = {"README.md": b"#"}
    with pytest.raises(PullError, match=r"no \.gguf file that can be pulled"):
        fetch(empty)


def test_a_name_that_is_taken_is_refused_before_anything_is_fetched(
    empty: Registry, served: Hub, tiny: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.gguf"
    other.write_bytes(tiny.read_bytes() + b"\0")
    empty.add(other, "tiny-q8_0", copy=False, progress=lambda done, total: None)
    with pytest.raises(RegistryError, match="'tiny-q8_0' already"):
        fetch(empty)
    assert served.ranges == []


def test_without_room_nothing_is_fetched(empty: Registry, served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: _Usage())
    with pytest.raises(PullError, match="needs 475136 more bytes; there is not that much room"):
        fetch(empty)
    assert served.ranges == []


class _Usage:
    free = 1000


@pytest.mark.parametrize(
    ("address", "refuses", "error"),
    [
        ("hf:owner/other", {}, "no such model"),
        ("hf:owner/model", {"resolve": 403}, "the hub answered 403"),
        ("hf:owner/model", {"api": 418}, "the hub answered 418"),
        ("owner/model", {}, "has the form hf:OWNER/REPO"),
        ("hf:owner", {}, "has the form hf:OWNER/REPO"),
        ("hf:owner/mo..del", {}, "no name of a repository"),
    ],
)
def test_what_the_hub_refuses_is_one_clear_line(
    empty: Registry, served: Hub, address: str, refuses: dict[str, int], error: str
) -> None:
    served.refuses = refuses
    with pytest.raises(PullError, match=error) as raised:
        fetch(empty, address)
    assert "\n" not in str(raised.value)
    if (empty.folder / ".partial").exists():
        assert list((empty.folder / ".partial").iterdir()) == []


def test_offline_means_offline(empty: Registry, served: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(PullError, match="HF_HUB_OFFLINE is set"):
        fetch(empty)
