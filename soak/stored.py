"""kill -9 of every process under stored streams: what a client saw the end of is kept, the rest as far as it came."""

from __future__ import annotations

import asyncio
import json
import random
import time
from pathlib import Path
from typing import Any

import msgspec
from rich.progress import Progress
from tests.server import provider_toml

from soak.client import Answer, Client, Refused
from soak.report import Report
from soak.server import Server
from soak.speech import numerals
from soak.vendor import vendor_process

_AT_ONCE = 200
_IN_CONVERSATIONS = 0.25  # of the streams, each in one of its own
_WHILE_STARTING = 0.4  # of the kills are followed by another one during the start, which is when what was left is kept
_LONGEST_START_S = 1.5
_GAP_MS = 200
_NUMBERS = (2, 40)
_FINISHED = 50  # streams of a round before its kill: some are in the database by then, others in the journal
_ALL_S = 60.0  # in which so many must be finished
_BEFORE_KILL_S = 2.0
_SETTLES_S = 10.0
_LOOKED_UP_AT_ONCE = 16
_ENDS = ("response.completed", "response.incomplete", "response.failed")


class Stream(msgspec.Struct):
    """One stream: how far its vendor counts, its conversation if it has one, and what the client got of it."""

    numbers: int
    conversation: str | None
    answer: Answer

    @property
    def id(self) -> str | None:
        """The response's id, where the client saw it."""
        events = self.answer.events
        return events[0]["response"]["id"] if events else None


def config(port: int) -> str:
    """penstock.toml: `chat/*` is asked in chat completions, `native/*` in the responses API."""
    url = f"http://127.0.0.1:{port}/v1"
    return (
        provider_toml("chat", url, kind="compatible")
        + provider_toml("native", url)
        + '[[model]]\nname = "chat/*"\ntargets = [{ provider = "chat", model = "*" }]\n'
        + '[[model]]\nname = "native/*"\ntargets = [{ provider = "native", model = "*" }]\n'
    )


def judge(stream: Stream, read: Answer, replayed: Answer) -> list[str]:
    """What is wrong with what is kept of a stream whose id the client saw: read by its id, and streamed again."""
    which = f"{stream.answer.model} {stream.id}"
    if read.status != 200 or replayed.status != 200:
        return [f"{which}: read with {read.status}, streamed again with {replayed.status}: {read.body[:200]!r}"]
    kept, got, again = json.loads(read.body), stream.answer.data, replayed.data
    last = json.loads(got[-1])
    wrong = []
    if got != again[: len(got)]:
        wrong.append("the events are not those that the client got")
    if [json.loads(data)["sequence_number"] for data in again] != list(range(len(again))):
        wrong.append("the events are not numbered from 0 on")
    end = json.loads(again[-1])
    if end["type"] not in _ENDS or end["response"] != kept:
        wrong.append(f"the last event, {end['type']}, does not tell what is kept")
    if last["type"] == "response.completed":
        if kept != last["response"]:
            wrong.append(f"the client saw it finished, and what is kept is another: {kept}")
        if got != again:
            wrong.append("there are more events than the client got, though it saw the end")
    wrong += _judge_text(stream, kept)
    return [f"{which}: {what}" for what in wrong]


def _judge_text(stream: Stream, kept: dict[str, Any]) -> list[str]:
    whole = "".join(numerals(stream.numbers))
    text = kept["output_text"]
    said = "".join(event["delta"] for event in stream.answer.events if event["type"] == "response.output_text.delta")
    if not text.startswith(said):
        return [f"the client got {said!r}, and kept is {text!r}"]
    if text != whole[: len(text)]:
        return [f"{text!r} was never said"]
    # What is kept before the last byte goes out may be whole though the client never saw its end.
    if kept["status"] == "completed" and text != whole:
        return [f"it is called completed with {text!r}"]
    if kept["status"] not in ("completed", "incomplete", "failed"):
        return [f"its status is {kept['status']!r}"]
    return []


def judge_conversation(stream: Stream, kept: dict[str, Any], listed: list[dict[str, Any]]) -> list[str]:
    """What is wrong with the items of a conversation in which `stream` was the only one."""
    ids = [item["id"] for item in listed]
    output = [item["id"] for item in kept["output"]]
    there = kept["status"] in ("completed", "incomplete")
    if (ids[1:] != output or not ids) if there else ids:
        return [f"{stream.answer.model}: the response is {kept['status']} with {output}, its conversation has {ids}"]
    return []


class _Round:
    """200 streams at any time, until the server is killed under them."""

    def __init__(self, server: Server, draw: random.Random, number: int) -> None:
        self._server = server
        self._draw = draw
        self._number = number
        self._client = Client(server.port, server.key)
        self._killed = False
        self._begun = 0
        self.streams: list[Stream] = []

    async def run(self) -> None:
        """Returns with the server killed."""
        workers = [asyncio.create_task(self._worker()) for _ in range(_AT_ONCE)]
        end = time.monotonic() + _ALL_S
        while len(self.streams) < _FINISHED and time.monotonic() < end:
            await asyncio.sleep(0.05)
        await asyncio.sleep(self._draw.uniform(0, _BEFORE_KILL_S))
        self._server.kill_group()
        self._killed = True
        await asyncio.gather(*workers)
        await self._client.close()

    async def _worker(self) -> None:
        while not self._killed:
            numbers = self._draw.randint(*_NUMBERS)
            self._begun += 1
            kind = self._draw.choice(("chat", "native"))
            model = f"{kind}/count-{numbers}-{_GAP_MS}~{self._number}.{self._begun}"
            answer = Answer(model)
            try:
                conversation = await self._conversation() if self._draw.random() < _IN_CONVERSATIONS else None
                body = {"model": model, "input": "Count!", "stream": True}
                body |= {"conversation": conversation} if conversation else {}
                await self._client.send("POST", "/v1/responses", json.dumps(body).encode(), answer)
            except (Refused, ConnectionError):
                continue
            if answer.status:
                self.streams.append(Stream(numbers, conversation, answer))

    async def _conversation(self) -> str:
        answer = await self._client.send("POST", "/v1/conversations", b"{}")
        if answer.status != 200:
            raise ConnectionError
        conversation: str = json.loads(answer.body)["id"]
        return conversation


async def run(size: float, folder: Path, progress: Progress) -> Report:
    """20 rounds at size 1, each with 200 streams at the moment of the kill."""
    report = Report("stored")
    rounds = max(2, round(20 * size))
    seed = random.randrange(1 << 32)
    draw = random.Random(seed)
    task = progress.add_task("stored", total=rounds)
    figures = dict.fromkeys(("finished", "cut", "whole", "again"), 0)
    with vendor_process() as port, Server(folder / "home", config(port)) as server:
        known: list[tuple[str, bytes]] = []
        for number in range(rounds):
            a_round = _Round(server, draw, number)
            await a_round.run()
            if draw.random() < _WHILE_STARTING:
                await asyncio.to_thread(server.start_and_kill, draw.random() * _LONGEST_START_S)
                figures["again"] += 1
            await asyncio.to_thread(server.start)
            client = Client(server.port, server.key)
            await _check(a_round.streams, client, known, figures, report)
            for id, body in draw.sample(known, min(len(known), _AT_ONCE)):
                now = (await client.send("GET", f"/v1/responses/{id}")).body
                report.expect(now == body, f"{id} changed by another kill: {now[:200]!r}")
            await client.close()
            await _expect_no_journal(server, report)
            progress.advance(task)
    report.figure("kill -9 of all processes under 200 stored streams", f"{rounds} (seed {seed})")
    report.figure("kill -9 while starting, too", str(figures["again"]))
    report.figure("streams whose end the client saw: all kept as it got them", f"{figures['finished']:,}")
    report.figure("streams cut by a kill: kept as far as the client got them, at least", f"{figures['cut']:,}")
    report.figure("of these kept whole, since only their last bytes were not sent", f"{figures['whole']:,}")
    report.expect(figures["cut"] >= rounds * _AT_ONCE // 2, f"only {figures['cut']} streams were cut: it proves little")
    finished = figures["finished"]
    report.expect(finished >= rounds * _FINISHED // 2, f"only {finished} streams were finished: it proves little")
    return report


async def _check(
    streams: list[Stream], client: Client, known: list[tuple[str, bytes]], figures: dict[str, int], report: Report
) -> None:
    """Reads everything of which a client saw the id."""
    places = asyncio.Semaphore(_LOOKED_UP_AT_ONCE)

    async def look(stream: Stream) -> None:
        if stream.answer.status != 200:
            report.failures.append(f"{stream.answer.model}: {stream.answer.status} {stream.answer.body[:200]!r}")
        if stream.answer.status != 200 or stream.id is None:
            return
        async with places:
            path = f"/v1/responses/{stream.id}"
            read, replayed = await client.send("GET", path), await client.send("GET", path + "?stream=true")
            wrong = judge(stream, read, replayed)
            if stream.conversation and not wrong:
                listed = await client.send("GET", f"/v1/conversations/{stream.conversation}/items?order=asc")
                wrong = judge_conversation(stream, json.loads(read.body), json.loads(listed.body)["data"])
        report.failures += wrong
        if read.status != 200:
            return
        known.append((stream.id, read.body))
        if stream.answer.done:
            figures["finished"] += 1
        else:
            figures["cut"] += 1
            figures["whole"] += json.loads(read.body)["status"] == "completed"

    await asyncio.gather(*(look(stream) for stream in streams))


async def _expect_no_journal(server: Server, report: Report) -> None:
    end = time.monotonic() + _SETTLES_S
    while (left := [path.name for path in (server.home / "journal").iterdir()]) and time.monotonic() < end:
        await asyncio.sleep(0.1)
    report.expect(not left, f"{len(left)} files are left in the journal: {left[:3]}")
    waiting = server.gauge("penstock_journal_waiting_bytes")
    report.expect(waiting == 0, f"{waiting:,.0f} bytes are said to wait in the journal")
