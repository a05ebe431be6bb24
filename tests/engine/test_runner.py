"""Two models, one place in memory, and one of them never idle."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from penstock.engine import Registry
from penstock.engine.runner import Runner
from penstock.engine.seats import Seats
from penstock.settings import EngineSettings

pytestmark = pytest.mark.anyio


async def test_a_model_in_constant_use_makes_room_and_comes_back(registry: Registry, tmp_path: Path) -> None:
    entry = registry.entries()["tiny"]
    seats = Seats(1, patience_s=0.2)
    settings = EngineSettings(threads=1, parallel=2, loaded=1)
    busy, other = (Runner(entry, settings, seats, tmp_path / f"{n}.log") for n in range(2))
    uses = 0
    stop = False

    async def use_for_ever() -> None:
        nonlocal uses
        while not stop:
            async with busy.lease(alone=False):
                uses += 1
                await asyncio.sleep(0.02)

    users = [asyncio.create_task(use_for_ever()) for _ in range(3)]
    try:
        while uses < 3:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(10), other.lease(alone=False) as endpoint:
            before = uses
            assert endpoint.context == 4096
        while uses < before + 3:  # the other one is drained or idle in its turn
            await asyncio.sleep(0.01)
    finally:
        stop = True
        await asyncio.gather(*users)
        await asyncio.gather(busy.close(), other.close())
