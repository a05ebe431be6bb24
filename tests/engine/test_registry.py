"""The list of local models: added, copied, removed, by several processes at once, and after a fall."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from tests.tiny_gguf import write_tiny_gguf

from penstock.engine import Registry, RegistryError
from penstock.engine.registry import default_name


def quiet(done: int, total: int) -> None:
    """Nobody watches."""


@pytest.fixture
def empty(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "home")


def test_nothing_is_there_at_first_and_nothing_is_made(empty: Registry) -> None:
    assert empty.entries() == {}
    assert not empty.folder.exists()


def test_added_where_it_is(empty: Registry, tiny: Path) -> None:
    steps: list[tuple[int, int]] = []
    entry = empty.add(tiny, None, copy=False, progress=lambda done, total: steps.append((done, total)))
    size = tiny.stat().st_size
    assert (entry.name, entry.path, entry.owned) == ("tiny", str(tiny), False)
    assert entry.sha256 == hashlib.sha256(tiny.read_bytes()).hexdigest()
    assert (entry.size, entry.context, entry.architecture) == (size, 4096, "llama")
    assert steps[-1] == (size, size)
    assert Registry(empty.folder.parent).entries() == {"tiny": entry}


def test_removed_the_file_stays_the_users(empty: Registry, tiny: Path) -> None:
    empty.add(tiny, None, copy=False, progress=quiet)
    empty.remove("tiny")
    assert empty.entries() == {}
    assert tiny.exists()


def test_a_copy_is_ours_and_goes_with_the_model(empty: Registry, tiny: Path) -> None:
    entry = empty.add(tiny, "mine", copy=True, progress=quiet)
    copy = Path(entry.path)
    assert copy.parent == empty.folder
    assert copy.read_bytes() == tiny.read_bytes()
    assert entry.trouble() is None
    empty.remove("mine")
    assert not copy.exists()
    assert tiny.exists()
    assert list((empty.folder / ".partial").iterdir()) == []


def test_a_running_reader_sees_what_another_process_adds_and_removes(empty: Registry, tiny: Path) -> None:
    other = Registry(empty.folder.parent)
    other.add(tiny, "one", copy=False, progress=quiet)
    assert list(empty.entries()) == ["one"]
    assert empty.entries() is empty.entries()  # nothing is read again where nothing has changed
    other.remove("one")
    assert empty.entries() == {}


@pytest.mark.parametrize("name", ["", "a b", "../up", "a/b", "-a", ".a", "ä", "a" * 97])
def test_a_name_that_no_model_can_have(empty: Registry, tiny: Path, name: str) -> None:
    with pytest.raises(RegistryError, match="cannot be a model's name"):
        empty.free_name(name)


def test_a_name_is_given_once_whatever_its_case(empty: Registry, tiny: Path) -> None:
    empty.add(tiny, "Model", copy=False, progress=quiet)
    with pytest.raises(RegistryError, match="'Model' already"):
        empty.add(tiny, "model", copy=False, progress=quiet)


@pytest.mark.parametrize(
    ("file_name", "name"),
    [
        ("Qwen2.5-0.5B-Instruct-Q4_K_M.gguf", "qwen2.5-0.5b-instruct-q4_k_m"),
        ("My Model (v2).GGUF", "my-model-v2"),
        ("plain", "plain"),
    ],
)
def test_the_name_comes_from_the_file(file_name: str, name: str) -> None:
    assert default_name(file_name) == name


@pytest.mark.parametrize("copy", [False, True])
def test_what_is_no_model_is_not_added(empty: Registry, tmp_path: Path, copy: bool) -> None:
    page = tmp_path / "page.gguf"
    page.write_text("<html>not found</html>")
    with pytest.raises(RegistryError, match=r"page\.gguf is no model"):
        empty.add(page, None, copy=copy, progress=quiet)
    assert empty.entries() == {}


def test_one_file_of_several_is_not_added(empty: Registry, tmp_path: Path) -> None:
    part = write_tiny_gguf(tmp_path / "big-00001-of-00002.gguf")
    with pytest.raises(RegistryError, match="one of 2 files"):
        empty.add(part, None, copy=False, progress=quiet)


def test_a_file_that_is_not_there(empty: Registry, tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="No such file"):
        empty.add(tmp_path / "none.gguf", None, copy=False, progress=quiet)


def test_removing_what_is_not_there_says_what_is(empty: Registry, tiny: Path) -> None:
    empty.add(tiny, None, copy=False, progress=quiet)
    with pytest.raises(RegistryError, match="no local model 'tny'; there are tiny"):
        empty.remove("tny")


def test_trouble_with_a_file_is_seen(empty: Registry, tmp_path: Path) -> None:
    path = write_tiny_gguf(tmp_path / "m.gguf")
    entry = empty.add(path, None, copy=False, progress=quiet)
    write_tiny_gguf(path, context=512)
    assert entry.trouble() == "its file has changed"
    path.unlink()
    assert entry.trouble() == "its file is gone"


def test_a_broken_list_is_an_error_that_names_the_file(empty: Registry) -> None:
    empty.folder.mkdir(parents=True)
    (empty.folder / "models.json").write_text('{"version": 1, "models": [')
    with pytest.raises(RegistryError, match=r"models\.json cannot be read"):
        empty.entries()


def test_a_write_that_a_fall_cut_short_changes_nothing(empty: Registry, tiny: Path) -> None:
    empty.add(tiny, "one", copy=False, progress=quiet)
    (empty.folder / ".models.json.new").write_text('{"version": 1, "mod')
    assert list(Registry(empty.folder.parent).entries()) == ["one"]
    empty.add(tiny, "two", copy=False, progress=quiet)
    assert list(empty.entries()) == ["one", "two"]


def test_many_processes_at_once_lose_nothing(empty: Registry, tiny: Path) -> None:
    script = """
import sys
from pathlib import Path
from penstock.engine.registry import Registry
for i in range(5):
    Registry(Path(sys.argv[1])).add(Path(sys.argv[2]), f"{sys.argv[3]}-{i}", copy=i == 0, progress=lambda a, b: None)
"""
    home = str(empty.folder.parent)
    processes = [subprocess.Popen([sys.executable, "-c", script, home, str(tiny), f"p{n}"]) for n in range(4)]
    assert [process.wait(60) for process in processes] == [0] * 4
    assert set(empty.entries()) == {f"p{n}-{i}" for n in range(4) for i in range(5)}


def test_of_two_that_fetch_the_same_file_the_second_is_told(empty: Registry) -> None:
    with empty.partial("x.part"), pytest.raises(RegistryError, match="another command"), empty.partial("x.part"):
        pytest.fail("both have it")


@pytest.mark.parametrize("name", ["penstock-tiny", "Penstock-Tiny"])
def test_the_name_of_the_bundled_model_is_taken(empty: Registry, tiny: Path, name: str) -> None:
    with pytest.raises(RegistryError, match="the name of the bundled model"):
        empty.add(tiny, name, copy=False, progress=quiet)
    assert empty.entries() == {}


def test_the_bundled_model_cannot_be_removed(empty: Registry) -> None:
    with pytest.raises(RegistryError, match="'penstock-tiny' comes with Penstock and cannot be removed"):
        empty.remove("penstock-tiny")
