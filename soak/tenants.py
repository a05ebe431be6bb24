"""Two projects try everything with each other's ids: neither sees an object, id, stream or count of the other."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Callable
from pathlib import Path

from rich.progress import Progress
from tests.server import penstock, provider_toml

from soak.client import Client
from soak.databases import databases
from soak.intruder import Intruder
from soak.report import Report
from soak.server import Server
from soak.tenant import Tenant
from soak.vendor import vendor_process

_INTRUDES = 0.4  # of what a project does is with ids of the other
_LEAST = 200


async def run(size: float, folder: Path, progress: Progress) -> Report:
    """4,000 requests or more of each project, on each database, at size 1."""
    report = Report("tenants")
    steps = max(_LEAST, round(4000 * size))
    with vendor_process() as port, databases(report) as found:
        task = progress.add_task("tenants", total=2 * steps * len(found))
        for name, toml in found.items():
            seed = random.randrange(1 << 32)
            config = provider_toml("v", f"http://127.0.0.1:{port}/v1", kind="compatible") + toml
            config += '[[model]]\nname = "v/*"\ntargets = [{ provider = "v", model = "*" }]\n'
            with Server(folder / name, config) as server:
                red, blue = _tenants(server, random.Random(seed))
                wrong = await meet(red, blue, steps, lambda: progress.advance(task))
            report.failures += [f"on {name} (seed {seed}): {what}" for what in wrong]
            report.figure(f"on {name}: requests of two projects", f"{red.asked + blue.asked:,} (seed {seed})")
            report.figure(f"on {name}: of these with ids of the other", f"{red.intruded + blue.intruded:,}")
            report.figure(f"on {name}: ids that were told to one of them", f"{len(red.told) + len(blue.told):,}")
    return report


def _tenants(server: Server, draw: random.Random) -> tuple[Tenant, Tenant]:
    both = []
    for name in ("red", "blue"):
        key = penstock(server.home, "keys", "create", "--name", name, "--project", name).stdout.strip()
        mark = f"{name}-{secrets.token_hex(8)}"
        both.append(Tenant(Client(server.port, key), mark, random.Random(draw.random())))
    return both[0], both[1]


async def meet(red: Tenant, blue: Tenant, steps: int, each: Callable[[], object]) -> list[str]:
    """Lets both go on at once for so many steps; what is wrong with what either got."""

    async def go(own: Tenant, other: Tenant) -> None:
        intruder = Intruder(own, other)
        for _ in range(steps):
            await (intruder.step() if own.draw.random() < _INTRUDES else own.step())
            each()
        await own.close()

    await asyncio.gather(go(red, blue), go(blue, red))
    wrong = red.wrong + blue.wrong
    for id in red.told.keys() & blue.told.keys():
        wrong.append(f"{id.decode()} was told to both: {red.told[id]}; {blue.told[id]}")
    return wrong
