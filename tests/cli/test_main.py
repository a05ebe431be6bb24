from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result

from penstock import __version__
from penstock.cli import main
from penstock.core.errors import NotFound
from penstock.store.errors import DatabaseError

Penstock = Callable[..., Result]


def test_the_version(penstock: Penstock) -> None:
    assert penstock("--version").stdout == f"penstock {__version__}\n"


def test_each_module_with_a_command_is_one_of_its_name(penstock: Penstock) -> None:
    context = click.Context(main)
    names = main.list_commands(context)
    assert {"keys", "requests", "serve"} <= set(names)
    assert "tables" not in names
    assert names == sorted(names)
    help_text = penstock("--help").stdout
    for name in names:
        assert f"\n  {name} " in help_text
    assert "Usage: penstock keys create " in _help("keys", "create")


def _help(*names: str) -> str:
    command: click.Command = main
    context = click.Context(main, info_name="penstock")
    for name in names:
        assert isinstance(command, click.Group)
        found = command.get_command(context, name)
        assert found is not None
        command = found
        context = click.Context(command, info_name=name, parent=context)
    return context.get_help()


@pytest.mark.parametrize("name", ["tables", "nothing", "__init__", "../store", "keys.py"])
def test_what_is_no_command_is_said_to_be_none(penstock: Penstock, name: str) -> None:
    result = penstock(name)
    assert result.exit_code == 2
    assert f"No such command '{name}'" in result.stderr


def test_a_command_imports_what_it_needs_and_no_more() -> None:
    code = """
import sys
from penstock.cli import main
for arguments in (["--version"], ["keys", "--help"]):
    try:
        main(arguments)
    except SystemExit:
        pass
heavy = {"sqlalchemy", "alembic", "starlette", "granian", "xllamacpp", "pyreqwest", "penstock.cli.serve"}
print(heavy & set(sys.modules), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "set()\n"


@pytest.mark.parametrize(
    ("error", "exit_code", "line"),
    [
        (NotFound("there is no such thing"), 1, "Error: there is no such thing\n"),
        (DatabaseError("the database\nis away"), 1, "Error: the database is away\n"),
        (PermissionError(13, "Permission denied", "/data"), 1, "Error: [Errno 13] Permission denied: '/data'\n"),
    ],
)
def test_what_can_be_expected_to_go_wrong_is_one_line(
    penstock: Penstock, monkeypatch: pytest.MonkeyPatch, error: Exception, exit_code: int, line: str
) -> None:
    @click.command()
    def fails() -> None:
        raise error

    monkeypatch.setattr("penstock.cli.keys.command", fails)
    result = penstock("keys")
    assert (result.exit_code, result.stdout, result.stderr) == (exit_code, "", line)


def test_a_defect_is_not_hidden(penstock: Penstock, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    def fails() -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("penstock.cli.keys.command", fails)
    with pytest.raises(ZeroDivisionError):
        penstock("keys")


def test_wrong_settings_are_one_line_and_exit_2(
    penstock: Penstock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = penstock("--config", "nowhere.toml", "keys", "list")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "Error: nowhere.toml: there is no such file\n"
    (tmp_path / "my.toml").write_text("[server]\nprot = 1\n")
    result = penstock("--config", str(tmp_path / "my.toml"), "keys", "list")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "did you mean 'port'?" in result.stderr
    monkeypatch.setenv("PENSTOCK_SERVER__PORT", "many")
    assert penstock("keys", "list").exit_code == 2


def test_settings_come_from_the_file_that_is_named(penstock: Penstock, tmp_path: Path, home: Path) -> None:
    (tmp_path / "my.toml").write_text(f'[database]\nurl = "sqlite:///{tmp_path}/other.db"\n')
    assert penstock("--config", str(tmp_path / "my.toml"), "keys", "create", "--name", "a").exit_code == 0
    assert (tmp_path / "other.db").exists()
    assert not (home / "penstock.db").exists()
