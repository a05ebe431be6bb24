"""Runs commands in this process; a test of signals, pipes or imports starts one of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from penstock.cli import main


@pytest.fixture
def penstock(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """`penstock("keys", "list")` in the data folder `home`."""
    monkeypatch.setattr("penstock.telemetry.configure_logs", lambda level: None)  # it would hold for later tests too
    monkeypatch.chdir(home.parent)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(main, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return run
