"""Order at one model: places, being alone, the bound on waiting, leaving."""

from __future__ import annotations

import asyncio
import random

import pytest

from penstock.core.errors import Unavailable
from penstock.engine.line import Line

pytestmark = pytest.mark.anyio


class Visits:
    """Callers of one line: who is in, and in which order they came in."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.order: list[str] = []
        self.inside: set[str] = set()
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self._leave: dict[str, asyncio.Event] = {}

    async def come(self, name: str, *, alone: bool = False) -> None:
        self._leave[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._visit(name, alone))
        await self.settle()

    async def go(self, name: str) -> None:
        self._leave[name].set()
        await self.tasks[name]
        await self.settle()

    async def cancel(self, name: str) -> None:
        self.tasks[name].cancel()
        await asyncio.gather(self.tasks[name], return_exceptions=True)
        await self.settle()

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def _visit(self, name: str, alone: bool) -> None:
        async with self.line.turn(alone=alone):
            self.order.append(name)
            self.inside.add(name)
            try:
                await self._leave[name].wait()
            finally:
                self.inside.remove(name)


async def test_no_more_than_the_places_are_in() -> None:
    visits = Visits(Line(2, 10))
    for name in "abc":
        await visits.come(name)
    assert visits.inside == {"a", "b"}
    await visits.go("a")
    assert visits.inside == {"b", "c"}


async def test_alone_waits_for_all_before_it_and_keeps_out_all_after_it() -> None:
    visits = Visits(Line(4, 10))
    await visits.come("a")
    await visits.come("b", alone=True)
    await visits.come("c")
    await visits.come("d")
    assert visits.inside == {"a"}
    await visits.go("a")
    assert visits.inside == {"b"}
    await visits.go("b")
    assert visits.inside == {"c", "d"}


async def test_a_stream_of_others_does_not_starve_one_that_is_alone() -> None:
    visits = Visits(Line(2, 100))
    await visits.come("first")
    await visits.come("alone", alone=True)
    for i in range(10):
        await visits.come(f"later{i}")
    await visits.go("first")
    assert visits.order == ["first", "alone"]


async def test_over_the_bound_the_next_is_refused_and_told_when_to_come_back() -> None:
    visits = Visits(Line(1, 2))
    for name in "abc":
        await visits.come(name)
    with pytest.raises(Unavailable) as refused:
        async with visits.line.turn(alone=False):
            pytest.fail("it was let in")
    assert refused.value.status == 503
    assert refused.value.headers["retry-after"] == "1"
    await visits.go("a")
    assert visits.inside == {"b"}


async def test_one_that_leaves_while_it_waits_leaves_no_trace() -> None:
    visits = Visits(Line(1, 10))
    await visits.come("a")
    await visits.come("b", alone=True)
    await visits.come("c")
    await visits.cancel("b")
    assert visits.line.waiting == 1
    await visits.go("a")
    assert visits.inside == {"c"}


async def test_the_leaving_of_one_that_was_alone_in_front_lets_the_others_in() -> None:
    visits = Visits(Line(2, 10))
    await visits.come("a")
    await visits.come("b", alone=True)
    await visits.come("c")
    await visits.cancel("b")
    assert visits.inside == {"a", "c"}


async def test_one_that_is_given_its_place_as_it_leaves_gives_it_on() -> None:
    visits = Visits(Line(1, 10))
    await visits.come("a")
    await visits.come("b")
    await visits.come("c")
    visits.tasks["b"].cancel()
    await visits.go("a")  # in the same turn of the loop: the place goes to b, which is about to leave
    assert visits.inside == {"c"}
    assert visits.line.active == 1


async def test_held_lets_nobody_in_until_released() -> None:
    visits = Visits(Line(2, 10))
    visits.line.hold()
    await visits.come("a")
    await visits.come("b")
    assert visits.inside == set()
    visits.line.release()
    await visits.settle()
    assert visits.inside == {"a", "b"}


async def test_random_comings_and_goings_keep_the_rules() -> None:
    chance = random.Random(random.randrange(2**32))
    places = chance.randint(1, 4)
    line = Line(places, 1000)
    inside: list[bool] = []

    async def visit(alone: bool) -> None:
        async with line.turn(alone=alone):
            assert not any(inside)
            assert not (alone and inside)
            inside.append(alone)
            assert len(inside) <= places
            try:
                for _ in range(chance.randint(0, 3)):
                    await asyncio.sleep(0)
            finally:
                inside.remove(alone)

    tasks = []
    for _ in range(300):
        tasks.append(asyncio.create_task(visit(chance.random() < 0.2)))
        if chance.random() < 0.3:
            await asyncio.sleep(0)
        if chance.random() < 0.15:
            chance.choice(tasks).cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [r for r in results if r is not None and not isinstance(r, asyncio.CancelledError)] == []
    assert (line.active, line.waiting) == (0, 0)
