"""The engine's process killed under load: each local call ends in an answer or an explicit error, and it recovers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
from pathlib import Path

from bench.processes import family
from rich.progress import Progress
from tests.server import penstock
from tests.tiny_gguf import write_tiny_gguf

from soak.client import Answer, Client
from soak.ledger import audit, recorded
from soak.report import Report
from soak.server import Server

_AT_ONCE = 6
_PATIENCE_S = 60.0
_RECOVERY_S = 60.0  # a model that crashes again and again is restarted after up to 30 s
_TOKENS = 48


class _Callers:
    """Callers of the local model, one call after another each, until told to stop."""

    def __init__(self, client: Client, model: str) -> None:
        self._client = client
        self._model = model
        self.answers: list[Answer] = []
        self.stop = False

    async def run(self, number: int) -> None:
        stream = number % 2 == 1
        while not self.stop:
            answer = await self._client.chat(self._model, stream=stream, within_s=_PATIENCE_S, max_tokens=_TOKENS)
            self.answers.append(answer)
            if answer.status != 200:
                await asyncio.sleep(0.5)  # as a client would

    def good(self) -> int:
        """Answers that were whole and no error."""
        return sum(answer.status == 200 and answer.error is None for answer in self.answers)


async def run(size: float, folder: Path, progress: Progress) -> Report:
    """20 kills at size 1."""
    report = Report("local")
    kills = max(2, round(20 * size))
    task = progress.add_task("local", total=kills)
    home = folder / "home"
    home.mkdir()
    penstock(home, "models", "add", str(write_tiny_gguf(folder / "tiny.gguf")))
    slowest = 0.0
    with Server(home) as server:
        client = Client(server.port, server.key)
        callers = _Callers(client, "tiny")
        running = [asyncio.create_task(callers.run(number)) for number in range(_AT_ONCE)]
        try:
            for _ in range(kills):
                await _until_good(callers, report)
                await asyncio.sleep(random.random() * 0.5)
                killed = _kill_engine(server, report)
                began = time.monotonic()
                await _until_good(callers, report)
                slowest = max(slowest, time.monotonic() - began)
                if not killed or report.failures:
                    break
                progress.advance(task)
        finally:
            callers.stop = True
            await asyncio.gather(*running)
        last = await client.chat("tiny", max_tokens=4)
        report.expect(last.status == 200, f"after the kills: answered {last.status}: {last.body[:200]!r}")
        await client.close()
        answers = [*callers.answers, last]
        rows = await recorded(server.home, answers)
        alive = _engines(server)
    report.failures += audit(answers, rows, named=False)
    report.expect(len(rows) == len(answers), f"{len(rows)} records of {len(answers)} calls")
    await asyncio.sleep(0.2)
    report.expect(not any(_is_engine(pid) for pid in alive), "the engine lives on after its server")
    for answer in answers:
        report.failures += _judge(answer)
    errors = [answer.error for answer in answers if answer.received and answer.error is not None]
    report.figure("kill -9 of the engine's process under load", str(kills))
    report.figure("calls", f"{len(answers):,}")
    report.figure("answered with an explicit error", f"{len(errors):,} ({_counted(errors)})")
    report.figure("slowest return to answers", f"{slowest:.1f} s")
    return report


async def _until_good(callers: _Callers, report: Report) -> None:
    """Waits until another call succeeds."""
    had, end = callers.good(), time.monotonic() + _RECOVERY_S
    while callers.good() == had and time.monotonic() < end:
        await asyncio.sleep(0.02)
    report.expect(callers.good() > had, f"no local call succeeded for {_RECOVERY_S:g} s")


def _kill_engine(server: Server, report: Report) -> bool:
    engines = _engines(server)
    report.expect(len(engines) == 1, f"{len(engines)} processes of the engine, not 1")
    for pid in engines:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(engines)


def _engines(server: Server) -> list[int]:
    return [pid for pid in family(server.pid) if _is_engine(pid)]


def _is_engine(pid: int) -> bool:
    try:
        return b"penstock.engine" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _judge(answer: Answer) -> list[str]:
    if not answer.received:
        return [f"an answer was cut: {answer.status}, {answer.trouble}"]
    error = answer.error
    if error is None and answer.status == 200:
        whole = answer.done if answer.streamed else bool(answer.finish_reasons)
        return [] if whole else [f"a truncated answer: {answer.body[-200:]!r}"]
    if error is None or not error.get("code") or answer.status not in (200, 502, 503, 504):
        return [f"no explicit error: {answer.status} {answer.body[-200:]!r}"]
    return []


def _counted(errors: list[dict[str, object]]) -> str:
    codes = [str(error.get("code")) for error in errors]
    return ", ".join(f"{codes.count(code)} {code}" for code in sorted(set(codes))) or "none"
