"""Runs the application under granian, in this process; stops it gracefully."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections.abc import Callable

import structlog
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server

from penstock.api.app import Application
from penstock.api.scheduling import take_turns_when_busy
from penstock.settings import Settings

log = structlog.get_logger(__name__)


class PortTaken(Exception):
    """Another process listens on the address; the message names it and says what to do."""


def claim_port(host: str, port: int) -> int:
    """The port to listen on: `port`, or a free one for 0. Raises PortTaken.

    Granian listens with SO_REUSEPORT, which would let a second server share the port unnoticed and take half of its
    calls: so the port is tried without it first.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortTaken(
                    f"{host}:{port} is taken by another process; stop it, or choose another with PENSTOCK_SERVER__PORT"
                ) from error
            raise PortTaken(f"{host}:{port} cannot be listened on: {error.strerror}") from error
        found: int = probe.getsockname()[1]
        return found


async def serve(application: Application, settings: Settings, port: int, started: Callable[[], None]) -> None:
    """Serves until SIGTERM or SIGINT, then drains; a second signal ends at once.

    `started` is called when it listens.
    """
    limits = settings.limits
    server = Server(
        application.edge,
        address=settings.server.host,
        port=port,
        interface=Interfaces.ASGINL,  # over RSGI a slow reader does not hold the sender back, and answers pile up
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
        backlog=2048,
        backpressure=limits.concurrent_calls + 1024,  # our own bound answers 503; granian's only waits
        http1_settings=HTTP1Settings(
            header_read_timeout=int(limits.header_read_s * 1000), max_buffer_size=max(8192, limits.header_bytes) + 65536
        ),
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked_to_stop() -> None:
        if stop.is_set():
            application.end_calls()
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked_to_stop)
    running = asyncio.create_task(server.serve())
    turns = asyncio.create_task(take_turns_when_busy())
    await _listening(settings.server.host, port, running)
    started()
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    if not running.done():
        log.info("stopping", running=application.running, drain_s=settings.server.drain_s)
        await application.drain(settings.server.drain_s)
        server.stop()  # type: ignore[no-untyped-call]  # granian's method has no types
    await running
    turns.cancel()


async def _listening(host: str, port: int, running: asyncio.Task[None]) -> None:
    """Waits until the port answers, or the server has failed."""
    refused = True
    while refused and not running.done():
        refused = await _refused(host, port)
        await asyncio.sleep(0.01 if refused else 0)


async def _refused(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return True
    writer.close()
    return False
