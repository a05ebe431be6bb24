"""`n` choices from a vendor that makes one a call: n calls side by side, their frames in one stream."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from penstock.core.answer import Frame
from penstock.core.call import Call
from penstock.core.errors import PenstockError
from penstock.gateway.vendors import Take

One = Callable[[Call, Take], Awaitable[None]]

# The rest of the choices wait here, not in the engine's queue, where they would keep other calls out.
_AT_ONCE = 4
_INT64 = 1 << 63


class _Merge:
    """Lets a choice's frames through once every choice before it has opened: clients take choices in index order."""

    def __init__(self, n: int, take: Take) -> None:
        self._waiting: dict[int, list[Frame]] = {}
        self._next = 0
        self._n = n
        self._take = take
        self._turn = asyncio.Lock()

    async def take(self, index: int, frames: list[Frame]) -> None:
        async with self._turn:
            if index > self._next:
                self._waiting.setdefault(index, []).extend(frames)
                return
            await self._take(frames)
            if index == self._next:
                self._next += 1
                while (waited := self._waiting.pop(self._next, None)) is not None:
                    await self._take(waited)
                    self._next += 1


async def fan_out(call: Call, one: One, take: Take) -> None:
    """Makes `call.n` calls of `call`, each with its own `choice` and, where there is a seed, its own seed.

    The first failure ends all of them and is raised.
    """
    merge = _Merge(call.n, take)
    places = asyncio.Semaphore(_AT_ONCE)

    async def choice(index: int) -> None:
        async with places:
            await one(_nth(call, index), lambda frames: merge.take(index, frames))

    try:
        async with asyncio.TaskGroup() as group:
            for index in range(call.n):
                group.create_task(choice(index))
    except BaseExceptionGroup as failures:
        first = failures.exceptions[0]
        for failure in failures.exceptions:
            if isinstance(failure, PenstockError):
                first = failure
                break
        raise first from failures


def _nth(call: Call, index: int) -> Call:
    seed = None if call.seed is None else (call.seed + index + _INT64) % (2 * _INT64) - _INT64
    members = {name: value for name, value in call.members.items() if name not in ("n", "seed")}
    if seed is not None:
        members["seed"] = msgspec.Raw(str(seed).encode())
    # `changed` stays the same dictionary: what happens to a parameter happens alike in every choice.
    return msgspec.structs.replace(
        call, choice=index, n=1, seed=seed, members=members, include_usage=False, stream=True
    )
