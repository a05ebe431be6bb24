"""Holds the answers that clients received against the records that the server kept."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from soak.client import Answer

Row = dict[str, Any]


def stored(home: Path) -> list[Row]:
    """The records in the SQLite database of the data folder `home`, as they are there: not in the spool, not merged."""
    with closing(sqlite3.connect(f"file:{home / 'penstock.db'}?mode=ro", uri=True, timeout=10)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute("SELECT * FROM requests ORDER BY seq")]


async def recorded(home: Path, answers: Iterable[Answer], within_s: float = 10.0) -> list[Row]:
    """The same, once every answer received whole has its record, or those that there are after `within_s`."""
    end = time.monotonic() + within_s
    missing = {answer.request_id for answer in answers if answer.received}
    while True:
        rows = stored(home)
        if missing <= {row["request_id"] for row in rows} or time.monotonic() > end:
            return rows
        await asyncio.sleep(0.05)


def audit(answers: Iterable[Answer], records: Sequence[Row], *, named: bool = True) -> list[str]:
    """What is wrong between `answers` and `records` (JSON of `penstock requests`, or rows of the database).

    Every answer that was received whole has exactly one record, which tells the same; no record is there twice, and
    none is of a call that nobody made. With `named`, each call asked for a model of a name of its own, so that two
    records of one call show even under two request ids.
    """
    ids = Counter(record["request_id"] for record in records)
    wrong = [f"{count} records have the request id {request_id}" for request_id, count in ids.items() if count > 1]
    by_id = {record["request_id"]: record for record in records}
    sent = set()
    for answer in answers:
        sent.add(answer.model)
        if not answer.received:
            continue
        found = by_id.get(answer.request_id)
        if found is None:
            which = answer.request_id or "without an id"
            wrong.append(f"no record of {answer.model}, answered {answer.status}, {which}")
        else:
            wrong += _differences(answer, found)
    if named:
        names = Counter(record["model_asked"] for record in records if record["model_asked"])
        wrong += [f"{count} records of the one call {name}" for name, count in names.items() if count > 1]
        wrong += [f"a record of a call that nobody made: {name}" for name in names if name not in sent]
    return wrong


def _differences(answer: Answer, record: Row) -> list[str]:
    which = f"{answer.model} {answer.request_id}"
    error = answer.error
    told = None if error is None else error.get("code") or error.get("type")
    wrong = []
    if record["status"] != answer.status:
        wrong.append(f"{which}: answered {answer.status}, recorded {record['status']}")
    if record["error"] != told:
        wrong.append(f"{which}: told the error {told}, recorded {record['error']}")
    if record["model_asked"] not in (answer.model, ""):
        wrong.append(f"{which}: recorded as {record['model_asked']}")
    if error is None:
        reasons = record["finish_reasons"]
        reasons = json.loads(reasons) if isinstance(reasons, str) else reasons
        if reasons != answer.finish_reasons:
            wrong.append(f"{which}: told the finish reasons {answer.finish_reasons}, recorded {reasons}")
    return wrong
