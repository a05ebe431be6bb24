"""What a response costs over a chat completion, of one upstream that speaks chat completions: CPU, as ratios."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from bench import load, processes

MODEL = "gpt-4-chat"
"""A model of a vendor that has no responses API, so that both are asked in the same form."""

_ROUNDS = 3
_CONNECTIONS = 32
_STREAMS = 100  # not so many that a core is full: chunks that wait are cheaper, being read together
_GAP_MS = 20.0
_SETTLE_S = 1.0  # in which what was answered moves on into the database

_Run = Callable[[bool], int]


class Costs(NamedTuple):
    """Microseconds of CPU of a chat completion and of a response, in the median, and the median of their ratios."""

    chat: float
    response: float
    ratio: float


def whole(port: int, pid: int, key: str, *, quick: bool) -> Costs:
    """Of a whole answer of 1 KB; the response is stored."""
    count = 400 if quick else 4000
    chat = load.request("/v1/chat/completions", key, load.chat_body(1024, model=MODEL))
    response = load.request("/v1/responses", key, load.response_body(1024, model=MODEL))

    def run(is_response: bool) -> int:
        asyncio.run(load.at_once(port, response if is_response else chat, count, _CONNECTIONS))
        return count

    return _interleaved(pid, run)


def streamed(port: int, pid: int, key: str, *, quick: bool) -> Costs:
    """Of a streamed chunk of the upstream's, whatever it becomes; the response is stored."""
    count, chunks = (30, 50) if quick else (_STREAMS, 150)
    asked: dict[str, object] = {"model": MODEL, "stream": True, "user": f"{chunks}/{_GAP_MS}"}
    chat = load.request("/v1/chat/completions", key, load.chat_body(1024, **asked))
    response = load.request("/v1/responses", key, load.response_body(1024, **asked))

    def run(is_response: bool) -> int:
        if is_response:
            _, seen = asyncio.run(load.streams_of(port, response, count, b"event: response.output_text.delta\n"))
        else:
            _, seen = asyncio.run(load.streams_of(port, chat, count, b'"content":" water"'))
        assert seen == count * chunks, f"{seen} of {count * chunks} chunks were seen"
        return seen

    return _interleaved(pid, run)


def _interleaved(pid: int, run: _Run) -> Costs:
    """`run` makes the load of chat completions or of responses, and says how many there were."""
    found: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(_ROUNDS):
        for is_response, costs in found.items():
            before = processes.cpu_seconds(pid)
            count = run(is_response)
            time.sleep(_SETTLE_S)
            costs.append((processes.cpu_seconds(pid) - before) / count * 1e6)
    ratios = [response / chat for chat, response in zip(found[False], found[True], strict=True)]
    return Costs(statistics.median(found[False]), statistics.median(found[True]), statistics.median(ratios))
