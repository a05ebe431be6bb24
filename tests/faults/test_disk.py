"""No room for records: calls are refused clearly rather than answered without one, and taken again by themselves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from soak.client import Answer, Client
from soak.ledger import Row, audit, recorded, stored
from soak.load import CONFIG
from soak.server import Server
from soak.vendor import behave

from tests.upstream import FakeVendor

pytestmark = pytest.mark.anyio

SPOOL_BYTES = 20_000
RECOVERY_S = 5.0


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor(behave) as running:
        yield running


@pytest.fixture(scope="module")
def server(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("home")
    with Server(home, CONFIG.format(port=vendor.port), PENSTOCK_SPOOL__MAX_BYTES=str(SPOOL_BYTES)) as running:
        yield running


@pytest.fixture
async def client(server: Server) -> AsyncIterator[Client]:
    end = time.monotonic() + 2 * RECOVERY_S
    while server.gauge("penstock_spool_waiting_bytes") and time.monotonic() < end:  # of an earlier test
        await asyncio.sleep(0.05)
    caller = Client(server.port, server.key)
    yield caller
    await caller.close()


async def calls_until(client: Client, name: str, enough: Callable[[Answer], bool], most: int = 500) -> list[Answer]:
    """Calls under names of their own, whole and streamed in turn, until one answer is `enough`."""
    answers: list[Answer] = []
    while not answers or not enough(answers[-1]):
        assert len(answers) < most, answers[-1]
        stream = len(answers) % 2 == 1
        answers.append(await client.chat(f"v/plain~{name}-{len(answers)}", stream=stream, within_s=10))
    return answers


async def recovery(server: Server, client: Client, name: str) -> tuple[float, list[Answer]]:
    """Seconds until calls are answered again and the server says that it is ready, and the answers until then."""
    answers: list[Answer] = []
    began = time.monotonic()
    while time.monotonic() - began < 4 * RECOVERY_S:
        answers.append(await client.chat(f"v/plain~{name}-{len(answers)}"))
        if answers[-1].status == 200 and server.page("/readyz").status == 200:
            break
        await asyncio.sleep(0.05)
    return time.monotonic() - began, answers


def named(rows: list[Row], name: str) -> list[Row]:
    """The records of one test's calls."""
    return [row for row in rows if row["model_asked"].startswith(f"v/plain~{name}")]


def refused_clearly(answer: Answer, code: str) -> None:
    assert answer.status == 503
    assert answer.error is not None
    assert answer.error["code"] == code
    assert int(answer.headers["retry-after"]) > 0


async def test_a_full_spool_refuses_calls_until_the_database_is_back(server: Server, client: Client) -> None:
    with server.locked():
        before = len(stored(server.home))
        answers = await calls_until(client, "full", lambda answer: answer.status != 200)
        refused_clearly(answers[-1], "records_full")
        refused_clearly(await client.chat("v/plain~full-stream", stream=True), "records_full")
        ready = server.page("/readyz")
        assert (ready.status, "retry-after" in ready.headers) == (503, True)
        assert "spool" in ready.text
        assert server.gauge("penstock_spool_waiting_bytes") <= SPOOL_BYTES
        assert len(stored(server.home)) == before
    seconds, more = await recovery(server, client, "full-after")
    assert seconds < RECOVERY_S
    answered = [answer for answer in (*answers, *more) if answer.status == 200]
    assert len(answered) > 10
    assert audit(answered, named(await recorded(server.home, answered), "full")) == []


async def test_a_call_that_was_let_in_before_the_spool_was_full_is_not_answered_without_its_record(
    server: Server, client: Client
) -> None:
    with server.locked():
        slow = [
            asyncio.create_task(client.chat(f"v/slow-2000~in-{n}", stream=n % 2 == 1, within_s=10)) for n in range(60)
        ]
        await asyncio.sleep(0.5)
        assert server.gauge("penstock_calls_running") == len(slow)
        await calls_until(client, "in-fill", lambda answer: answer.status != 200)
        answers = await asyncio.gather(*slow)
    assert (await recovery(server, client, "in-after"))[0] < RECOVERY_S
    refused = [answer for answer in answers if answer.error is not None]
    assert refused, "there was room for all of them: this proves nothing"
    for answer in refused:
        assert answer.error is not None
        assert answer.error["code"] == "records_full"
        assert not answer.done
    assert all(answer.received for answer in answers)
    good = [answer for answer in answers if answer.error is None]
    assert audit(good, await recorded(server.home, good), named=False) == []


async def test_a_full_disk_refuses_calls_until_there_is_room(server: Server, client: Client) -> None:
    before = await calls_until(client, "disk-before", lambda answer: True)
    with server.largest_file(0):  # no file can be written to, the log of the server neither
        answers = await calls_until(client, "disk", lambda answer: True)
        refused_clearly(answers[-1], "records_failed")
        refused_clearly(await client.chat("v/plain~disk-stream", stream=True), "records_failed")
        assert server.page("/readyz").status == 503
    seconds, more = await recovery(server, client, "disk-after")
    assert seconds < RECOVERY_S
    answered = [answer for answer in (*before, *more) if answer.status == 200]
    assert audit(answered, named(await recorded(server.home, answered), "disk")) == []


async def test_a_record_that_was_torn_by_a_full_disk_harms_no_other(server: Server, client: Client) -> None:
    """The disk ends in the middle of a record: nothing of it stays, and those before and after are kept."""
    before = await calls_until(client, "torn-before", lambda answer: True)
    segments = sorted((server.home / "spool").glob("*.jsonl"))
    size = segments[-1].stat().st_size
    assert size > 0
    with server.largest_file(size + 50):  # a record is longer than that; log lines may be lost, too
        answers = await calls_until(client, "torn", lambda answer: answer.status != 200)
        refused_clearly(answers[-1], "records_failed")
    _, more = await recovery(server, client, "torn-after")
    answered = [answer for answer in (*before, *answers, *more) if answer.status == 200]
    assert audit(answered, named(await recorded(server.home, answered), "torn")) == []
    assert not (server.home / "spool" / "rejected.jsonl").exists()
    for segment in (server.home / "spool").glob("*.jsonl"):
        for line in segment.read_bytes().splitlines():
            json.loads(line)


async def test_a_server_that_starts_while_the_database_is_locked_serves(vendor: FakeVendor, tmp_path: Path) -> None:
    with Server(tmp_path / "home", CONFIG.format(port=vendor.port)) as server:
        caller = Client(server.port, server.key)
        with server.locked():
            answers = [await caller.chat("v/plain~1")]
            server.kill_group()
            caller.drop()
            server.start()
            answers.append(await caller.chat("v/plain~2"))
        await caller.close()
        assert [answer.status for answer in answers] == [200, 200]
        assert audit(answers, await recorded(server.home, answers)) == []
