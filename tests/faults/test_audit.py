"""The judges of the long runs find what is wrong: a run that cannot fail proves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from soak.client import Answer
from soak.cuts import Case, judge
from soak.ledger import audit
from soak.load import MIXED, Asked, Load
from soak.wire import MODES, STREAM, TEXT, WHOLE

from tests.upstream import chunk, completion


def answer(
    status: int = 200, body: Any = None, name: str = "m~1", whole: bool = True, served_by: str = "cut/x"
) -> Answer:
    headers = {"x-request-id": "req_1", "content-type": "application/json", "x-penstock-served-by": served_by}
    return Answer(name, status, headers, json.dumps(body or completion()).encode(), whole)


def stream(*events: Any, done: bool, served_by: str = "cut/x") -> Answer:
    frames = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    headers = {"x-request-id": "req_1", "content-type": "text/event-stream", "x-penstock-served-by": served_by}
    return Answer("m~1", 200, headers, b"".join(frames) + (b"data: [DONE]\n\n" if done else b""), True)


def record(**more: Any) -> dict[str, Any]:
    base = {"request_id": "req_1", "status": 200, "error": None, "model_asked": "m~1", "finish_reasons": '["stop"]'}
    return base | {"attempts": '[{"error": null}]', "prompt_tokens": 8} | more


BROKE = {"error": {"code": "upstream_broke"}}
FIRST = chunk({"content": TEXT.split(" ")[0] + " "})


def test_the_audit_passes_what_is_right() -> None:
    assert audit([answer()], [record()]) == []
    assert audit([answer(502, BROKE)], [record(status=502, error="upstream_broke", finish_reasons="[]")]) == []
    assert audit([answer(whole=False)], []) == []


@pytest.mark.parametrize(
    ("records", "words"),
    [
        ([], "no record of m~1"),
        ([record(), record()], "2 records have the request id"),
        ([record(), record(request_id="req_2")], "2 records of the one call"),
        ([record(), record(request_id="req_2", model_asked="m~9")], "nobody made"),
        ([record(status=502)], "recorded 502"),
        ([record(error="upstream_broke")], "recorded upstream_broke"),
        ([record(model_asked="other")], "recorded as other"),
        ([record(finish_reasons="[]")], "recorded []"),
    ],
)
def test_the_audit_finds_what_is_wrong(records: list[dict[str, Any]], words: str) -> None:
    assert words in " ".join(audit([answer()], records))


def test_every_place_is_cut_in_every_mode() -> None:
    for body in (STREAM, WHOLE):
        for mode in MODES:
            for at in range(body.size(mode)):
                sent, _ = body.cut(mode, at)
                assert sent != body.chunked
                assert body.payload.startswith(body.arrived(mode, at))
            assert body.arrived(mode, body.size(mode)) == body.payload


WHERE = STREAM.boundaries("short")


@pytest.mark.parametrize(
    ("case", "given", "words"),
    [
        (Case(True, "short", WHERE[3], False), stream(FIRST, done=True), "[DONE] though"),
        (Case(True, "short", WHERE[2], False), stream(FIRST, chunk({}, "stop"), BROKE, done=False), "not the vendor's"),
        (Case(True, "short", WHERE[2], False), stream(FIRST, done=False), "neither or both"),
        (Case(True, "short", WHERE[2], False), stream(chunk({"content": "x"}), BROKE, done=False), "text 'x'"),
        (
            Case(True, "short", WHERE[1], False),
            stream(chunk({"role": "assistant"}), BROKE, done=False),
            "without content",
        ),
        (Case(True, "short", WHERE[2], False), answer(502, BROKE), "answered 502"),
        (Case(True, "short", WHERE[1], True), answer(502, BROKE), "answered 502"),
        (Case(True, "short", WHERE[1], True), stream(FIRST, done=True, served_by="good/x"), "not whole"),
        (Case(True, "short", WHERE[2], True), stream(FIRST, done=True, served_by="good/x"), "content had arrived"),
        (Case(False, "short", 50, False), answer(), "answered 200"),
        (Case(False, "short", 50, True), answer(502, BROKE), "answered 502"),
        (Case(False, "length", 50, False), answer(whole=False), "cut too"),
    ],
)
def test_the_judge_of_cuts_finds_what_is_wrong(case: Case, given: Answer, words: str) -> None:
    assert words in " ".join(judge(case, given, record()))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer(503), "answered 503"),
        (Answer("m~1", trouble="no end after 30 s"), "no end"),
        (stream(FIRST, done=False), "neither or both"),
    ],
)
def test_the_judge_of_the_load_finds_what_is_wrong(given: Answer, words: str) -> None:
    load = Load(None, iter(()))  # type: ignore[arg-type]  # no call is made
    load.judge(Asked(MIXED[2], "m~1", b""), given)
    assert words in " ".join(load.wrong)
