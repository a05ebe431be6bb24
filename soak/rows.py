"""Many stored objects, put in as the server would put them in, in batches."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw
from sqlalchemy import text

from penstock.core.ids import new_id, timed_id
from penstock.settings import load
from penstock.store import conversations, keys, objects
from penstock.store.database import Database
from penstock.store.objects import StoredObject

TEAMS, RUNS, MODELS = 10, 1000, 4
"""How many values `metadata.team`, `metadata.run` and `model` have among the completions, each as often as the next."""

TURNS = 100
"""Responses in the chain."""

INPUT_ITEMS = 200
"""Items in the input of the long response."""

_BATCH = 500
_LINE = "The gate is open and the water runs down the pipe to the wheel. "


class Rows(msgspec.Struct):
    """What there is: completions by their ids, a conversation of as many items, a response with a long input, and the
    newest of a chain of responses; as many responses stand beside them."""

    completions: list[str]
    conversation: str
    items: list[str]
    long_input: str
    input_items: list[str]
    newest: str


async def fill(home: Path, count: int, each: Callable[[int], object]) -> Rows:
    """Gives the project `default` `count` completions, items and responses; `each` hears of how many came in."""
    settings = load(home / "penstock.toml", {"PENSTOCK_HOME": str(home)})
    async with await Database.open(settings, lock_wait_s=30.0) as database:
        project = await keys.project_id(database, "default")
        assert project is not None
        filling = _Filling(database, project, each)
        completions = await filling.objects(_completion, "chatcmpl-", count)
        await filling.objects(_response, "resp_", count - TURNS)
        conversation, items = await filling.conversation(count)
        long_input, input_items = await filling.long_input()
        newest = await filling.chain()
        if settings.database.url is not None:
            # PostgreSQL counts by itself what a table holds, within a minute of such a growth: not after the reads.
            async with database.write() as connection:
                await connection.execute(text("ANALYZE"))
        return Rows(completions, conversation, items, long_input, input_items, newest)


class _Filling:
    def __init__(self, database: Database, project: str, each: Callable[[int], object]) -> None:
        self._database, self._project, self._each = database, project, each
        self._now = time.time_ns() // 1000 - 3_600_000_000  # an hour ago, so that what comes later sorts behind

    async def objects(self, make: Callable[[int], dict[str, Any]], prefix: str, count: int) -> list[str]:
        ids: list[str] = []
        for start in range(0, count, _BATCH):
            batch = [self._object(prefix, make(n)) for n in range(start, min(start + _BATCH, count))]
            await objects.put(self._database, batch)
            self._each(len(batch))
            ids += [made.id for made in batch]
        return ids

    async def conversation(self, count: int) -> tuple[str, list[str]]:
        made = self._object("conv_", {"kind": "conversation"})
        await objects.put(self._database, [made])
        ids: list[str] = []
        for start in range(0, count, _BATCH):
            batch = [_message(f"{n}: {_LINE}") for n in range(start, min(start + _BATCH, count))]
            await conversations.add_items(self._database, self._project, made.id, [_raw(item) for item in batch])
            self._each(len(batch))
            ids += [item["id"] for item in batch]
        return made.id, ids

    async def long_input(self) -> tuple[str, list[str]]:
        items = [_message(f"{n}: {_LINE * 3}") for n in range(INPUT_ITEMS)]
        made = self._object("resp_", _response(0) | {"input": [_raw(item) for item in items]})
        await objects.put(self._database, [made])
        return made.id, [item["id"] for item in items]

    async def chain(self) -> str:
        previous: str | None = None
        for number in range(TURNS):
            made = self._object("resp_", _response(number) | {"previous": previous})
            await objects.put(self._database, [made])
            previous = made.id
        assert previous is not None
        return previous

    def _object(self, prefix: str, fields: dict[str, Any]) -> StoredObject:
        self._now += 2000
        id = timed_id(prefix, self._now // 1000)
        return StoredObject(id=id, project_id=self._project, created=self._now, **fields)


def _completion(number: int) -> dict[str, Any]:
    model = f"gpt-{number % MODELS}"
    message: dict[str, Any] = {
        "role": "assistant",
        "content": f"{number}: {_LINE * 4}",
        "refusal": None,
        "annotations": [],
    }
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    usage = {"prompt_tokens": 20, "completion_tokens": 60, "total_tokens": 80}
    known = {"id": "", "object": "chat.completion", "created": 1_790_000_000, "model": model}
    completion = {**known, "choices": [choice], "usage": usage, "system_fingerprint": None}
    return {
        "kind": "completion",
        "model": model,
        "metadata": {"team": f"team-{number % TEAMS}", "run": f"run-{number % RUNS}"},
        "input": [_raw({"role": "user", "content": f"{number}? {_LINE}"})],
        "body": msgspec.json.encode({"completion": completion, "request": {"temperature": 0.7}}),
    }


def _question(number: int) -> str:
    return f"{number}? {_LINE}"


def _answer(number: int) -> str:
    return f"{number}: {_LINE * 4}"


def turns() -> list[dict[str, str]]:
    """What the chain says, as messages of chat."""
    return [
        {"role": role, "content": said(number)}
        for number in range(TURNS)
        for role, said in (("user", _question), ("assistant", _answer))
    ]


def _response(number: int) -> dict[str, Any]:
    content = {"type": "output_text", "text": _answer(number), "annotations": [], "logprobs": []}
    output = {"type": "message", "id": new_id("msg_"), "status": "completed", "role": "assistant", "content": [content]}
    return {
        "kind": "response",
        "model": "gpt-0",
        "input": [_raw(_message(_question(number)))],
        "output": [_raw(output)],
        "body": msgspec.json.encode({"object": "response", "status": "completed", "model": "gpt-0"}),
    }


def _message(text: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    return {"id": new_id("msg_"), "type": "message", "status": "completed", "role": "user", "content": content}


def _raw(item: dict[str, Any]) -> Raw:
    return Raw(msgspec.json.encode(item))
