"""The database locked, or its disk full, under load: calls are answered all the same, and every record gets there."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AbstractContextManager
from pathlib import Path

from rich.progress import Progress

from soak.client import Client
from soak.ledger import audit, recorded, stored
from soak.load import CONFIG, LIGHT, Load, calls
from soak.report import Report
from soak.server import Server
from soak.vendor import vendor_process

_RATE = 100.0
_RECOVERY_S = 5.0
_RECORD_BYTES = 1200  # more than a record of these calls has


async def run(size: float, folder: Path, progress: Progress) -> Report:
    """Locked for 30 s and full for 30 s at size 1."""
    report = Report("database")
    task = progress.add_task("database", total=2)
    for name in ("locked", "full"):
        await outage(name, max(3.0, 30 * size), folder, report)
        progress.advance(task)
    return report


async def outage(name: str, seconds: float, folder: Path, report: Report) -> None:
    """Load before, during and after the outage; every call must be answered 200, and recorded exactly once."""
    with vendor_process() as port, Server(folder / name, CONFIG.format(port=port)) as server:
        room = 200_000 + int(_RATE * (seconds + 5) * _RECORD_BYTES)  # enough for the spool
        trouble = server.locked() if name == "locked" else server.database_full(room)
        await _under_load(server, trouble, seconds, name, report)


async def _under_load(
    server: Server, trouble: AbstractContextManager[None], seconds: float, name: str, report: Report
) -> None:
    client = Client(server.port, server.key)
    load = Load(client, calls(LIGHT, random.Random(0)))
    async with load.at_rate(_RATE):
        await asyncio.sleep(1)
        with trouble:
            await asyncio.sleep(seconds)
            before = len(load.answers)
            waiting = before - len(stored(server.home))
            report.expect(server.page("/readyz").status == 200, f"{name}: /readyz is not 200, though there is room")
        ended = time.monotonic()
        await recorded(server.home, load.answers[:before], 4 * _RECOVERY_S)
        recovered = time.monotonic() - ended
    await client.close()
    rows = await recorded(server.home, load.answers, _RECOVERY_S)
    report.failures += load.wrong
    report.failures += audit(load.answers, rows)
    lost = sum(not answer.received for answer in load.answers)
    report.expect(not lost, f"{name}: {lost} calls were not answered whole")
    # Most of what came in meanwhile must have waited, or there was no outage and this proves nothing.
    report.expect(waiting > _RATE * seconds / 4, f"{name}: only {waiting} records waited: the database took records")
    report.expect(recovered <= _RECOVERY_S, f"{name}: records moved on {recovered:.1f} s after the end, not within 5 s")
    report.figure(f"{name} for {seconds:g} s: calls, all answered 200", f"{len(load.answers):,}")
    report.figure(f"{name}: records that waited", f"{waiting:,}")
    report.figure(f"{name}: all of them in the database after", f"{recovered:.1f} s")
    report.figure(f"{name}: slowest answer", f"{load.slowest_s * 1000:,.0f} ms")
