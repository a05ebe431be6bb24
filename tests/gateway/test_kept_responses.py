"""Responses by their id, where another process of the server makes them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from msgspec import Raw

from penstock.core.errors import NotFound, Unavailable
from penstock.gateway.kept_responses import KeptResponses
from penstock.gateway.live import Runs
from penstock.settings import Settings
from penstock.store import objects
from penstock.store.database import Database
from penstock.store.objects import StoredObject

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(Settings(home=str(tmp_path / "home"))) as opened:
        yield opened


async def test_what_another_process_makes_is_neither_deleted_nor_cancelled_here(database: Database) -> None:
    """Its end, which is kept there, would bring it back."""
    kept = KeptResponses(Runs(), database, 15.0)
    made = StoredObject(
        id="resp_1",
        project_id="proj_1",
        kind="response",
        created=time.time_ns() // 1000,
        status="in_progress",
        input=[Raw(b'{"id":"msg_1"}')],
        body=b'{"id":"resp_1","background":true}',
    )
    await objects.put(database, [made])
    for asked in (kept.delete, kept.cancel):
        with pytest.raises(Unavailable) as error:
            await asked("proj_1", "resp_1")
        assert error.value.code == "runs_elsewhere"
        assert error.value.headers["retry-after"]
        with pytest.raises(NotFound):
            await asked("proj_2", "resp_1")
    made.status = "completed"
    await objects.put(database, [made])
    await kept.cancel("proj_1", "resp_1")
    await kept.delete("proj_1", "resp_1")
    assert await objects.get(database, "proj_1", "response", "resp_1") is None
