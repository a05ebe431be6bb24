"""`python -m bench [--quick] [--no-write] [--only responses]`: the table of the speed budget, into bench/RESULTS.md."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from bench import load, processes, responses
from bench.history import history_page

RESULTS = Path(__file__).parent / "RESULTS.md"
PATH = "/v1/chat/completions"
LUA = """
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer {key}"
local file = io.open("{body}", "rb"); wrk.body = file:read("*a"); file:close()
"""
CONFIG = """
[[provider]]
name = "vendor"
kind = "openai"
api_key = "bench"
base_url = "http://127.0.0.1:{port}/v1"

[[provider]]
name = "chat-vendor"
kind = "compatible"
api_key = "bench"
base_url = "http://127.0.0.1:{port}/v1"

[[model]]
name = "gpt-4"
targets = [{{ provider = "vendor", model = "gpt-4" }}]

[[model]]
name = "{chat}"
targets = [{{ provider = "chat-vendor", model = "gpt-4" }}]
"""


class Contestant:
    """One server in front of the upstream (or the upstream itself), by port and process."""

    def __init__(self, name: str, port: int, pid: int) -> None:
        self.name = name
        self.port = port
        self.pid = pid


class Bench:
    """All measurements of one run; `rows` are figure, value, budget, goal."""

    def __init__(self, folder: Path, quick: bool, progress: Progress) -> None:
        self.folder = folder
        self.quick = quick
        self.progress = progress
        self.rows: list[tuple[str, str, str, str]] = []
        self.notes: list[str] = []
        self.key = ""
        self.home = folder / "home"
        self.home.mkdir()
        self.environment = {
            "PENSTOCK_HOME": str(self.home),
            "PENSTOCK_CONFIG": str(folder / "penstock.toml"),
            "PENSTOCK_SERVER__LOG_LEVEL": "error",
        }

    def penstock(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "penstock", *arguments],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def server(self, port: int, core: int | None) -> processes.Running:
        return processes.process(
            [sys.executable, "-m", "penstock", "serve"],
            port,
            core,
            **self.environment,
            PENSTOCK_SERVER__PORT=str(port),
        )

    def wrk(self, contestant: Contestant, size: int, seconds: int, connections: int = 32) -> tuple[float, float]:
        """Requests a second, and CPU of the contestant per request in microseconds."""
        body = self.folder / f"body-{size}.json"
        body.write_bytes(load.chat_body(size))
        script = self.folder / f"wrk-{size}.lua"
        script.write_text(LUA.format(key=self.key, body=body))
        before = processes.cpu_seconds(contestant.pid)
        done = subprocess.run(
            [
                "wrk",
                "-t1",
                f"-c{connections}",
                f"-d{seconds}s",
                "-s",
                str(script),
                f"http://127.0.0.1:{contestant.port}{PATH}",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        used = processes.cpu_seconds(contestant.pid) - before
        match = re.search(r"(\d+) requests in", done.stdout)
        assert match, done.stdout
        assert "Non-2xx" not in done.stdout, done.stdout
        count = int(match[1])
        return count / seconds, used / count * 1e6

    def whole(self, contestants: list[Contestant]) -> None:
        """CPU per request at 1 KB and 100 KB, three interleaved rounds, and the ratios to nginx of each round."""
        seconds = 3 if self.quick else 8
        figures: dict[tuple[str, int], list[tuple[float, float]]] = {}
        task = self.progress.add_task("CPU per request", total=3 * 2 * len(contestants))
        for _ in range(3):
            for size in (1024, 100 * 1024):
                for contestant in contestants:
                    figures.setdefault((contestant.name, size), []).append(self.wrk(contestant, size, seconds))
                    self.progress.advance(task)
        mine = [cpu for _, cpu in figures["penstock", 1024]]
        rate = statistics.median(rate for rate, _ in figures["penstock", 1024])
        self.notes.append(
            f"Penstock: {rate:,.0f} requests/s of 1 KB on one core, {statistics.median(mine):.0f} us of CPU each."
        )
        if ("nginx", 1024) in figures:
            theirs = [cpu for _, cpu in figures["nginx", 1024]]
            ratio = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
            nginx_rate = statistics.median(rate for rate, _ in figures["nginx", 1024])
            self.notes.append(f"nginx: {nginx_rate:,.0f} requests/s, {statistics.median(theirs):.0f} us each.")
            self.row("CPU per request, 1 KB, as a ratio to nginx", f"{ratio:.1f}x", "12x", "8x")
        large = statistics.median(cpu for _, cpu in figures["penstock", 100 * 1024])
        self.row("CPU of a 100 KB prompt, as a ratio to 1 KB", f"{large / statistics.median(mine):.2f}x", "3x", "2x")

    def latency(self, contestants: list[Contestant]) -> None:
        """Latency at 100 requests a second above the direct way's, median and p99, of three interleaved rounds."""
        seconds = 5 if self.quick else 20
        added: dict[str, list[tuple[float, float]]] = {}
        for _ in range(3):
            took = {c.name: asyncio.run(load.at_rate(c.port, PATH, self.key, 100, seconds)) for c in contestants}
            of = {name: statistics.quantiles(values, n=100) for name, values in took.items()}
            for name, found in of.items():
                added.setdefault(name, []).append((found[49] - of["direct"][49], found[98] - of["direct"][98]))
        median, p99 = (statistics.median(figures) * 1000 for figures in zip(*added["penstock"], strict=True))
        if "nginx" in added:
            floor, floor_99 = (statistics.median(figures) * 1000 for figures in zip(*added["nginx"], strict=True))
            self.notes.append(f"nginx adds {floor:.2f} / {floor_99:.2f} ms at 100 requests/s.")
        self.row(
            "added latency at 100 requests/s, median / p99", f"{median:.2f} / {p99:.2f} ms", "0.7 / 3 ms", "0.4 / 2 ms"
        )

    def streams(self, contestants: list[Contestant]) -> None:
        """CPU per streamed chunk, 500 streams of chunks 20 ms apart, and the time added to the first one."""
        count, chunks, gap = (200, 50, 20.0) if self.quick else (500, 150, 20.0)
        cpu: dict[str, list[float]] = {}
        first: dict[str, list[float]] = {}
        for _ in range(3):
            for c in contestants:
                before = processes.cpu_seconds(c.pid)
                firsts, seen = asyncio.run(load.streams(c.port, PATH, self.key, count, chunks, gap))
                cpu.setdefault(c.name, []).append((processes.cpu_seconds(c.pid) - before) / seen * 1e6)
                first.setdefault(c.name, []).append(statistics.median(firsts) * 1000)
                assert len(firsts) == count, f"{c.name}: {len(firsts)} of {count} streams began"
        mine = cpu["penstock"]
        self.notes.append(f"Penstock: {statistics.median(mine):.1f} us of CPU a streamed chunk.")
        if "nginx" in cpu:
            self.notes.append(f"nginx: {statistics.median(cpu['nginx']):.1f} us of CPU a streamed chunk.")
            ratio = statistics.median(a / b for a, b in zip(mine, cpu["nginx"], strict=True))
            self.row(f"CPU per streamed chunk, {count} streams, as a ratio to nginx", f"{ratio:.1f}x", "3.5x", "2.5x")
        added = statistics.median(a - b for a, b in zip(first["penstock"], first["direct"], strict=True))
        self.row(f"time to first token added, {count} streams, median", f"{added:.1f} ms", "5 ms", "2 ms")

    def memory(self, penstock: Contestant) -> None:
        """Resident memory after 100,000 requests, and its growth over 100,000 more."""
        self.requests(penstock, 10_000 if self.quick else 100_000)
        after = processes.resident_mb(penstock.pid)
        self.requests(penstock, 10_000 if self.quick else 100_000)
        more = processes.resident_mb(penstock.pid)
        label = "10,000" if self.quick else "100,000"
        self.row(f"memory after {label} requests more", f"{after:.0f} MB", "170 MB", "120 MB")
        self.row(f"memory growth per {label} more", f"{more - after:+.1f} MB", "~0", "~0")

    def requests(self, penstock: Contestant, count: int) -> None:
        while count > 0:
            rate, _ = self.wrk(penstock, 1024, 4)
            count -= int(rate * 4)

    def responses(self, penstock: Contestant) -> None:
        """CPU of a response as a ratio to that of a chat completion, whole and a streamed chunk."""
        for what, measure, budget in (
            ("a response", responses.whole, "2x"),
            ("a streamed chunk of a response", responses.streamed, "2.5x"),
        ):
            costs = measure(penstock.port, penstock.pid, self.key, quick=self.quick)
            self.row(f"CPU of {what}, stored, as a ratio to chat", f"{costs.ratio:.2f}x", budget, "-")
            self.notes.append(f"{what[0].upper()}{what[1:]}: {costs.response:.0f} us of CPU, of chat {costs.chat:.0f}.")

    def start(self, port: int) -> None:
        """From `penstock serve` to the first answered call, three times."""
        took = []
        for _ in range(3):
            began = time.perf_counter()
            with self.server(port, None):
                asyncio.run(load.at_rate(port, PATH, self.key, 10, 0.1))
                took.append(time.perf_counter() - began)
        self.row("start to first answer", f"{statistics.median(took):.2f} s", "1.5 s", "0.8 s")

    def row(self, figure: str, value: str, budget: str, goal: str) -> None:
        self.rows.append((figure, value, budget, goal))
        self.progress.console.print(f"{figure}: [bold]{value}[/bold] (budget {budget}, goal {goal})")

    def run(self, only_responses: bool = False) -> None:
        ports = {name: processes.free_port() for name in ("direct", "nginx", "penstock")}
        (self.folder / "penstock.toml").write_text(CONFIG.format(port=ports["direct"], chat=responses.MODEL))
        self.key = self.penstock("keys", "create", "--name", "bench")
        cores = sorted(os.sched_getaffinity(0))
        mine, others = cores[0], cores[-1]
        os.sched_setaffinity(0, {others})
        with ExitStack() as stack:
            up = stack.enter_context(processes.upstream(ports["direct"], others))
            if only_responses:
                served = stack.enter_context(self.server(ports["penstock"], mine))
                self.responses(Contestant("penstock", ports["penstock"], served.pid))
                return
            contestants = [Contestant("direct", ports["direct"], up.pid)]
            proxy = processes.nginx(self.folder, ports["nginx"], ports["direct"], mine)
            if proxy is None:
                self.notes.append("nginx is not installed: no ratios to it.")
            else:
                contestants.append(Contestant("nginx", ports["nginx"], stack.enter_context(proxy).pid))
            self.start(ports["penstock"])
            served = stack.enter_context(self.server(ports["penstock"], mine))
            time.sleep(2)
            self.row("memory, idle", f"{processes.resident_mb(served.pid):.0f} MB", "130 MB", "90 MB")
            penstock = Contestant("penstock", ports["penstock"], served.pid)
            contestants.append(penstock)
            self.latency(contestants)
            self.streams(contestants)
            if shutil.which("wrk"):
                self.whole(contestants[1:])
                self.memory(penstock)
            else:
                self.notes.append("wrk is not installed: no CPU per request, no memory after load.")
            self.responses(penstock)
        rows = 50_000 if self.quick else 1_000_000
        p95 = history_page(self.folder, rows)
        self.row(f"history page at {rows:,} rows, p95", f"{p95:.1f} ms", "300 ms", "100 ms")

    def text(self) -> str:
        date = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
        cpu = next(
            (x.split(":")[1].strip() for x in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in x), ""
        )
        lines = [f"## {date}, {os.cpu_count()} cores, {cpu}, Python {platform.python_version()}", ""]
        lines += ["| figure | measured | budget | goal |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(row)} |" for row in self.rows]
        return "\n".join([*lines, "", *self.notes, ""])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the size, to see that it runs; never a result")
    parser.add_argument("--no-write", action="store_true", help="leave RESULTS.md as it is")
    parser.add_argument("--only", choices=["responses"], help="one part, without the rest; never a result")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Progress(console=Console(stderr=True)) as progress:
        bench = Bench(Path(folder), options.quick, progress)
        bench.run(only_responses=options.only == "responses")
    print(bench.text())
    if not (options.quick or options.no_write or options.only):
        head, _, old = RESULTS.read_text().partition("\n## ") if RESULTS.exists() else ("# Results\n", "", "")
        RESULTS.write_text(head.rstrip() + "\n\n" + bench.text() + ("\n## " + old if old else ""))


if __name__ == "__main__":
    main()
