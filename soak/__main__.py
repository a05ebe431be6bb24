"""`python -m soak [--size 1.0] [--only NAME]`: the long runs, each with what it measured; status 1 where one failed."""

from __future__ import annotations

import argparse
import asyncio
import datetime
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from soak import cuts, kills, lists, local, memory, outages, stored, tenants
from soak.report import Report

RESULTS = Path(__file__).parent / "RESULTS.md"

SCENARIOS: dict[str, Callable[[float, Path, Progress], Coroutine[None, None, Report]]] = {
    "kills": kills.run,
    "cuts": cuts.run,
    "stored": stored.run,
    "tenants": tenants.run,
    "lists": lists.run,
    "database": outages.run,
    "memory": memory.run,
    "local": local.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m soak", description=__doc__)
    parser.add_argument("--size", type=float, default=1.0, help="1.0 is the whole of it, 0.1 a tenth")
    parser.add_argument("--only", choices=SCENARIOS, help="one scenario instead of all")
    parser.add_argument("--write", action="store_true", help="put the result into soak/RESULTS.md (at size 1.0 only)")
    options = parser.parse_args()
    if not 0 < options.size <= 10:
        parser.error("--size is over 0 and at most 10")
    if options.write and options.size != 1.0:
        parser.error("--write is for results of size 1.0")
    names = [options.only] if options.only else list(SCENARIOS)
    reports = []
    with Progress(console=Console(stderr=True)) as progress:
        for name in names:
            reports.append(_run(name, options.size, progress))
            progress.console.print(reports[-1].text(), markup=False, highlight=False)
    text = "\n".join([_heading(), "", *(report.text() for report in reports)])
    print(text)
    if options.write:
        head, _, old = RESULTS.read_text().partition("\n## ") if RESULTS.exists() else ("# Results\n", "", "")
        RESULTS.write_text(head.rstrip() + "\n\n" + text + ("\n## " + old if old else ""))
    failed = [report.name for report in reports if report.failures]
    if failed:
        print(f"FAILED: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str, size: float, progress: Progress) -> Report:
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="penstock-soak-") as folder:
        report = asyncio.run(SCENARIOS[name](size, Path(folder), progress))
    report.figure("took", f"{time.monotonic() - began:.0f} s")
    return report


def _heading() -> str:
    date = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    cpu = next((line.split(":")[1].strip() for line in lines if "model name" in line), platform.machine())
    return f"## {date}, {os.cpu_count()} cores, {cpu}, Python {platform.python_version()}"


if __name__ == "__main__":
    sys.exit(main())
