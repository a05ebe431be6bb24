"""Which models are in memory."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

_PATIENCE_S: Final = 10.0


class Sitter(Protocol):
    """A model that may be in memory."""

    @property
    def idle(self) -> bool:
        """Whether nobody uses it, waits for it or loads it."""
        ...

    @property
    def last_used(self) -> float:
        """When it was last used, by the clock of the event loop."""
        ...

    async def unload(self) -> None:
        """Takes it out of memory and gives its seat back."""
        ...

    def drain(self) -> None:
        """Lets nobody new use it, so that it becomes idle soon."""
        ...


class Seats:
    """At most `limit` models in memory. The idle one that was unused for longest makes room; where none is idle, the
    one that came first is drained after `patience_s`, so that no model waits for ever."""

    def __init__(self, limit: int, patience_s: float = _PATIENCE_S) -> None:
        self._limit = limit
        self._patience_s = patience_s
        self._seated: list[Sitter] = []
        self._turn = asyncio.Lock()  # first come, first served
        self._changed = asyncio.Event()

    async def take(self, sitter: Sitter) -> None:
        """Waits for a seat."""
        async with self._turn:
            while len(self._seated) >= self._limit:
                idle = [other for other in self._seated if other.idle]
                if idle:
                    await min(idle, key=lambda other: other.last_used).unload()
                    continue
                self._changed.clear()
                try:
                    await asyncio.wait_for(self._changed.wait(), self._patience_s)
                except TimeoutError:
                    self._seated[0].drain()
            self._seated.append(sitter)

    @property
    def free(self) -> bool:
        """Whether one can be had at once, and nobody waits for it."""
        return len(self._seated) < self._limit and not self._turn.locked()

    def give(self, sitter: Sitter) -> None:
        """Gives the seat back."""
        self._seated.remove(sitter)
        self.changed()

    def changed(self) -> None:
        """Says that a model has become idle."""
        self._changed.set()
