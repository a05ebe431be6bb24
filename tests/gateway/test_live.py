"""Responses under way: joined, left alone, ended."""

from __future__ import annotations

import asyncio

import pytest

from penstock.dialects.responses.events import Event
from penstock.gateway.live import Live, Runs

pytestmark = pytest.mark.anyio

LONG_S = 60.0


def events(first: int, last: int) -> list[Event]:
    return [Event("response.output_text.delta", b'{"sequence_number":%d}' % n) for n in range(first, last + 1)]


async def collect(live: Live, after: int) -> list[Event]:
    return [event async for news in live.follow(after, LONG_S) for event in news]


def live(*, background: bool = False, linger_s: float = LONG_S) -> Live:
    return Live("resp_1", "proj_1", background=background, linger_s=linger_s)


async def test_whoever_joins_gets_each_event_once_whenever_that_is() -> None:
    run = live()
    early = asyncio.create_task(collect(run, -1))
    run.add(events(0, 2))
    await asyncio.sleep(0)
    late = asyncio.create_task(collect(run, 1))
    await asyncio.sleep(0)
    run.add(events(3, 3))
    run.add(events(4, 5))
    run.finish()
    assert await early == events(0, 5)
    assert await late == events(2, 5)
    assert await collect(run, 3) == events(4, 5)
    assert await collect(run, 99) == []


async def test_silence_is_told() -> None:
    run = live()
    following = run.follow(-1, 0.01)
    assert await anext(following) == []
    run.add(events(0, 0))
    news = []
    while not news:
        news = await anext(following)
    assert news == events(0, 0)
    await following.aclose()


async def run_forever(run: Live) -> asyncio.Task[None]:
    run.task = asyncio.create_task(asyncio.sleep(LONG_S))
    await asyncio.sleep(0)
    return run.task


async def test_a_run_that_nobody_reads_any_more_ends_in_a_while() -> None:
    run = live(linger_s=0.02)
    task = await run_forever(run)
    run.client_left()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert run.ending == "incomplete"


async def test_somebody_who_joins_keeps_it_going_and_leaving_does_not() -> None:
    run = live(linger_s=0.05)
    task = await run_forever(run)
    following = run.follow(-1, LONG_S)
    run.add(events(0, 0))
    await anext(following)
    run.client_left()
    await asyncio.sleep(0.15)
    assert not task.done()
    await following.aclose()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_background_needs_no_reader() -> None:
    run = live(background=True, linger_s=0.01)
    task = await run_forever(run)
    run.client_left()
    await asyncio.sleep(0.05)
    assert not task.done()
    run.end("cancelled")
    run.end("incomplete")
    with pytest.raises(asyncio.CancelledError):
        await task
    assert run.ending == "cancelled"


async def test_another_project_finds_nothing() -> None:
    runs, run = Runs(), live()
    runs.add(run)
    assert runs.find("proj_1", "resp_1") is run
    assert runs.find("proj_2", "resp_1") is None
    assert runs.find("proj_1", "resp_2") is None
    runs.remove(run)
    assert runs.find("proj_1", "resp_1") is None


async def test_what_is_at_its_end_is_not_ended_early() -> None:
    run = live()
    task = await run_forever(run)
    run.closing = True
    run.end("cancelled")
    await asyncio.sleep(0)
    assert run.ending is None
    assert not task.cancelling()
    task.cancel()
