"""When `.venv/` is made, mended, or left alone. The programs it runs are replaced; `make test` runs the real ones."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from scripts import install


class Steps:
    """Stands in for the programs that the install runs, and notes what it was asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.ran: list[str] = []
        self.fails_at: str | None = None

    def run(self, *command: str | Path) -> None:
        words = [str(word) for word in command]
        step = (
            "venv" if "venv" in words else next(w for w in words if w.endswith((".lock", ".in")) or w == "--editable")
        )
        if step == self.fails_at:
            raise subprocess.CalledProcessError(1, words)
        if step == "venv":
            python = self.root / ".venv" / "bin" / "python"
            python.parent.mkdir(parents=True, exist_ok=True)
            python.touch()
        self.ran.append(step.removeprefix("requirements/"))

    def install(self, *, dev: bool, train: bool = False) -> list[str]:
        self.ran = []
        install._install(dev=dev, train=train)
        return self.ran


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Steps:
    for name in (
        *("requirements/runtime.lock", "requirements/dev.lock", "requirements/train.in"),
        *("pyproject.toml", "src/penstock/__init__.py"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"first {name}")
    steps = Steps(tmp_path)
    monkeypatch.setattr(install, "ROOT", tmp_path)
    monkeypatch.setattr(install, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(install, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(install, "STAMPS", tmp_path / ".venv" / ".installed")
    monkeypatch.setattr(install, "_run", steps.run)
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    return steps


def test_a_second_run_does_nothing(steps: Steps) -> None:
    assert steps.install(dev=False) == ["venv", "runtime.lock", "--editable"]
    assert steps.install(dev=False) == []
    assert steps.install(dev=True) == ["dev.lock"]
    assert steps.install(dev=True) == []
    assert steps.install(dev=False) == []


def test_training_adds_its_own(steps: Steps) -> None:
    steps.install(dev=True)
    assert steps.install(dev=True, train=True) == ["train.in"]
    assert steps.install(dev=True, train=True) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("requirements/runtime.lock", ["venv", "runtime.lock", "--editable", "dev.lock"]),
        ("requirements/dev.lock", ["dev.lock"]),
        ("pyproject.toml", ["--editable"]),
        ("src/penstock/__init__.py", ["--editable"]),
    ],
)
def test_what_changed_is_installed_again(steps: Steps, changed: str, expected: list[str]) -> None:
    steps.install(dev=True)
    (steps.root / changed).write_text("second")
    assert steps.install(dev=True) == expected
    assert steps.install(dev=True) == []


def test_a_moved_checkout_gets_a_new_venv(steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps.install(dev=False)
    monkeypatch.setattr(install, "_read", lambda name: f"first {name}")
    monkeypatch.setattr(install, "ROOT", tmp_path / "elsewhere")
    assert steps.install(dev=False) == ["venv", "runtime.lock", "--editable"]


@pytest.mark.parametrize("at", ["requirements/runtime.lock", "--editable", "requirements/dev.lock"])
def test_an_install_that_failed_is_taken_up_again(steps: Steps, at: str) -> None:
    steps.fails_at = at
    with pytest.raises(subprocess.CalledProcessError):
        steps.install(dev=True)
    steps.fails_at = None
    assert at.removeprefix("requirements/") in steps.install(dev=True)
    assert steps.install(dev=True) == []


def test_a_half_cleared_venv_does_not_look_finished(steps: Steps) -> None:
    steps.install(dev=True)
    (steps.root / "requirements" / "runtime.lock").write_text("second")
    steps.fails_at = "venv"
    with pytest.raises(subprocess.CalledProcessError):
        steps.install(dev=True)
    (steps.root / "requirements" / "runtime.lock").write_text("first requirements/runtime.lock")
    steps.fails_at = None
    assert steps.install(dev=True) == ["venv", "runtime.lock", "--editable", "dev.lock"]
