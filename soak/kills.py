"""kill -9 of the whole process group at random moments under load: what was answered is recorded, once."""

from __future__ import annotations

import asyncio
import random
import time
from pathlib import Path

from rich.progress import Progress

from soak.client import Client
from soak.ledger import audit, stored
from soak.load import CONFIG, MIXED, Load, calls
from soak.report import Report
from soak.server import Server
from soak.vendor import vendor_process

_AT_ONCE = 24
_WHILE_STARTING = 0.2  # of the kills are followed by another one during the start
_LONGEST_START_S = 1.0


class _Killer:
    """Kills the server whenever so many calls were answered, and starts it again."""

    def __init__(self, server: Server, client: Client, load: Load, draw: random.Random) -> None:
        self._server = server
        self._client = client
        self._load = load
        self._draw = draw
        self.kills = 0
        self.starting = 0

    async def run(self, moments: list[int]) -> None:
        for moment in moments:
            while self._load.answered < moment:
                await asyncio.sleep(0.002)
            await asyncio.sleep(self._draw.random() * 0.05)
            self._server.kill_group()
            self._load.up.clear()
            self._client.drop()
            self.kills += 1
            if self._draw.random() < _WHILE_STARTING:
                await asyncio.to_thread(self._server.start_and_kill, self._draw.random() * _LONGEST_START_S)
                self.starting += 1
            await asyncio.to_thread(self._server.start)
            self._client.drop()
            self._load.up.set()


async def run(size: float, folder: Path, progress: Progress) -> Report:
    """10,000 mixed calls and 100 kills at size 1."""
    report = Report("kills")
    count, kills = max(100, round(10_000 * size)), max(3, round(100 * size))
    seed = random.randrange(1 << 32)
    draw = random.Random(seed)
    with vendor_process() as port, Server(folder / "home", CONFIG.format(port=port)) as server:
        client = Client(server.port, server.key)
        load = Load(client, calls(MIXED, draw))
        killer = _Killer(server, client, load, draw)
        task = progress.add_task("kills", total=count)
        moments = sorted(draw.sample(range(count // 20, count - _AT_ONCE), kills))
        killing = asyncio.create_task(killer.run(moments))
        await load.closed_loop(count, _AT_ONCE, lambda: progress.advance(task))
        await killing
        await client.close()
        received = [answer for answer in load.answers if answer.received]
        records = await _settled(server, report)
    report.failures += load.wrong
    report.failures += audit(load.answers, records)
    lost = len(load.answers) - len(received)
    report.expect(lost <= kills * _AT_ONCE, f"{lost} answers were not received whole, more than {kills} kills explain")
    rejected = server.home / "spool" / "rejected.jsonl"
    report.expect(not rejected.exists(), "records were rejected by the database")
    report.figure("calls", f"{len(load.answers):,} (seed {seed})")
    report.figure("kill -9 of all processes under load", str(killer.kills))
    report.figure("kill -9 while starting", str(killer.starting))
    report.figure("answers received whole", f"{len(received):,}")
    report.figure("answers cut by a kill", f"{lost:,}")
    report.figure("records", f"{len(records):,}")
    return report


async def _settled(server: Server, report: Report) -> list[dict[str, object]]:
    """The records once nothing waits any more; `penstock requests` and the database must agree on them."""
    end = time.monotonic() + 10
    while (waiting := server.gauge("penstock_spool_waiting_bytes")) and time.monotonic() < end:
        await asyncio.sleep(0.1)
    report.expect(waiting == 0, "records wait in the spool 10 s after the last call")
    told = await asyncio.to_thread(server.records)
    in_database = {row["request_id"] for row in stored(server.home)}
    missing = in_database ^ {record["request_id"] for record in told}
    report.expect(not missing, f"`penstock requests` and the database differ in {len(missing)} records")
    return told
