"""Events on their way out."""

from __future__ import annotations

import json

from penstock.dialects.responses.events import Deltas, Event, Sender
from penstock.dialects.sse import named_event


def test_the_bytes_of_an_event() -> None:
    assert named_event(Event("a.b", b"{}")) == b"event: a.b\ndata: {}\n\n"


def test_events_are_numbered_from_0_in_the_order_in_which_they_are_taken() -> None:
    sender = Sender()
    sender.send("a", lambda: {"x": 1})
    sender.delta(Deltas("b.delta", {"item_id": "i"}, logprobs=False), '"é')
    assert sender.number == 2
    first = sender.take()
    sender.send("c", dict)
    assert [event.type for event in first] == ["a", "b.delta"]
    assert [json.loads(event.data) for event in (*first, *sender.take())] == [
        {"type": "a", "sequence_number": 0, "x": 1},
        {"type": "b.delta", "sequence_number": 1, "item_id": "i", "delta": '"é'},
        {"type": "c", "sequence_number": 2},
    ]
    assert sender.take() == []


def test_logprobs_stand_beside_a_delta() -> None:
    sender = Sender()
    deltas = Deltas("b.delta", {"content_index": 3}, logprobs=True)
    sender.delta(deltas, "x")
    sender.delta(deltas, "y", [{"token": "y"}])
    assert [json.loads(event.data)["logprobs"] for event in sender.take()] == [[], [{"token": "y"}]]


def test_whoever_is_quiet_sends_nothing_and_counts_nothing() -> None:
    sender = Sender("pad")
    sender.quiet = True
    sender.send("a", dict)
    sender.delta(Deltas("b.delta", {}, logprobs=False), "x")
    assert (sender.take(), sender.number) == ([], 0)


def test_short_padding_is_repeated() -> None:
    sender = Sender("ab")
    sender.delta(Deltas("b.delta", {"item_id": "i"}, logprobs=False), "x" * 14)
    assert json.loads(sender.take()[0].data)["obfuscation"] == "ab" * 8
