"""Stored chat completions put where a server finds them, and the official schemas that its answers are held to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
from msgspec import Raw

from penstock.core.ids import timed_id
from penstock.settings import Settings
from penstock.store import keys, objects
from penstock.store.database import Database
from penstock.store.objects import StoredObject

START_MS = 1_790_000_000_000

USER = {"role": "user", "content": "Hello"}
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}


def a_completion(
    number: int,
    messages: Iterable[dict[str, Any]] = (USER,),
    answers: Iterable[dict[str, Any]] = ({"role": "assistant", "content": "Hi", "refusal": None},),
    *,
    model: str = "gpt-4-0613",
    metadata: dict[str, str] | None = None,
    request: dict[str, Any] | None = None,
    indent: int | None = None,
) -> StoredObject:
    """Completion `number`, a second after the one before; its project is filled in by `put`."""
    id = timed_id("chatcmpl-", START_MS + number * 1000)
    completion = {
        "id": id,
        "object": "chat.completion",
        "created": START_MS // 1000 + number,
        "model": model,
        "choices": [
            {"index": index, "message": message, "finish_reason": "stop", "logprobs": None}
            for index, message in enumerate(answers)
        ],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }
    body = json.dumps({"completion": completion, "request": {"model": "gpt-4", **(request or {})}}, indent=indent)
    return StoredObject(
        id=id,
        project_id="",
        kind="completion",
        created=(START_MS + number * 1000) * 1000,
        model=model,
        metadata=metadata or {},
        input=[Raw(json.dumps(message, indent=indent)) for message in messages],
        body=body.encode(),
    )


def put(home: Path, found: Iterable[StoredObject], project: str = "default") -> list[str]:
    """Stores them for `project`, which has a key already; returns their ids."""

    async def work() -> list[str]:
        async with await Database.open(Settings(home=str(home)), lock_wait_s=10) as database:
            owner = await keys.project_id(database, project)
            assert owner is not None, project
            owned = [msgspec.structs.replace(each, project_id=owner) for each in found]
            await objects.put(database, owned)
            return [each.id for each in owned]

    return asyncio.run(work())


@cache
def _official(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "spec" / "openai-openapi.json").read_bytes())
    # In one place the document is at odds with itself: its own example of a list of messages has a user's. The role of
    # a stored message is whoever's it was.
    store_message = found["components"]["schemas"]["ChatCompletionMessageList"]["properties"]["data"]["items"]
    message = dict(found["components"]["schemas"]["ChatCompletionResponseMessage"])
    message["properties"] = message["properties"] | {"role": {"type": "string"}}
    store_message["allOf"][0] = message
    return found


def official(shared: Path) -> Callable[[str, Any], None]:
    """`check(name, answer)` raises where `answer` is not what the official document says of the schema `name`."""

    def check(name: str, answer: Any) -> None:
        components = _official(shared)["components"]
        schema = {"$ref": f"#/components/schemas/{name}", "components": components}
        jsonschema_rs.validator_for(schema).validate(answer)

    return check
