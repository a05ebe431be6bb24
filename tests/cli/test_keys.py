from __future__ import annotations

import json
import re
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

Penstock = Callable[..., Result]


def _listed(penstock: Penstock) -> list[dict[str, object]]:
    return [json.loads(line) for line in penstock("keys", "list", "--json").stdout.splitlines()]


def test_create_prints_the_key_and_nothing_else(penstock: Penstock, home: Path) -> None:
    result = penstock("keys", "create", "--name", "laptop")
    assert re.fullmatch(r"sk-ps-[0-9A-Za-z]{43}\n", result.stdout)
    assert (result.stderr, result.exit_code) == ("", 0)
    assert home.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in home.iterdir()} == {0o600}


def test_create_as_json(penstock: Penstock) -> None:
    result = penstock("keys", "create", "--name", "laptop", "--project", "team", "--json")
    (line,) = result.stdout.splitlines()
    made = json.loads(line)
    assert re.fullmatch(r"sk-ps-[0-9A-Za-z]{43}", made["key"])
    assert made["prefix"] == made["key"][6:14]
    assert (made["name"], made["project"], made["disabled"]) == ("laptop", "team", False)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", made["created"])
    assert (made["dialect"], made["default_max_tokens"]) == (None, None)
    assert set(made) == {
        "key",
        "id",
        "prefix",
        "name",
        "project",
        "disabled",
        "dialect",
        "default_max_tokens",
        "created",
    }


def test_create_needs_a_name(penstock: Penstock) -> None:
    assert penstock("keys", "create").exit_code == 2
    result = penstock("keys", "create", "--name", "")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: name: ''")


def test_list_shows_every_key_and_never_the_key_itself(penstock: Penstock) -> None:
    result = penstock("keys", "list")
    assert (result.stdout, result.exit_code) == ("", 0)
    assert "penstock keys create" in result.stderr
    made = [penstock("keys", "create", "--name", name, "--project", "p").stdout.strip() for name in ("one", "two")]
    penstock("keys", "disable", "two")
    table = penstock("keys", "list").stdout
    header, first, second = table.splitlines()
    assert header.split() == ["prefix", "name", "project", "state", "created", "id", "dialect"]
    assert first.split()[:4] == [made[0][6:14], "one", "p", "enabled"]
    assert second.split()[:4] == [made[1][6:14], "two", "p", "disabled"]
    listed = _listed(penstock)
    assert [(key["prefix"], key["name"], key["disabled"]) for key in listed] == [
        (made[0][6:14], "one", False),
        (made[1][6:14], "two", True),
    ]
    for text in made:
        assert text[14:] not in table + json.dumps(listed)


def test_disable_enable_delete(penstock: Penstock) -> None:
    text = penstock("keys", "create", "--name", "laptop").stdout.strip()
    for verb, by, disabled in (("disable", "laptop", True), ("enable", text[6:14], False), ("disable", text, True)):
        result = penstock("keys", verb, by)
        assert (result.exit_code, result.stdout) == (0, f"{verb}d: 'laptop' ({text[6:14]}) of project 'default'\n")
        assert [key["disabled"] for key in _listed(penstock)] == [disabled]
    (key,) = _listed(penstock)
    assert penstock("keys", "delete", str(key["id"])).exit_code == 0
    assert _listed(penstock) == []


def test_settings_of_a_key(penstock: Penstock) -> None:
    penstock("keys", "create", "--name", "old", "--dialect", "aimlapi-legacy", "--default-max-tokens", "99")

    def settings() -> tuple[object, object]:
        (key,) = _listed(penstock)
        return key["dialect"], key["default_max_tokens"]

    assert settings() == ("aimlapi-legacy", 99)
    assert penstock("keys", "list").stdout.splitlines()[1].split()[-1] == "aimlapi-legacy"
    assert penstock("keys", "set", "old", "--dialect", "sgp").exit_code == 0
    assert settings() == ("sgp", 99)
    assert penstock("keys", "set", "old", "--default-max-tokens", "7").stdout.startswith("changed: 'old'")
    assert settings() == ("sgp", 7)
    penstock("keys", "disable", "old")
    assert settings() == ("sgp", 7)
    assert penstock("keys", "set", "old", "--dialect", "default", "--default-max-tokens", "0").exit_code == 0
    assert settings() == (None, None)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("create", "--name", "x", "--dialect", "french"),
            "'openai', 'aimlapi', 'aimlapi-legacy', 'tokensmind', 'sgp'",
        ),
        (("create", "--name", "x", "--default-max-tokens", "0"), "1<=x<=9223372036854775807"),
        (("create", "--name", "x", "--default-max-tokens", str(2**63)), "1<=x<=9223372036854775807"),
        (("set", "x", "--default-max-tokens", "-1"), "0<=x<=9223372036854775807"),
        (("set", "x"), "give --dialect or --default-max-tokens"),
    ],
)
def test_settings_that_are_none(penstock: Penstock, arguments: tuple[str, ...], said: str) -> None:
    result = penstock("keys", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert _listed(penstock) == []


@pytest.mark.parametrize("verb", ["disable", "enable", "delete"])
def test_which_key_is_meant_must_be_clear(penstock: Penstock, verb: str) -> None:
    result = penstock("keys", verb, "nobody")
    assert (result.exit_code, result.stdout) == (1, "")
    assert (
        result.stderr
        == "Error: there is no key with the id, prefix or name 'nobody'; `penstock keys list` shows them\n"
    )
    made = [penstock("keys", "create", "--name", "same", "--project", p).stdout.strip() for p in ("a", "b")]
    result = penstock("keys", verb, "same")
    assert (result.exit_code, result.stdout) == (1, "")
    for text, project in zip(made, "ab", strict=True):
        assert f"{text[6:14]} ('same' in project '{project}')" in result.stderr
    assert [key["disabled"] for key in _listed(penstock)] == [False, False]


def test_a_key_is_made_although_someone_else_writes_at_the_moment(penstock: Penstock, home: Path) -> None:
    penstock("keys", "create", "--name", "one")
    locked = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(home / "penstock.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            locked.set()
            time.sleep(0.5)

    thread = threading.Thread(target=write)
    thread.start()
    locked.wait()
    start = time.monotonic()
    assert penstock("keys", "create", "--name", "two").exit_code == 0
    assert time.monotonic() - start > 0.2
    thread.join()
    assert len(_listed(penstock)) == 2


def test_what_a_terminal_would_obey_is_shown_as_a_mark(penstock: Penstock, home: Path) -> None:
    penstock("keys", "create", "--name", "one")
    with closing(sqlite3.connect(home / "penstock.db")) as other:
        other.execute("UPDATE keys SET name = ?", ("\x1b[2J[bold]one",))
        other.commit()
    assert "\ufffd[2J[bold]one" in penstock("keys", "list").stdout
