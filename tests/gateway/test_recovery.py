"""What is kept of a response whose process died, and what its stream says to those who join it again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec import Raw

from penstock.gateway.recovery import cut_short
from penstock.store.objects import StoredObject


def begun(**resource: Any) -> StoredObject:
    body = {"id": "resp_1", "object": "response", "status": "in_progress", "error": None, **resource}
    raw = Raw(b'{"id":"msg_1"}')
    return StoredObject(
        id="resp_1", project_id="p", kind="response", created=1, input=[raw], body=json.dumps(body).encode()
    )


def events(*more: dict[str, Any]) -> list[bytes]:
    item = {"id": "msg_2", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    part = {"type": "output_text", "text": "", "annotations": []}
    place = {"item_id": "msg_2", "output_index": 0, "content_index": 0}
    said: list[dict[str, Any]] = [
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.content_part.added", **place, "part": part},
        {"type": "response.output_text.delta", **place, "delta": "Hel"},
        *more,
    ]
    return [json.dumps(event | {"sequence_number": number}).encode() for number, event in enumerate(said)]


@pytest.mark.parametrize(
    ("background", "status", "message_status"), [(False, "incomplete", "incomplete"), (True, "failed", "incomplete")]
)
def test_what_was_received_is_kept_and_the_stream_has_an_end(
    background: bool, status: str, message_status: str
) -> None:
    received = events()
    kept = cut_short(begun(background=background), received)
    output = [json.loads(bytes(raw)) for raw in kept.output]
    assert kept.status == status
    assert [(item["status"], item["content"][0]["text"]) for item in output] == [(message_status, "Hel")]
    told = json.loads(kept.events or b"")
    assert told[:-1] == [json.loads(data) for data in received]
    assert (told[-1]["type"], told[-1]["sequence_number"]) == (f"response.{status}", len(received))
    assert told[-1]["response"] == {**json.loads(kept.body), "output": output}
    assert bool(told[-1]["response"]["error"]) is background


def test_a_stream_that_had_its_end_gets_no_second_one() -> None:
    received = events({"type": "response.completed", "response": {"status": "completed", "output": []}})
    kept = cut_short(begun(), received)
    assert kept.status == "completed"
    assert json.loads(kept.events or b"") == [json.loads(data) for data in received]


def test_one_of_which_nothing_was_said_has_no_events() -> None:
    kept = cut_short(begun(background=True), [])
    assert (kept.status, kept.events) == ("failed", None)
