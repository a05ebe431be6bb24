"""A page of the newest records of one project, in a database of a million."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from pathlib import Path

import msgspec

from penstock.core.record import Attempt, Record
from penstock.core.usage import Usage
from penstock.settings import load
from penstock.store import requests
from penstock.store.database import Database
from penstock.store.rows import row_of_line

_PAGE = 50
_PROJECTS = 20


def history_page(folder: Path, rows: int) -> float:
    """p95 in milliseconds of reading the newest 50 records of a project, over 200 reads."""
    return asyncio.run(_measure(folder / "history", rows))


async def _measure(home: Path, rows: int) -> float:
    database = await Database.open(load(environ={"PENSTOCK_HOME": str(home), "HOME": os.environ.get("HOME", "/")}))
    try:
        for start in range(0, rows, 10_000):
            batch = [row_of_line(msgspec.json.encode(_record(n))) for n in range(start, min(start + 10_000, rows))]
            await requests.insert(database, batch)
        took = []
        for number in range(200):
            began = time.perf_counter()
            count = 0
            async for _ in requests.listing(database, f"project-{number % _PROJECTS}"):
                count += 1
                if count == _PAGE:
                    break
            took.append((time.perf_counter() - began) * 1000)
            assert count == _PAGE
        return statistics.quantiles(took, n=20)[18]
    finally:
        await database.close()


def _record(number: int) -> Record:
    return Record(
        request_id=f"req_{number:032x}",
        time=1_700_000_000_000_000 + number * 1000,
        project=f"project-{number % _PROJECTS}",
        key_id="key_1",
        key_name="bench",
        endpoint="chat.completions",
        dialect="openai",
        model_asked="gpt-4",
        model_served="gpt-4-0613",
        provider="openai",
        status=200,
        attempts=[Attempt("openai", "gpt-4", 200, None, 800)],
        usage=Usage(180, 120),
        latency_us=800_000,
        finish_reasons=["stop"],
    )
