"""Threads of a busy server wait for their turns; those of a quiet one do not."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator

import pytest

from penstock.api.scheduling import take_turns_when_busy

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not hasattr(os, "SCHED_BATCH"), reason="only Linux schedules in batches"),
]


@pytest.fixture
def other_thread() -> Iterator[int]:
    """The id of a thread of this process that does nothing."""
    end = threading.Event()
    thread = threading.Thread(target=end.wait)
    thread.start()
    assert thread.native_id is not None
    yield thread.native_id
    end.set()
    thread.join()


async def _becomes(thread: int, policy: int) -> None:
    async with asyncio.timeout(10):
        while os.sched_getscheduler(thread) != policy:
            await asyncio.sleep(0.01)


async def test_all_threads_take_turns_while_the_process_is_busy_and_not_before_or_after(other_thread: int) -> None:
    cpu = busy = 0.0

    def used() -> float:
        nonlocal cpu
        cpu += busy
        return cpu

    task = asyncio.create_task(take_turns_when_busy(0.01, used))
    await asyncio.sleep(0.1)
    assert os.sched_getscheduler(other_thread) == os.SCHED_OTHER
    busy = 100.0
    await _becomes(other_thread, os.SCHED_BATCH)
    assert os.sched_getscheduler(0) == os.SCHED_BATCH
    busy = 0.0
    await _becomes(other_thread, os.SCHED_OTHER)
    busy = 100.0
    await _becomes(other_thread, os.SCHED_BATCH)
    task.cancel()
    await asyncio.wait((task,))
    assert os.sched_getscheduler(other_thread) == os.SCHED_OTHER


async def test_a_policy_of_somebodys_choice_is_left_as_it_is(other_thread: int) -> None:
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        async with asyncio.timeout(5):
            await take_turns_when_busy(0.01)
        assert os.sched_getscheduler(0) == os.SCHED_BATCH
        assert os.sched_getscheduler(other_thread) == os.SCHED_OTHER
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
