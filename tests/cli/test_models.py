from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import Result
from tests.tiny_gguf import write_tiny_gguf

from penstock.engine.bundled import Bundled

Penstock = Callable[..., Result]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("files") / "Tiny-F32.gguf")


def _listed(penstock: Penstock) -> list[dict[str, object]]:
    """The models that were added; the bundled one stands after them."""
    *added, bundled = [json.loads(line) for line in penstock("models", "list", "--json").stdout.splitlines()]
    assert (bundled["name"], bundled["source"]) == ("penstock-tiny", "bundled")
    return added


def test_list_without_added_models_shows_the_bundled_one_and_says_how_to_get_another(penstock: Penstock) -> None:
    result = penstock("models", "list")
    header, bundled = result.stdout.splitlines()
    assert header.split() == ["name", "size", "context", "added", "state", "file"]
    assert re.match(r"penstock-tiny  .* ready  bundled$", bundled.rstrip())
    assert result.exit_code == 0
    assert "penstock models pull" in result.stderr


def test_list_says_why_the_bundled_one_cannot_be_used(
    penstock: Penstock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("penstock.engine.bundled.Bundled", partial(Bundled, tmp_path))
    assert "  its model card cannot be read (No such file or directory)" in penstock("models", "list").stdout
    (line,) = penstock("models", "list", "--json").stdout.splitlines()
    assert json.loads(line)["trouble"].startswith("its model card cannot be read")


def test_add_takes_the_file_where_it_is(penstock: Penstock, home: Path, model: Path) -> None:
    result = penstock("models", "add", str(model))
    assert result.stdout == "added: 'tiny-f32' (475 kB, llama, context of 4096 tokens)\n"
    assert result.exit_code == 0
    assert home.stat().st_mode & 0o777 == 0o700
    (listed,) = _listed(penstock)
    assert (listed["name"], listed["path"], listed["owned"]) == ("tiny-f32", str(model), False)
    assert (listed["source"], listed["trouble"]) == (None, None)
    assert re.fullmatch(r"[0-9a-f]{64}", str(listed["sha256"]))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", str(listed["added"]))


def test_add_a_copy_under_another_name(penstock: Penstock, home: Path, model: Path) -> None:
    assert penstock("models", "add", str(model), "--copy", "--name", "mine").exit_code == 0
    assert (home / "models" / "mine.gguf").read_bytes() == model.read_bytes()


def test_list_shows_every_model_and_what_is_wrong_with_it(penstock: Penstock, tmp_path: Path, model: Path) -> None:
    lost = write_tiny_gguf(tmp_path / "lost.gguf")
    penstock("models", "add", str(model))
    penstock("models", "add", str(lost))
    lost.unlink()
    header, first, second, bundled = penstock("models", "list").stdout.splitlines()
    assert header.split() == ["name", "size", "context", "added", "state", "file"]
    assert first.split()[:4] == ["tiny-f32", "475", "kB", "4096"]
    assert first.rstrip().endswith(f"ready             {model}")
    assert bundled.rstrip().endswith("ready             bundled")
    assert f"its file is gone  {lost}" in second


def test_remove_keeps_the_users_file_and_deletes_ours(penstock: Penstock, home: Path, model: Path) -> None:
    penstock("models", "add", str(model))
    penstock("models", "add", str(model), "--copy", "--name", "copy")
    assert penstock("models", "remove", "copy").stdout == "removed: 'copy'; its file is deleted\n"
    assert penstock("models", "remove", "tiny-f32").stdout == f"removed: 'tiny-f32'; {model} stays\n"
    assert model.exists()
    assert not (home / "models" / "copy.gguf").exists()
    assert _listed(penstock) == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["remove", "none"], "there is no local model 'none'; none was added"),
        (["remove", "penstock-tiny"], "'penstock-tiny' comes with Penstock and cannot be removed"),
        (["add", "page.gguf", "--name", "penstock-tiny"], "'penstock-tiny' is the name of the bundled model"),
        (["add", "page.gguf"], r"page\.gguf is no model that can be used: it begins with b'<htm'"),
        (["add", "page.gguf", "--name", "a/b"], "'a/b' cannot be a model's name"),
        (["pull", "owner/model"], "'owner/model' is no model's address"),
    ],
)
def test_what_cannot_be_done_is_one_line(penstock: Penstock, tmp_path: Path, arguments: list[str], error: str) -> None:
    (tmp_path / "page.gguf").write_text("<html>")
    result = penstock("models", *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert re.match(f"Error: {error}", line)


def test_add_needs_a_file_that_is_there(penstock: Penstock) -> None:
    result = penstock("models", "add", "none.gguf")
    assert result.exit_code == 2
    assert "'none.gguf' does not exist" in result.stderr
