"""`server.workers` > 1: children that serve, and this process, which watches them.

Each child listens on the port for itself (SO_REUSEPORT) and the kernel spreads connections over them. A child dies with
this process, however it goes: it holds the reading end of a pipe that closes then.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import structlog

from penstock.settings import Settings

log = structlog.get_logger(__name__)

_HEALTHY_S = 5.0
_MOST_PAUSE_S = 30.0


async def watch(settings: Settings, port: int, config: Path | None) -> int:
    """Runs the children until SIGTERM or SIGINT; one that ends by itself is started again, with growing pauses.

    Gives the exit status: 1 where no child ever came up.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    environment = os.environ | {"PENSTOCK_SERVER__PORT": str(port)}
    arguments = [sys.executable, "-m", "penstock", *(["--config", str(config)] if config else []), "serve", "--worker"]
    log.info("starting workers", workers=settings.server.workers, port=port)
    workers = [
        asyncio.create_task(_keep_running(arguments, environment, stop, settings.server.drain_s + 10))
        for _ in range(settings.server.workers)
    ]
    ended = await asyncio.gather(*workers)
    return 0 if all(ended) else 1


async def _keep_running(arguments: list[str], environment: dict[str, str], stop: asyncio.Event, grace_s: float) -> bool:
    """One child after another until `stop`; False where the first could not even start."""
    pause, was_healthy = 0.5, False
    stopping = asyncio.create_task(stop.wait())
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        began = loop.time()
        child = await asyncio.create_subprocess_exec(*arguments, env=environment, stdin=asyncio.subprocess.PIPE)
        ending = asyncio.create_task(child.wait())
        await asyncio.wait((ending, stopping), return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            if not ending.done():
                child.terminate()
                await asyncio.wait((ending,), timeout=grace_s)
            if not ending.done():
                child.kill()
            await ending
            break
        healthy = loop.time() - began > _HEALTHY_S
        was_healthy = was_healthy or healthy
        log.error("a worker ended", pid=child.pid, status=child.returncode)
        if not was_healthy:
            stop.set()
            return False
        pause = 0.5 if healthy else min(2 * pause, _MOST_PAUSE_S)
        await asyncio.wait((stopping,), timeout=pause)
    stopping.cancel()
    return True
