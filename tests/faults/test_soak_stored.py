"""The long runs of what is stored, at a small size, and that their judges find what is wrong."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.progress import Progress
from soak import stored
from soak.client import Answer, Client
from soak.server import Server
from soak.speech import numerals
from soak.stored import Stream, judge, judge_conversation
from soak.tenant import Tenant
from soak.tenants import meet
from soak.vendor import behave

from tests.server import penstock, provider_toml
from tests.upstream import FakeVendor

pytestmark = pytest.mark.anyio

STEPS = 80


async def test_what_a_client_saw_of_a_stored_stream_survives_kill_9(tmp_path: Path, progress: Progress) -> None:
    report = await stored.run(0.05, tmp_path, progress)
    assert not report.failures, report.text()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with FakeVendor(behave) as vendor:
        config = provider_toml("v", vendor.url, kind="compatible")
        config += '[[model]]\nname = "v/*"\ntargets = [{ provider = "v", model = "*" }]\n'
        with Server(tmp_path_factory.mktemp("home"), config) as running:
            yield running


def tenant(server: Server, project: str, mark: str) -> Tenant:
    key = penstock(server.home, "keys", "create", "--name", mark, "--project", project).stdout.strip()
    return Tenant(Client(server.port, key), mark, random.Random(mark))


async def test_two_projects_never_see_what_is_the_others(server: Server) -> None:
    red, blue = tenant(server, "red", "red-0123456789abcdef"), tenant(server, "blue", "blue-fedcba9876543210")
    assert await meet(red, blue, STEPS, lambda: None) == []
    assert min(red.intruded, blue.intruded) > STEPS // 10


async def test_two_keys_of_one_project_are_found_out(server: Server) -> None:
    red, blue = tenant(server, "one", "red-1123456789abcdef"), tenant(server, "one", "blue-1edcba9876543210")
    wrong = "\n".join(await meet(red, blue, STEPS, lambda: None))
    for words in ("tells what the other said", "was told to both", "unlike one that nobody has", "the list of"):
        assert words in wrong


def resource(status: str, text: str) -> dict[str, Any]:
    output = [{"id": "msg_1", "type": "message", "content": [{"type": "output_text", "text": text}]}]
    return {"id": "resp_1", "status": status, "output": output if text else [], "output_text": text}


def events(*words: str, end: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = [{"type": "response.created", "response": resource("in_progress", "")}]
    said += [{"type": "response.output_text.delta", "delta": word} for word in words]
    if end is not None:
        said.append({"type": f"response.{end['status']}", "response": end})
    return [event | {"sequence_number": number} for number, event in enumerate(said)]


def answer(told: list[dict[str, Any]]) -> Answer:
    frames = [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in told]
    return Answer("chat/count-3-0~1", 200, {"content-type": "text/event-stream"}, b"".join(frames), True)


def read(kept: dict[str, Any]) -> Answer:
    return Answer("", 200, {"content-type": "application/json"}, json.dumps(kept).encode(), True)


WORDS = numerals(3)
DONE = resource("completed", "0 1 2 ")
CUT = resource("incomplete", "0 1 ")


def judged(got: list[dict[str, Any]], kept: dict[str, Any], again: list[dict[str, Any]]) -> str:
    return " ".join(judge(Stream(3, None, answer(got)), read(kept), answer(again)))


def test_the_judge_of_stored_streams_passes_what_is_right() -> None:
    whole = events(*WORDS, end=DONE)
    assert judged(whole, DONE, whole) == ""
    assert judged(events("0 "), CUT, events("0 ", "1 ", end=CUT)) == ""
    assert judged(events("0 "), DONE, whole) == ""  # its last bytes were not sent


@pytest.mark.parametrize(
    ("got", "kept", "again", "words"),
    [
        (events("0 "), CUT, events("0 ", "1 "), "does not tell what is kept"),
        (events("0 ", "1 "), resource("incomplete", "0 "), events("0 "), "not those that the client got"),
        (events(*WORDS, end=DONE), CUT, events("0 ", "1 ", end=CUT), "the client saw it finished"),
        (events(*WORDS), CUT, events(*WORDS, end=CUT), "the client got '0 1 2 '"),
        (events("0 "), resource("completed", "0 1 "), events("0 "), "called completed"),
        (events("0 "), resource("in_progress", "0 1 "), events("0 "), "its status is 'in_progress'"),
        (events("0 "), resource("incomplete", "0 2 "), events("0 "), "never said"),
        (events("0 "), CUT, events("0 ", "1 ", end=CUT)[1:], "not numbered"),
    ],
)
def test_the_judge_of_stored_streams_finds_what_is_wrong(
    got: list[dict[str, Any]], kept: dict[str, Any], again: list[dict[str, Any]], words: str
) -> None:
    assert words in judged(got, kept, again)


def test_a_response_that_is_gone_is_found_out() -> None:
    gone = Answer("", 404, {"content-type": "application/json"}, b"{}", True)
    assert "read with 404" in " ".join(judge(Stream(3, None, answer(events("0 "))), gone, gone))


def test_a_conversation_without_its_turn_is_found_out() -> None:
    stream = Stream(3, "conv_1", answer(events(*WORDS, end=DONE)))
    listed = [{"id": "msg_0"}, {"id": "msg_1"}]
    assert judge_conversation(stream, DONE, listed) == []
    assert judge_conversation(stream, DONE, listed[:1])
    assert judge_conversation(stream, DONE, [])
    assert judge_conversation(stream, resource("failed", "0 "), listed)
