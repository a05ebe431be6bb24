"""Load on loopback, bounded in count and time: a mix of calls, as fast as they are answered or at a steady rate."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from soak.client import Answer, Client, Refused

_MOST_WAITING = 1000
_PATIENCE_S = 30.0


class Kind(NamedTuple):
    """A sort of call: its share of the mix, what it asks for, and the statuses that it may be answered with."""

    share: int
    model: str
    stream: bool
    statuses: frozenset[int]
    more: dict[str, Any]


def _kind(share: int, model: str, stream: bool, *statuses: int, **more: Any) -> Kind:
    return Kind(share, model, stream, frozenset(statuses), more)


MIXED = (
    _kind(30, "v/plain", False, 200),
    _kind(5, "v/plain", True, 200),
    _kind(20, "v/stream-12-5", True, 200),
    _kind(12, "v/slow-200", False, 200),
    _kind(8, "v/slow-100", True, 200),
    _kind(8, "v/flaky", False, 200, 502),
    _kind(5, "v/status-500", False, 502),
    _kind(4, "v/cut-fin-900", True, 200),
    _kind(5, "v/plain", False, 400, temperature=9),
    _kind(3, "nobody/knows", False, 404),
)
"""Whole, streamed, failing, invalid, slow."""

LIGHT = (_kind(7, "v/plain", False, 200), _kind(3, "v/stream-8-0", True, 200))
"""Calls that succeed and cost little."""

CONFIG = """
[[provider]]
name = "vendor"
kind = "openai"
api_key = "sk-vendor-secret"
base_url = "http://127.0.0.1:{port}/v1"

[[model]]
name = "v/*"
targets = [{{ provider = "vendor", model = "*" }}]
"""


class Asked(NamedTuple):
    """One call of a mix, under a name of its own."""

    kind: Kind
    model: str
    body: bytes


def calls(mix: tuple[Kind, ...], draw: random.Random) -> Iterator[Asked]:
    """Calls drawn from `mix`, without end."""
    shares = [kind.share for kind in mix]
    number = 0
    while True:
        (kind,) = draw.choices(mix, shares)
        number += 1
        model = f"{kind.model}~{number}"
        body = {"model": model, "stream": kind.stream, "messages": [{"role": "user", "content": "Hello"}], **kind.more}
        yield Asked(kind, model, json.dumps(body).encode())


class Load:
    """What was asked and answered so far. `each` is called with every answer; they are kept only with `keep`."""

    def __init__(self, client: Client, asked: Iterator[Asked], *, keep: bool = True) -> None:
        self._client = client
        self._asked = asked
        self._keep = keep
        self.answers: list[Answer] = []
        self.wrong: list[str] = []
        self.answered = 0
        self.statuses: dict[int, int] = {}
        self.slowest_s = 0.0
        self.may_be_busy = False  # whether 503 with retry-after is a proper answer now
        self.up = asyncio.Event()
        self.up.set()

    async def closed_loop(self, count: int, at_once: int, each: Callable[[], object] = lambda: None) -> None:
        """`count` calls, `at_once` at any time. A call that finds no server waits for `up` and is made then."""
        left = iter(range(count))

        async def worker() -> None:
            for _ in left:
                await self._one(next(self._asked))
                each()

        await asyncio.gather(*(worker() for _ in range(at_once)))

    @asynccontextmanager
    async def at_rate(self, rate: float) -> Any:
        """`rate` calls a second for as long as the context lasts; then waits for the last answers."""
        running: set[asyncio.Task[None]] = set()

        async def begin() -> None:
            due = time.monotonic()
            while True:
                due += 1 / rate
                await asyncio.sleep(max(0.0, due - time.monotonic()))
                if len(running) >= _MOST_WAITING:
                    self.wrong.append(f"{len(running)} calls wait for their answers")
                    return
                task = asyncio.create_task(self._one(next(self._asked)))
                running.add(task)
                task.add_done_callback(running.discard)

        beginning = asyncio.create_task(begin())
        try:
            yield
        finally:
            beginning.cancel()
            await asyncio.gather(beginning, *running, return_exceptions=True)

    async def _one(self, asked: Asked) -> None:
        answer, began = None, time.monotonic()
        end = began + 2 * _PATIENCE_S
        while answer is None:
            await self.up.wait()
            began = time.monotonic()
            if began > end:
                self.wrong.append(f"{asked.model}: no server for {2 * _PATIENCE_S:g} s")
                return
            try:
                answer = await self._client.post(asked.body, asked.model, _PATIENCE_S)
            except Refused:
                await asyncio.sleep(0.02)
        self.slowest_s = max(self.slowest_s, time.monotonic() - began)
        self.answered += 1
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        if self._keep:
            self.answers.append(answer)
        self.judge(asked, answer)

    def judge(self, asked: Asked, answer: Answer) -> None:
        """Adds to `wrong` what is wrong with `answer`."""
        if answer.trouble is not None and answer.trouble.startswith("no end"):
            self.wrong.append(f"{asked.model}: {answer.trouble}")
        if not answer.received:
            return
        if answer.status == 503 and self.may_be_busy:
            if "retry-after" not in answer.headers:
                self.wrong.append(f"{asked.model}: a 503 without retry-after")
        elif answer.status not in asked.kind.statuses:
            self.wrong.append(f"{asked.model}: answered {answer.status}: {answer.body[:200]!r}")
        elif asked.kind.stream and answer.status == 200 and answer.done == (answer.error is not None):
            self.wrong.append(f"{asked.model}: a stream with neither or both of [DONE] and an error event")
