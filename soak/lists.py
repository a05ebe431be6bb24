"""Lists over many rows, page by page over HTTP, and a chain of 100 responses continued: how long each takes."""

from __future__ import annotations

import json
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from rich.progress import Progress
from tests.server import provider_toml

from soak.client import Client
from soak.databases import databases
from soak.report import Report
from soak.rows import MODELS, RUNS, TEAMS, TURNS, Rows, fill, turns
from soak.server import Server
from soak.vendor import vendor_process

_ROWS = 100_000
_LEAST_ROWS = 2000
_CALLS = 200
_PAIRS = 100
_WARM_UP = 5
_LIST_MS = 50.0
_CHAIN_MS = 5.0

Paths = dict[str, Callable[[], tuple[str, int]]]


def paths(rows: Rows, draw: random.Random) -> Paths:
    """By what it is, a maker of a path, each time another, and how many objects its page has at least."""

    def number() -> int:
        return draw.randrange(len(rows.completions) * 9 // 10)  # the page after it is full

    def completions(query: Callable[[int], str], least: int = 1) -> Callable[[], tuple[str, int]]:
        return lambda: (f"/v1/chat/completions?limit=100{query(number())}", least)

    def after(n: int) -> str:
        return f"&after={rows.completions[n]}"

    items = f"/v1/conversations/{rows.conversation}/items?limit=100&order=asc&after="
    inputs = f"/v1/responses/{rows.long_input}/input_items?limit=100&order=asc&after="
    return {
        "completions, the first page": completions(lambda n: "", 100),
        "completions, after one": completions(after, 100),
        "completions, newest first": completions(lambda n: "&order=desc", 100),
        "of a model, after one": completions(lambda n: f"&model=gpt-{n % MODELS}{after(n)}", 50),
        "of a pair of metadata, after one": completions(lambda n: f"&metadata[team]=team-{n % TEAMS}{after(n)}", 20),
        "of a rare pair": completions(lambda n: f"&metadata[run]=run-{n % RUNS}", 2),
        "of two pairs": completions(lambda n: f"&metadata[team]=team-{n % TEAMS}&metadata[run]=run-{n % RUNS}", 2),
        "of a model and a pair, after one": completions(
            lambda n: f"&model=gpt-{n % MODELS}&metadata[team]=team-{n % TEAMS}{after(n)}", 10
        ),
        # Team n % 10 and model n % 4 with n even here and odd there: many have each, none has both.
        "of a model and a pair that never meet": completions(lambda n: "&model=gpt-1&metadata[team]=team-2", 0),
        "messages of a completion": lambda: (f"/v1/chat/completions/{rows.completions[number()]}/messages", 1),
        "items of a conversation, newest first": lambda: (items.partition("&order")[0], 100),
        "items of a conversation, after one": lambda: (items + rows.items[number()], 100),
        "input items, after one": lambda: (inputs + draw.choice(rows.input_items[:100]), 100),
    }


async def run(size: float, folder: Path, progress: Progress) -> Report:
    """100,000 completions, items and responses in one project, on each database, at size 1."""
    report = Report("lists")
    count = max(_LEAST_ROWS, round(_ROWS * size))
    with vendor_process() as port, databases(report) as found:
        task = progress.add_task("lists", total=3 * count * len(found))
        for name, toml in found.items():
            config = provider_toml("v", f"http://127.0.0.1:{port}/v1", kind="compatible") + toml
            config += '[[model]]\nname = "v/*"\ntargets = [{ provider = "v", model = "*" }]\n'
            with Server(folder / name, config) as server:
                rows = await fill(server.home, count, lambda number: progress.advance(task, number))
                client = Client(server.port, server.key)
                for what, make in paths(rows, random.Random(0)).items():
                    p95 = await _p95(client, make, what, report)
                    report.figure(f"{name}, {count:,} rows: {what}, p95", f"{p95:.1f} ms")
                    report.expect(p95 <= _LIST_MS, f"{name}: {what} takes {p95:.1f} ms, more than {_LIST_MS:g}")
                vendor = Client(port, server.key)
                added, of_vendor = await _added_by_chain(client, vendor, rows.newest, report)
                await vendor.close()
                await client.close()
            report.figure(f"{name}: a chain of {TURNS} continued adds, median", f"{added:.2f} ms")
            report.figure(f"{name}: of that, what the vendor takes for its length", f"{of_vendor:.2f} ms")
            added -= of_vendor
            report.expect(added <= _CHAIN_MS, f"{name}: a chain adds {added:.2f} ms, more than {_CHAIN_MS:g}")
    return report


async def _p95(client: Client, make: Callable[[], tuple[str, int]], what: str, report: Report) -> float:
    """Of as many calls, one after another, in milliseconds."""
    took = []
    for number in range(_WARM_UP + _CALLS):
        path, least = make()
        began = time.perf_counter()
        answer = await client.send("GET", path)
        if number >= _WARM_UP:
            took.append((time.perf_counter() - began) * 1000)
        found = len(json.loads(answer.body)["data"]) if answer.status == 200 else -1
        if found < least:
            report.failures.append(f"{what}: {path} answered {answer.status} with {found} of {least} objects")
            break
    return statistics.quantiles(took, n=20)[18] if len(took) > 1 else 0.0


async def _added_by_chain(client: Client, vendor: Client, newest: str, report: Report) -> tuple[float, float]:
    """What `previous_response_id` adds to a response, and how much of that the vendor takes who is then asked more: of
    interleaved calls, medians, in milliseconds."""
    asked, last = "And then?", {"role": "user", "content": "And then?"}
    response = {"model": "v/echo", "input": asked}
    chat = {"model": "echo", "messages": [last]}
    calls = (
        (client, "/v1/responses", response, response | {"previous_response_id": newest}),
        (vendor, "/v1/chat/completions", chat, chat | {"messages": [*turns(), last]}),
    )
    added = []
    took: dict[tuple[str, bool], list[float]] = defaultdict(list)
    for number in range(_WARM_UP + _PAIRS):
        for to, path, alone, continued in calls:
            for body in (alone, continued):
                began = time.perf_counter()
                answer = await to.send("POST", path, json.dumps(body).encode())
                if number >= _WARM_UP:
                    took[path, body is continued].append((time.perf_counter() - began) * 1000)
                texts = answer.body.count(b" | ") if answer.status == 200 else -1
                # A response says its text twice: in its output, and as output_text.
                if texts != (TURNS * (2 if to is client else 1) if body is continued else 0):
                    report.failures.append(f"a chain: answered {answer.status} {answer.body[:200]!r}")
                    return 0.0, 0.0
    for _, path, *_ in calls:
        added.append(statistics.median(took[path, True]) - statistics.median(took[path, False]))
    return added[0], added[1]
