"""How the kernel schedules the threads of a server that is busy."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from collections.abc import Callable
from typing import Final

import structlog

log = structlog.get_logger(__name__)

_LOOK_EVERY_S: Final = 0.5
_BUSY: Final = 0.5  # cores; two bounds, so that it does not go to and fro
_QUIET: Final = 0.25


async def take_turns_when_busy(every_s: float = _LOOK_EVERY_S, used: Callable[[], float] = time.process_time) -> None:
    """Puts all threads of this process under SCHED_BATCH while it uses more than half a core, until it is cancelled.

    A call passes through three threads, and under load each wakes another more than once a call. By default the woken
    one interrupts the one that runs: that takes a sixth of the CPU of a call and an eighth of that of a streamed chunk.
    Under SCHED_BATCH it waits for its turn. A quiet server stays as it is, since a thread that woke would wait up to
    4 ms where other programs, or a local model, keep every core busy. A local model that is started meanwhile is under
    SCHED_BATCH too.

    Does nothing on other systems than Linux, and where the process was started under a policy of somebody's choice.
    `used` is the CPU that the process has used, in seconds.
    """
    if sys.platform != "linux" or os.sched_getscheduler(0) != os.SCHED_OTHER:
        return
    busy, cpu, now = False, used(), time.monotonic()
    try:
        while True:
            await asyncio.sleep(every_s)
            cpu_before, before = cpu, now
            cpu, now = used(), time.monotonic()
            if ((cpu - cpu_before) / (now - before) > (_QUIET if busy else _BUSY)) != busy:
                busy = not busy
                _schedule(os.SCHED_BATCH if busy else os.SCHED_OTHER)
    except OSError as error:  # a sandbox forbids it
        log.info("threads are scheduled as ever", reason=error.strerror)
    finally:
        with contextlib.suppress(OSError):
            _schedule(os.SCHED_OTHER)


def _schedule(policy: int) -> None:
    """Every thread; those that begin later inherit it from the one that begins them. Raises OSError."""
    for thread in os.listdir("/proc/self/task"):
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.sched_setscheduler(int(thread), policy, os.sched_param(0))
