"""Room in memory: who gets it, who makes it."""

from __future__ import annotations

import asyncio

import pytest

from penstock.engine.seats import Seats

pytestmark = pytest.mark.anyio


class Sitter:
    """A model that does nothing but sit."""

    def __init__(self, seats: Seats, *, idle: bool = True, last_used: float = 0.0) -> None:
        self._seats = seats
        self.idle = idle
        self.last_used = last_used
        self.drained = False
        self.seated = False

    async def sit(self) -> None:
        await self._seats.take(self)
        self.seated = True

    async def unload(self) -> None:
        await asyncio.sleep(0)
        self.seated = False
        self._seats.give(self)

    def drain(self) -> None:
        self.drained = True
        self.idle = True
        self._seats.changed()


async def test_the_idle_one_that_was_unused_for_longest_makes_room() -> None:
    seats = Seats(2)
    old, new = Sitter(seats, last_used=1.0), Sitter(seats, last_used=2.0)
    await new.sit()
    await old.sit()
    third = Sitter(seats)
    await third.sit()
    assert (old.seated, new.seated, third.seated) == (False, True, True)


async def test_where_all_are_busy_it_waits_for_the_first_that_is_idle() -> None:
    seats = Seats(1)
    busy = Sitter(seats, idle=False)
    await busy.sit()
    waiting = Sitter(seats)
    task = asyncio.create_task(waiting.sit())
    await asyncio.sleep(0.02)
    assert not waiting.seated
    busy.idle = True
    seats.changed()
    await asyncio.wait_for(task, 1)
    assert (busy.seated, busy.drained, waiting.seated) == (False, False, True)


async def test_one_that_is_busy_without_end_is_drained() -> None:
    seats = Seats(1, patience_s=0.02)
    busy = Sitter(seats, idle=False)
    await busy.sit()
    waiting = Sitter(seats)
    await asyncio.wait_for(waiting.sit(), 1)
    assert busy.drained
    assert (busy.seated, waiting.seated) == (False, True)


async def test_one_that_gives_up_waiting_is_forgotten() -> None:
    seats = Seats(1)
    busy = Sitter(seats, idle=False)
    await busy.sit()
    task = asyncio.create_task(Sitter(seats).sit())
    await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    busy.idle = True
    last = Sitter(seats)
    await asyncio.wait_for(last.sit(), 1)
    assert last.seated


async def test_free_says_whether_one_can_be_had_at_once() -> None:
    seats = Seats(1)
    assert seats.free
    await Sitter(seats).sit()
    assert not seats.free
