"""A vendor's answer cut at every frame and at random bytes, in every way: what the client and the record must say."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.progress import Progress
from tests.server import provider_toml

from soak.client import Answer, Client
from soak.ledger import Row, audit, recorded
from soak.report import Report
from soak.server import Server
from soak.vendor import vendor_process
from soak.wire import MODES, STREAM, TEXT, WHOLE, Body

_AT_ONCE = 24


class Case(NamedTuple):
    """One call: `pair` has a second target that works."""

    stream: bool
    mode: str
    at: int
    pair: bool

    @property
    def body(self) -> Body:
        return STREAM if self.stream else WHOLE

    @property
    def model(self) -> str:
        """What the client asks for: a name of this case's own."""
        return f"{'pair' if self.pair else 'alone'}/cut-{self.mode}-{self.at}~{'stream' if self.stream else 'whole'}"


def config(port: int) -> str:
    """penstock.toml for a vendor of `soak.vendor` on `port`."""
    url = f"http://127.0.0.1:{port}"
    return (
        provider_toml("cut", url + "/v1")
        + provider_toml("good", url + "/good/v1")
        + '[[model]]\nname = "alone/*"\ntargets = [{ provider = "cut", model = "*" }]\n'
        + '[[model]]\nname = "pair/*"\n'
        + 'targets = [{ provider = "cut", model = "*" }, { provider = "good", model = "*" }]\n'
    )


def cases(places: int, seed: int) -> list[Case]:
    """Every frame boundary and `places` random bytes of each body, in each mode; each case alone and paired."""
    draw = random.Random(seed)
    found = set()
    for body in (STREAM, WHOLE):
        for mode in MODES:
            size = body.size(mode)
            for at in {*body.boundaries(mode), *(draw.randrange(size) for _ in range(places))}:
                for pair in (False, True):
                    found.add(Case(body is STREAM, mode, at, pair))
    return sorted(found)


def judge(case: Case, answer: Answer, record: Row) -> list[str]:
    """What is wrong with what the client got, and with what was recorded."""
    wrong = _framing(answer)
    if not wrong:
        wrong = _judge_stream(case, answer) if case.stream else _judge_whole(case, answer)
    attempts = json.loads(record["attempts"])
    error = None if wrong else answer.error
    if error is not None and error["code"] != "upstream_broke":
        wrong.append(f"error {error}")
    broken = [attempt["error"] for attempt in attempts if attempt["error"]]
    if any(code != "upstream_broke" for code in broken):
        wrong.append(f"attempts recorded as {broken}")
    if not wrong and answer.status == 502 and len(attempts) != 2:
        wrong.append(f"{len(attempts)} attempts before giving up, not 2")
    if _usage_arrived(case, answer) and record["prompt_tokens"] is None:
        wrong.append("the vendor's usage arrived and is not recorded")
    return [f"{case.model}: {what}" for what in wrong]


def _framing(answer: Answer) -> list[str]:
    if answer.trouble is not None or not answer.whole:
        return [f"the client's answer was cut too: {answer.trouble}"]
    try:
        _ = answer.events if answer.streamed else json.loads(answer.body)
    except ValueError as error:
        return [f"the client got something that is no JSON: {error}"]
    return []


def _judge_whole(case: Case, answer: Answer) -> list[str]:
    complete = case.body.arrived(case.mode, case.at) == case.body.payload
    if answer.status == 200 and (complete or case.pair):
        return [] if answer.text == TEXT else [f"the answer was changed: {answer.text!r}"]
    if answer.status == 502 and not case.pair:
        return []
    return [f"answered {answer.status}: {answer.body[:200]!r}"]


def _judge_stream(case: Case, answer: Answer) -> list[str]:
    got = case.body.arrived(case.mode, case.at)
    ended = _texts(got, whole_frames=True)
    started = _texts(got, whole_frames=False)
    must_begin = bool(ended) and case.mode != "rst"  # a reset may overtake what was sent
    if answer.status != 200:
        if must_begin or case.pair or answer.status != 502:
            return [f"answered {answer.status}: {answer.body[:200]!r}"]
        return []
    served_by = answer.headers["x-penstock-served-by"].partition("/")[0]
    if served_by == "good":
        if must_begin:
            return ["another target was asked though content had arrived"]
        return _clean(answer)
    if not started:
        return [f"a stream was begun without content: {answer.body[:200]!r}"]
    wrong = []
    text, told = answer.text, answer.finish_reasons
    if not TEXT.startswith(text.rstrip(" ")) or (len(text) < len("".join(ended)) and case.mode != "rst"):
        wrong.append(f"text {text!r} of {''.join(started)!r}")
    if told and not _finished(got):
        wrong.append(f"the finish reason {told} is not the vendor's")
    if answer.done and not _finished(got):
        wrong.append("[DONE] though the vendor's answer was cut")
    if answer.done == (answer.error is not None):
        wrong.append("neither or both of [DONE] and an error event")
    if not answer.done and b"data: [DONE]\n\n" in got and case.mode != "rst":
        wrong.append("an error though the vendor's answer was whole")
    return wrong


def _clean(answer: Answer) -> list[str]:
    """A stream in which nothing may be seen of the target that failed before."""
    events = answer.events
    roles = sum("role" in choice["delta"] for event in events for choice in event["choices"])
    if answer.text.rstrip(" ") != TEXT or not answer.done or answer.finish_reasons != ["stop"]:
        return [f"the stream after a fallback is not whole: {answer.body[:300]!r}"]
    if roles != 1 or len({event["id"] for event in events}) != 1:
        return [f"the stream after a fallback shows two: {answer.body[:300]!r}"]
    return []


def _texts(got: bytes, whole_frames: bool) -> list[str]:
    """The non-empty contents of the frames in `got`; whole ones, or those whose JSON is complete."""
    texts, at = [], 0
    for frame in STREAM.frames[:-1]:
        at += len(frame)
        if at - (0 if whole_frames else 2) > len(got):
            break
        texts += [c["delta"]["content"] for c in json.loads(frame[6:])["choices"] if c["delta"].get("content")]
    return texts


def _finished(got: bytes) -> bool:
    return b'"finish_reason": "stop"}]' in got and len(got) >= sum(map(len, STREAM.frames[:-2])) - 2


def _usage_arrived(case: Case, answer: Answer) -> bool:
    """Whether the frame with the usage did, of the answer that the client got, and surely was read."""
    if not case.stream:
        return answer.status == 200
    begun = answer.status == 200 and case.mode != "rst"
    return begun and len(case.body.arrived(case.mode, case.at)) >= sum(map(len, STREAM.frames[:-1]))


async def ask(client: Client, asked: Sequence[Case], progress: Progress, name: str) -> list[Answer]:
    """The answers to `asked`, some at a time."""
    task = progress.add_task(name, total=len(asked))
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(case: Case) -> Answer:
        async with places:
            answer = await client.chat(case.model, stream=case.stream, within_s=20)
            progress.advance(task)
            return answer

    return list(await asyncio.gather(*(one(case) for case in asked)))


async def run(size: float, folder: Path, progress: Progress) -> Report:
    """Every frame, and 200 random bytes in each of the modes at size 1."""
    report = Report("cuts")
    seed = random.randrange(1 << 32)
    asked = cases(max(10, round(200 * size)), seed)
    with vendor_process() as port, Server(folder / "home", config(port)) as server:
        client = Client(server.port, server.key)
        answers = await ask(client, asked, progress, "cuts")
        await client.close()
        rows = await recorded(server.home, answers)
    by_id = {row["request_id"]: row for row in rows}
    report.failures += audit(answers, rows)
    for case, answer in zip(asked, answers, strict=True):
        if answer.request_id in by_id:
            report.failures += judge(case, answer, by_id[answer.request_id])
    statuses = [answer.status for answer in answers]
    broken = sum(answer.status == 200 and answer.streamed and not answer.done for answer in answers)
    report.figure("calls, each with an answer cut at one place in one way", f"{len(asked):,} (seed {seed})")
    report.figure("answered whole (by the next target, or cut after the end)", f"{statuses.count(200) - broken:,}")
    report.figure("ended with an error event", f"{broken:,}")
    report.figure("answered 502", f"{statuses.count(502):,}")
    return report
