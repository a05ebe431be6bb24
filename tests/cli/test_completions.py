from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from tests.api.stored import USER, a_completion, put

Penstock = Callable[..., Result]

EXPORT = [sys.executable, "-m", "penstock", "completions", "export"]
LARGE = 200_000


@pytest.fixture
def kept(penstock: Penstock, home: Path) -> list[str]:
    """The texts of 30 completions of the project `default`; one of another project beside them."""
    for project in ("default", "elsewhere"):
        assert penstock("keys", "create", "--name", project, "--project", project).exit_code == 0
    texts = [f"text {number}" for number in range(30)]
    found = [
        a_completion(
            number,
            [{"role": "user", "content": text}],
            model="o9" if number % 3 == 0 else "gpt-4",
            metadata={"parity": str(number % 2), "a": "b=c"},
        )
        for number, text in enumerate(texts)
    ]
    put(home, found)
    put(home, [a_completion(100, [{"role": "user", "content": "theirs"}])], "elsewhere")
    return texts


@pytest.fixture
def large(penstock: Penstock, home: Path) -> int:
    """How many completions of 200 kB there are."""
    assert penstock("keys", "create", "--name", "default").exit_code == 0
    for start in range(0, 400, 50):
        put(home, [a_completion(n, [USER | {"content": f"{n} {'x' * LARGE}"}]) for n in range(start, start + 50)])
    return 400


def _texts(lines: str) -> list[str]:
    assert not lines or lines.endswith("\n")
    return [json.loads(line)["messages"][0]["content"] for line in lines.splitlines()]


def _all_of(terminal: int) -> str:
    """What was written to a pseudo-terminal, until its other end is closed."""
    shown = b""
    while True:
        try:
            shown += os.read(terminal, 100_000)
        except OSError:  # EIO: nobody is there any more
            os.close(terminal)
            return shown.decode()


def test_lines_go_to_stdout_and_what_was_done_to_stderr(penstock: Penstock, kept: list[str]) -> None:
    result = penstock("completions", "export")
    assert (result.exit_code, result.stderr) == (0, "exported: 30 completions, 30 lines\n")
    assert _texts(result.stdout) == kept
    assert json.loads(result.stdout.splitlines()[0]) == {
        "messages": [{"role": "user", "content": "text 0"}, {"role": "assistant", "content": "Hi"}]
    }


def test_filters(penstock: Penstock, kept: list[str]) -> None:
    def exported(*arguments: str) -> list[str]:
        result = penstock("completions", "export", *arguments)
        assert result.exit_code == 0
        return _texts(result.stdout)

    assert exported("--model", "o9") == kept[::3]
    assert exported("--metadata", "parity=1") == kept[1::2]
    assert exported("--metadata", "parity=0", "--metadata", "a=b=c", "--model", "o9") == kept[::6]
    assert exported("--metadata", "parity=2") == []
    assert exported("--project", "elsewhere") == ["theirs"]
    assert exported("--project", "elsewhere", "--model", "o9") == []


def test_a_file_is_replaced(penstock: Penstock, kept: list[str], tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("what was there before\n" * 1000)
    result = penstock("completions", "export", "-o", str(file))
    assert (result.exit_code, result.stdout) == (0, "")
    assert _texts(file.read_text()) == kept


@pytest.mark.parametrize(
    ("arguments", "status", "word"),
    [
        (("--project", "nobody's"), 1, "no project 'nobody's'"),
        (("--metadata", "a"), 2, "K=V"),
        (("--metadata", "=a"), 2, "K=V"),
        (("--metadata", "a=1", "--metadata", "a=2"), 2, "twice"),
        (("-o", "."), 2, "directory"),
        (("-o", "missing/out.jsonl"), 1, "missing/out.jsonl"),
    ],
)
def test_what_cannot_be_exported(
    penstock: Penstock, kept: list[str], arguments: tuple[str, ...], status: int, word: str
) -> None:
    result = penstock("completions", "export", *arguments)
    assert (result.exit_code, result.stdout) == (status, "")
    assert word in result.stderr


def test_nothing_is_replaced_where_the_project_is_unknown(penstock: Penstock, kept: list[str], tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    file.write_text("dear")
    assert penstock("completions", "export", "--project", "nobody", "-o", str(file)).exit_code == 1
    assert file.read_text() == "dear"


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_ctrl_c_leaves_whole_lines(large: int, tmp_path: Path, unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with subprocess.Popen(
        EXPORT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        begun = process.stdout.read(10_000)
        process.send_signal(signal.SIGINT)
        lines = (begun + process.stdout.read()).decode()
        told = process.stderr.read().decode()
    texts = _texts(lines)
    assert 0 < len(texts) < large
    assert [len(text) > LARGE for text in texts] == [True] * len(texts)
    assert told == f"stopped: {len(texts)} of {large} completions, {len(texts)} lines\n"
    assert process.returncode == 130


def test_whoever_reads_may_leave(large: int, tmp_path: Path) -> None:
    with subprocess.Popen(EXPORT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10_000)
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_an_export_is_never_in_memory_as_a_whole(large: int, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    peak = "import resource; resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss"
    script = f"import subprocess, sys; subprocess.run(sys.argv[1:], check=True); {peak.replace('; ', '; print(')})"

    def most(*arguments: str) -> int:
        command = [sys.executable, "-c", script, *EXPORT, *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, text=True)
        return int(done.stdout)  # KiB

    little = most("-o", str(file), "--model", "none")
    assert file.read_text() == ""
    all_of_it = most("-o", str(file))
    assert file.stat().st_size > large * LARGE
    assert all_of_it - little < 40_000


def test_in_a_terminal_a_bar_shows_how_far_it_is(kept: list[str], tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    ours, theirs = pty.openpty()
    environment: dict[str, Any] = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen([*EXPORT, "-o", str(file)], stderr=theirs, cwd=tmp_path, env=environment) as process:
        os.close(theirs)
        shown = _all_of(ours)
    assert process.returncode == 0
    assert "exporting" in shown
    assert "30/30" in shown
    assert "exported: 30 completions, 30 lines" in shown
    assert _texts(file.read_text()) == kept
