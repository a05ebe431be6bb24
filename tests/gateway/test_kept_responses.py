"""Responses by their id, where another process of the server makes them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from msgspec import Raw

from penstock.core.errors import NotFound, Unavailable
from penstock.gateway import kept_responses
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


def under_way() -> StoredObject:
    return StoredObject(
        id="resp_1",
        project_id="proj_1",
        kind="response",
        created=time.time_ns() // 1000,
        status="in_progress",
        input=[Raw(b'{"id":"msg_1"}')],
        body=b'{"id":"resp_1","background":true}',
    )


async def test_a_process_that_does_not_answer_keeps_its_response(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its end, which is kept there, would bring it back."""
    monkeypatch.setattr(kept_responses, "_ENDED_S", 0.2)
    kept = KeptResponses(Runs(), database, 15.0)
    await objects.put(database, [under_way()])
    for asked in (kept.delete, kept.cancel):
        with pytest.raises(Unavailable) as error:
            await asked("proj_1", "resp_1")
        assert error.value.code == "runs_elsewhere"
        assert error.value.headers["retry-after"]
        with pytest.raises(NotFound):
            await asked("proj_2", "resp_1")
    assert await objects.asked(database, [("proj_1", "resp_1")]) == [("proj_1", "resp_1", "ending")]
    assert await objects.asked(database, [("proj_2", "resp_1"), ("proj_1", "resp_2")]) == []


async def test_a_response_of_another_process_is_ended_there_first(database: Database) -> None:
    kept = KeptResponses(Runs(), database, 15.0)
    made = under_way()

    async def other_process() -> None:
        while not await objects.asked(database, [("proj_1", "resp_1")]):
            await asyncio.sleep(0.02)
        made.status, made.body = "cancelled", b'{"id":"resp_1","background":true,"status":"cancelled"}'
        await objects.put(database, [made])

    for ended in (kept.cancel, kept.delete):
        await objects.put(database, [under_way()])
        async with asyncio.TaskGroup() as group:
            group.create_task(other_process())
            answer = await ended("proj_1", "resp_1")
        if answer is not None:
            assert msgspec.json.decode(answer)["status"] == "cancelled"
    assert await objects.get(database, "proj_1", "response", "resp_1") is None
