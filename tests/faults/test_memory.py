"""Nothing of a call stays in memory: `make soak` counts a hundred thousand, this the first thousands."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from soak.client import Client
from soak.load import CONFIG
from soak.server import Server
from soak.vendor import vendor_process

pytestmark = pytest.mark.anyio

MESSAGE = {"role": "user", "content": "Hello"}
CALLS = 4000
GROWTH_MB = 4.0  # 1 KB a call; one that leaves nothing behind is far below


async def many(call: Callable[[], Awaitable[None]], count: int) -> None:
    left = iter(range(count))

    async def worker() -> None:
        for _ in left:
            await call()

    await asyncio.gather(*(worker() for _ in range(16)))


async def test_memory_is_flat(tmp_path: Path) -> None:
    with vendor_process() as port, Server(tmp_path / "home", CONFIG.format(port=port)) as server:
        client = Client(server.port, server.key)
        bodies = itertools.cycle([json.dumps({"model": "v/plain", "messages": [MESSAGE]}).encode(), b"{"])

        async def call() -> None:
            assert (await client.post(next(bodies))).whole

        await many(call, CALLS // 2)
        before = server.resident_mb
        await many(call, CALLS)
        growth = server.resident_mb - before
        await client.close()
    assert growth < GROWTH_MB, f"{growth:.1f} MB over {CALLS} calls"
