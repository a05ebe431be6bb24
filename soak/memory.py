"""Memory of all processes over many calls, and through a database outage that fills the spool."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

from rich.progress import Progress

from soak.client import Client
from soak.load import CONFIG, LIGHT, Load, calls
from soak.report import Report
from soak.server import Server
from soak.vendor import vendor_process

_AT_ONCE = 32
_GROWTH_MB = 10.0
_RECOVERY_S = 5.0
_SPOOL_BYTES = 4_000_000
_RECORD_BYTES = 300  # a record of these calls has more
_LEAST_WARM_UP = 5000


async def run(size: float, folder: Path, progress: Progress) -> Report:
    """100,000 calls after a warm-up of 10,000, and 20,000 through an outage, at size 1."""
    report = Report("memory")
    count = max(1000, round(100_000 * size))
    warm_up = max(_LEAST_WARM_UP, count // 10)
    spool_bytes = max(1_000_000, round(_SPOOL_BYTES * size))
    fill = max(count // 5, spool_bytes // _RECORD_BYTES)
    settings = {"PENSTOCK_SPOOL__MAX_BYTES": str(spool_bytes)}
    with vendor_process() as port, Server(folder / "home", CONFIG.format(port=port), **settings) as server:
        client = Client(server.port, server.key)
        load = Load(client, calls(LIGHT, random.Random(0)), keep=False)
        task = progress.add_task("memory", total=warm_up + count + fill)

        async def go(number: int) -> float:
            await load.closed_loop(number, _AT_ONCE, lambda: progress.advance(task))
            await asyncio.sleep(1)  # what is under way in the spool and the database comes to rest
            return server.resident_mb

        began = time.monotonic()
        marks = [await go(warm_up)]
        marks += [await go(count // 10) for _ in range(10)]
        rate = load.answered / (time.monotonic() - began)
        growth = marks[-1] - marks[0]
        report.expect(growth < _GROWTH_MB, f"memory grew by {growth:.1f} MB over {count:,} calls: {_listed(marks)}")
        report.expect(set(load.statuses) == {200}, f"answered {load.statuses}")
        report.figure(f"memory after {warm_up:,} calls", f"{marks[0]:.1f} MB")
        report.figure(f"growth over {count:,} more", f"{growth:+.1f} MB ({_listed(marks)})")
        report.figure("calls a second, load and vendor on the same cores", f"{rate:,.0f}")

        load.may_be_busy = True
        with server.locked():
            outage = await go(fill)
            waiting = server.gauge("penstock_spool_waiting_bytes")
            report.expect(server.page("/readyz").status == 503, "/readyz is not 503 though the spool is full")
        recovered = await _recovery(server, client)
        await client.close()
        report.expect(load.statuses.get(503, 0) > 0, "the spool was never full: the outage proves nothing")
        report.expect(waiting <= spool_bytes, f"{waiting:,.0f} bytes wait in the spool, of {spool_bytes:,} allowed")
        growth = outage - marks[-1]
        report.expect(growth < _GROWTH_MB, f"memory grew by {growth:.1f} MB through a database outage")
        report.expect(recovered <= _RECOVERY_S, f"calls were taken {recovered:.1f} s after the outage, not within 5 s")
        report.failures += load.wrong
        report.figure(f"growth over {fill:,} calls while the database is down", f"{growth:+.1f} MB")
        report.figure("the spool at the end of that", f"{waiting:,.0f} of {spool_bytes:,} bytes")
        report.figure("answered 503 meanwhile", f"{load.statuses.get(503, 0):,}")
        report.figure("calls are taken again after", f"{recovered:.1f} s")
    return report


async def _recovery(server: Server, client: Client) -> float:
    """Seconds until the server says that it is ready and takes calls."""
    began = time.monotonic()
    while time.monotonic() - began < 4 * _RECOVERY_S:
        if server.page("/readyz").status == 200 and (await client.chat("v/plain")).status == 200:
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - began


def _listed(marks: list[float]) -> str:
    return ", ".join(f"{mark:.1f}" for mark in marks)
