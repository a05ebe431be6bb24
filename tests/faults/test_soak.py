"""The long runs at a small size: `make soak` has them in full."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.progress import Progress
from soak import cuts, kills, local, outages
from soak.report import Report

pytestmark = pytest.mark.anyio


async def test_an_answer_cut_anywhere_is_never_taken_for_whole(tmp_path: Path, progress: Progress) -> None:
    report = await cuts.run(0.05, tmp_path, progress)
    assert not report.failures, report.text()


async def test_what_was_answered_is_recorded_once_through_kill_9(tmp_path: Path, progress: Progress) -> None:
    report = await kills.run(0.03, tmp_path, progress)
    assert not report.failures, report.text()


@pytest.mark.parametrize("trouble", ["locked", "full"])
async def test_the_database_may_be_gone_for_a_while(trouble: str, tmp_path: Path) -> None:
    report = Report(trouble)
    await outages.outage(trouble, 2.0, tmp_path, report)
    assert not report.failures, report.text()


async def test_the_engine_may_be_killed(tmp_path: Path, progress: Progress) -> None:
    report = await local.run(0.1, tmp_path, progress)
    assert not report.failures, report.text()
