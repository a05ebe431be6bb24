"""`Idempotency-Key` over real servers: answered as before, joined, refused, and never made twice."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.server import ServerProcess, penstock, provider_toml
from tests.upstream import Behave, FakeVendor, Request, Wire, answer, chunk, completion, stream_events

BODY = {"model": "openai/gpt-4", "messages": [{"role": "user", "content": "Hello"}]}
STREAM = BODY | {"stream": True, "stream_options": {"include_usage": True}}
DONE = b"data: [DONE]\n\n"

_names = count()


@pytest.fixture
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor(answer) as made:
        yield made


@pytest.fixture(scope="module")
def _gate() -> Iterator[FakeVendor]:
    """What the module's server calls; each test puts its own vendor behind it."""
    with FakeVendor(answer) as made:
        yield made


@pytest.fixture(scope="module")
def _server(_gate: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("home")
    with ServerProcess(home, provider_toml("openai", _gate.url), PENSTOCK_LIMITS__WRITE_S="20") as running:
        yield running
    assert "Traceback" not in running.log.read_text()


@pytest.fixture
def shared_vendor(_gate: FakeVendor) -> Iterator[FakeVendor]:
    """The vendor of `server`, with no requests yet."""
    _gate.requests.clear()
    yield _gate
    if isinstance(_gate.behave, _Held):
        _gate.behave.go.set()
    _gate.behave = answer


@pytest.fixture
def server(_server: ServerProcess, shared_vendor: FakeVendor) -> ServerProcess:
    """One for the tests that neither stop it nor touch its database."""
    return _server


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(32) as made:
        yield made


def _name() -> str:
    return f"call {next(_names)}"


def _post(
    server: ServerProcess, body: Any, name: str, path: str = "/v1/chat/completions", **more: str
) -> httpx.Response:
    return server.post(body, path, headers={"idempotency-key": name, **more}, timeout=60)


def _wait_for_calls(server: ServerProcess, number: int) -> None:
    """Until so many calls are under way: those who have joined one count."""
    end = time.monotonic() + 20
    while f"penstock_calls_running {number}.0\n" not in httpx.get(server.url + "/metrics").text:
        assert time.monotonic() < end
        time.sleep(0.02)


def _code(got: httpx.Response) -> tuple[int, str]:
    return got.status_code, got.json()["error"]["code"]


class _Held:
    """Behaves: answers in two halves, the second when `go` is set."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()
        self.gone = threading.Event()

    async def __call__(self, request: Request, wire: Wire) -> None:
        stream = request.json.get("stream")
        first, *rest = stream_events(["Hel", "lo", "!"])
        if stream:
            await wire.begin_stream()
            await wire.event(first)
            await wire.event(rest.pop(0))
        self.begun.set()
        while not self.go.is_set():
            if await wire.gone(0.02):
                self.gone.set()
                return
        if not stream:
            await wire.whole(completion())
            return
        for event in rest:
            await wire.event(event)
        await wire.event("[DONE]")
        await wire.end_stream()


def _flood(size: int, parts: int) -> Behave:
    async def behave(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        for _ in range(parts):
            await wire.event(chunk({"content": "x" * size}))
        await wire.event(chunk({}, "stop"))
        await wire.event("[DONE]")
        await wire.end_stream()

    return behave


class _Client:
    """A raw connection with a call under way, which reads when it is told to."""

    def __init__(self, server: ServerProcess, body: Any, name: str, buffer: int | None = None) -> None:
        sent = json.dumps(body).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.key}\r\n"
        head += f"idempotency-key: {name}\r\ncontent-type: application/json\r\nconnection: close\r\n"
        self.socket = socket.socket()
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(30)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(head.encode() + b"content-length: %d\r\n\r\n" % len(sent) + sent)

    def read_some(self) -> bytes:
        return self.socket.recv(65536)

    def read_all(self) -> bytes:
        parts = []
        with self.socket:
            while part := self.read_some():
                parts.append(part)
        return b"".join(parts)

    def leave(self) -> None:
        self.socket.close()


def _frames(answer: bytes) -> list[bytes]:
    """The writes that a chunked answer came in."""
    body = answer.partition(b"\r\n\r\n")[2]
    frames = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        frames.append(rest[: int(size, 16)])
        body = rest[int(size, 16) + 2 :]
    assert frames.pop() == b""
    return frames


def test_the_same_call_is_answered_as_before_and_made_once(server: ServerProcess, shared_vendor: FakeVendor) -> None:
    name = _name()
    first, second = (_post(server, BODY, name) for _ in range(2))
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    assert len(shared_vendor.requests) == 1
    for header in ("x-inference-id", "x-penstock-served-by", "content-type", "x-penstock-dialect"):
        assert first.headers[header] == second.headers[header]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert server.post(BODY).headers["x-inference-id"] != first.headers["x-inference-id"]


def test_a_stream_comes_again_byte_for_byte_one_event_a_write(server: ServerProcess, shared_vendor: FakeVendor) -> None:
    name = _name()
    first, second = (_frames(_Client(server, STREAM, name).read_all()) for _ in range(2))
    assert first == second
    assert first[-1] == DONE
    assert len(first) == 7
    assert len(shared_vendor.requests) == 1


def test_another_body_path_or_dialect_is_a_conflict_that_is_not_tried_again(
    server: ServerProcess, shared_vendor: FakeVendor
) -> None:
    name = _name()
    assert _post(server, BODY, name).status_code == 200
    others = [
        _post(server, BODY | {"temperature": 1}, name),
        _post(server, BODY, name, "/chat/completions"),
        _post(server, BODY, name, **{"x-api-dialect": "aimlapi"}),
    ]
    for got in others:
        assert _code(got) == (409, "idempotency_key_reused")
        assert got.headers["x-should-retry"] == "false"
    assert len(shared_vendor.requests) == 1
    assert _post(server, BODY, name).status_code == 200


def test_each_api_key_has_names_of_its_own(server: ServerProcess, shared_vendor: FakeVendor) -> None:
    name = _name()
    _post(server, BODY, name)
    other = penstock(server.home, "keys", "create", "--name", name).stdout.strip()
    got = _post(server, BODY | {"temperature": 1}, name, authorization=f"Bearer {other}")
    assert got.status_code == 200
    assert len(shared_vendor.requests) == 2


@pytest.mark.parametrize("name", ["", "x" * 256, "caf\u00e9", "a\tb"])
def test_a_malformed_name_is_refused(server: ServerProcess, shared_vendor: FakeVendor, name: str) -> None:
    got = httpx.post(
        server.url + "/v1/chat/completions",
        json=BODY,
        headers=[(b"authorization", f"Bearer {server.key}".encode()), (b"idempotency-key", name.encode("latin-1"))],
    )
    assert _code(got) == (400, "invalid_value")
    assert got.json()["error"]["param"] == "idempotency-key"
    assert shared_vendor.requests == []


def test_the_longest_name_is_taken(server: ServerProcess) -> None:
    name = ("~ !" * 85)[:254] + "x"
    assert _post(server, BODY, name).content == _post(server, BODY, name).content


@pytest.mark.parametrize("stream", [False, True])
def test_a_call_that_failed_frees_its_name(server: ServerProcess, shared_vendor: FakeVendor, stream: bool) -> None:
    async def refuse(request: Request, wire: Wire) -> None:
        await wire.whole({"error": {"message": "no"}}, 400)

    async def break_off(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(chunk({"content": "Hel"}))
        wire.close()

    name = _name()
    body = STREAM if stream else BODY
    shared_vendor.behave = break_off if stream else refuse
    for _ in range(2):
        got = _post(server, body, name)
        assert got.status_code == (200 if stream else 400)
        assert b"error" in got.content
        assert "idempotent-replayed" not in got.headers
    shared_vendor.behave = answer
    got = _post(server, body, name)
    assert (got.status_code, b"error" in got.content) == (200, False)
    assert len(shared_vendor.requests) == 3


@pytest.mark.parametrize("stream", [False, True])
def test_one_in_flight_is_joined(
    server: ServerProcess, shared_vendor: FakeVendor, pool: ThreadPoolExecutor, stream: bool
) -> None:
    held = shared_vendor.behave = _Held()
    name, body = _name(), STREAM if stream else BODY
    first = pool.submit(_post, server, body, name)
    assert held.begun.wait(10)
    joined = [pool.submit(_post, server, body, name) for _ in range(5)]
    assert _code(_post(server, BODY | {"seed": 1}, name)) == (409, "idempotency_key_reused")
    _wait_for_calls(server, 6)
    held.go.set()
    answers = [future.result(20) for future in (first, *joined)]
    assert {got.status_code for got in answers} == {200}
    assert len({got.content for got in answers}) == 1
    assert [got.headers.get("idempotent-replayed") for got in answers] == [None, *["true"] * 5]
    assert len({got.headers["x-inference-id"] for got in answers}) == 1
    assert len(shared_vendor.requests) == 1


def test_who_joins_a_stream_reads_it_as_it_comes(server: ServerProcess, shared_vendor: FakeVendor) -> None:
    held = shared_vendor.behave = _Held()
    name = _name()
    clients = [_Client(server, STREAM, name)]
    assert held.begun.wait(10)
    clients.append(_Client(server, STREAM, name))
    for client in clients:
        got = b""
        while b"Hel" not in got:
            got += client.read_some()
    held.go.set()
    for client in clients:
        assert DONE in client.read_all()


def test_those_who_joined_one_that_fails_hear_why(
    server: ServerProcess, shared_vendor: FakeVendor, pool: ThreadPoolExecutor
) -> None:
    begun, go = threading.Event(), threading.Event()

    async def refuse(request: Request, wire: Wire) -> None:
        begun.set()
        await asyncio.to_thread(go.wait, 10)
        await wire.whole({"error": {"message": "never that"}}, 400)

    shared_vendor.behave = refuse
    name = _name()
    calls = [pool.submit(_post, server, BODY, name)]
    assert begun.wait(10)
    calls += [pool.submit(_post, server, BODY, name) for _ in range(3)]
    _wait_for_calls(server, 4)
    go.set()
    for call in calls:
        got = call.result(10)
        assert got.status_code == 400
        assert "never that" in got.json()["error"]["message"]
    assert len(shared_vendor.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_when_the_first_leaves_the_joined_one_gets_the_answer(
    server: ServerProcess, shared_vendor: FakeVendor, pool: ThreadPoolExecutor, stream: bool
) -> None:
    held = shared_vendor.behave = _Held()
    name, body = _name(), STREAM if stream else BODY
    first = _Client(server, body, name)
    assert held.begun.wait(10)
    joined = pool.submit(_post, server, body, name)
    _wait_for_calls(server, 2)
    first.leave()
    assert not held.gone.wait(0.5)
    held.go.set()
    got = joined.result(20)
    assert got.status_code == 200
    assert got.content.endswith(DONE) == stream
    assert _post(server, body, name).content == got.content
    assert len(shared_vendor.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_when_all_leave_the_call_ends_and_the_next_one_is_a_new_one(
    vendor: FakeVendor, tmp_path: Path, stream: bool
) -> None:
    with ServerProcess(tmp_path, provider_toml("openai", vendor.url), PENSTOCK_STORED__LINGER_S="1") as server:
        held = vendor.behave = _Held()
        name, body = _name(), STREAM if stream else BODY
        first = _Client(server, body, name)
        assert held.begun.wait(10)
        joined = _Client(server, body, name)
        _wait_for_calls(server, 2)
        first.leave()
        assert not held.gone.wait(1.5)
        joined.leave()
        assert held.gone.wait(5)
        vendor.behave = answer
        got = _post(server, body, name)
        assert got.status_code == 200
        assert "idempotent-replayed" not in got.headers
        assert len(vendor.requests) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_whose_connection_broke_finds_its_call_again(
    server: ServerProcess, shared_vendor: FakeVendor, pool: ThreadPoolExecutor, stream: bool
) -> None:
    held = shared_vendor.behave = _Held()
    name, body = _name(), STREAM if stream else BODY
    first = _Client(server, body, name)
    assert held.begun.wait(10)
    if stream:
        assert first.read_some()
    first.leave()
    assert not held.gone.wait(0.5)
    again = pool.submit(_post, server, body, name)
    _wait_for_calls(server, 2)
    held.go.set()
    got = again.result(20)
    assert got.status_code == 200
    assert got.content.endswith(DONE) == stream
    assert len(shared_vendor.requests) == 1


def test_twenty_at_once_make_one_call(
    server: ServerProcess, shared_vendor: FakeVendor, pool: ThreadPoolExecutor
) -> None:
    name = _name()
    answers = list(pool.map(lambda _: _post(server, BODY, name), range(20)))
    assert {(got.status_code, got.content) for got in answers} == {(200, answers[0].content)}
    assert len(shared_vendor.requests) == 1


def test_a_slow_one_that_joined_holds_nobody_back(
    server: ServerProcess, shared_vendor: FakeVendor, pool: ThreadPoolExecutor
) -> None:
    shared_vendor.behave = _flood(50_000, 200)
    name = _name()
    first: Future[httpx.Response] = pool.submit(_post, server, STREAM, name)
    slow = _Client(server, STREAM, name, buffer=4096)  # and does not read
    got = first.result(15)
    assert got.content.endswith(DONE)
    assert slow.read_all().count(b'xxx"') == got.content.count(b'xxx"')
    assert len(shared_vendor.requests) == 1


def test_a_slow_first_does_not_hold_back_who_joined(
    server: ServerProcess, shared_vendor: FakeVendor, pool: ThreadPoolExecutor
) -> None:
    """A connection that died unnoticed is why clients ask again."""
    shared_vendor.behave = _flood(50_000, 200)
    name = _name()
    slow = _Client(server, STREAM, name, buffer=4096)
    assert slow.socket.recv(10)
    got = pool.submit(_post, server, STREAM, name).result(15)
    assert got.content.endswith(DONE)
    assert len(shared_vendor.requests) == 1
    assert DONE in slow.read_all()


def test_an_answer_that_is_too_large_is_not_kept_and_not_made_again(
    server: ServerProcess, shared_vendor: FakeVendor
) -> None:
    shared_vendor.behave = _flood(1_000_000, 68)
    name = _name()
    client = _Client(server, STREAM, name)
    got = b""
    while b"x" not in got:
        got = client.read_some()
    size = len(client.read_all())
    assert size > 67_000_000
    got = _post(server, STREAM, name)
    assert _code(got) == (409, "idempotency_answer_too_large")
    assert got.headers["x-should-retry"] == "false"
    assert len(shared_vendor.requests) == 1


def test_a_stop_ends_the_streams_of_all_who_read(vendor: FakeVendor, tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    held = vendor.behave = _Held()
    config = provider_toml("openai", vendor.url)
    with ServerProcess(tmp_path, config, PENSTOCK_SERVER__DRAIN_S="0.5") as server:
        calls = [pool.submit(_post, server, STREAM, "a")]
        assert held.begun.wait(10)
        calls.append(pool.submit(_post, server, STREAM, "a"))
        _wait_for_calls(server, 2)
        assert server.stop(signal.SIGTERM) == 0
        for call in calls:
            text = call.result(10).text
            assert '"code":"stopping"' in text
            assert "[DONE]" not in text


def test_answers_outlive_a_restart_and_calls_cut_by_kill_9_begin_anew(
    vendor: FakeVendor, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    with ServerProcess(tmp_path, provider_toml("openai", vendor.url)) as server:
        before = [_post(server, body, name).content for body, name in ((BODY, "whole"), (STREAM, "stream"))]
        server.stop()
        server.start()
        after = [_post(server, body, name).content for body, name in ((BODY, "whole"), (STREAM, "stream"))]
        assert before == after
        assert len(vendor.requests) == 2
        held = vendor.behave = _Held()
        cut = pool.submit(_post, server, BODY, "cut")
        assert held.begun.wait(10)
        server.kill()
        with pytest.raises(httpx.HTTPError):
            cut.result(10)
        vendor.behave = answer
        server.start()
        began = time.monotonic()
        got = _post(server, BODY, "cut")
        assert got.status_code == 200
        assert time.monotonic() - began < 5
        assert "idempotent-replayed" not in got.headers
        assert _post(server, STREAM, "stream").content == before[1]
        assert len(vendor.requests) == 4


@contextmanager
def _two_servers(home: Path, vendor: FakeVendor, **settings: str) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """Two processes on one data folder."""
    config = provider_toml("openai", vendor.url)
    with ServerProcess(home, config, **settings) as one:
        two = ServerProcess(home, config, **settings)
        two.key = one.key
        two.start()
        try:
            yield one, two
        finally:
            two.stop()


def test_two_processes_make_one_call(vendor: FakeVendor, tmp_path: Path, pool: ThreadPoolExecutor) -> None:
    with _two_servers(tmp_path, vendor) as (one, two):
        for number in range(5):
            calls = [pool.submit(_post, server, STREAM, f"at once {number}") for server in (one, two) * 3]
            assert len({(call.result(20).status_code, call.result().content) for call in calls}) == 1
        assert len(vendor.requests) == 5
        held = vendor.behave = _Held()
        first = pool.submit(_post, one, BODY, "one after the other")
        assert held.begun.wait(10)
        second = pool.submit(_post, two, BODY, "one after the other")
        assert _code(_post(two, STREAM, "one after the other")) == (409, "idempotency_key_reused")
        _wait_for_calls(two, 1)
        held.go.set()
        assert first.result(10).content == second.result(10).content
        assert len(vendor.requests) == 6


def test_a_client_that_asks_another_process_keeps_its_call_going(
    vendor: FakeVendor, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    with _two_servers(tmp_path, vendor, PENSTOCK_STORED__LINGER_S="1.5") as (one, two):
        held = vendor.behave = _Held()
        first = _Client(one, STREAM, "a")
        assert held.begun.wait(10)
        second = pool.submit(_post, two, STREAM, "a")
        _wait_for_calls(two, 1)
        first.leave()
        assert not held.gone.wait(5)
        held.go.set()
        assert second.result(10).content.endswith(DONE)
        assert len(vendor.requests) == 1
        # Where that one leaves as well, the call ends, and none is begun for nobody.
        held = vendor.behave = _Held()
        first = _Client(one, STREAM, "b")
        assert held.begun.wait(10)
        other = _Client(two, STREAM, "b")
        _wait_for_calls(two, 1)
        time.sleep(1.5)
        other.leave()
        first.leave()
        assert held.gone.wait(10)
        assert len(vendor.requests) == 2


def test_the_other_process_takes_over_from_one_that_was_killed(
    vendor: FakeVendor, tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    with _two_servers(tmp_path, vendor) as (one, two):
        held = vendor.behave = _Held()
        first = pool.submit(_post, one, BODY, "a")
        assert held.begun.wait(10)
        second = pool.submit(_post, two, BODY, "a")
        _wait_for_calls(two, 1)
        assert len(vendor.requests) == 1
        vendor.behave = answer
        one.kill()
        assert second.result(10).status_code == 200
        assert len(vendor.requests) == 2
        with pytest.raises(httpx.HTTPError):
            first.result(10)


def test_without_the_database_no_promise_is_made_and_other_calls_go_on(vendor: FakeVendor, tmp_path: Path) -> None:
    with ServerProcess(tmp_path, provider_toml("openai", vendor.url)) as server:
        with _nobody_else_writes(tmp_path):
            got = _post(server, BODY, "a")
            assert _code(got) == (503, "idempotency_unavailable")
            assert got.headers["retry-after"] == "1"
            assert vendor.requests == []
            assert server.post(BODY).status_code == 200
        assert _post(server, BODY, "a").status_code == 200
        assert len(vendor.requests) == 2


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_that_the_database_does_not_take_goes_in_later_and_is_not_made_again(
    vendor: FakeVendor, tmp_path: Path, pool: ThreadPoolExecutor, stream: bool
) -> None:
    held = vendor.behave = _Held()
    body = STREAM if stream else BODY
    with ServerProcess(tmp_path, provider_toml("openai", vendor.url)) as server:
        first = pool.submit(_post, server, body, "a")
        assert held.begun.wait(10)
        with _nobody_else_writes(tmp_path):
            held.go.set()
            got = first.result(20)
            assert "idempotency_unavailable" in got.text
            assert "[DONE]" not in got.text
            assert got.status_code == (200 if stream else 503)
            assert _code(_post(server, body, "a")) == (503, "idempotency_unavailable")
        got = _post(server, body, "a")
        assert got.status_code == 200
        assert got.headers["idempotent-replayed"] == "true"
        assert got.content.endswith(DONE) == stream
        assert "error" not in got.text
        assert len(vendor.requests) == 1


@contextmanager
def _nobody_else_writes(home: Path) -> Iterator[None]:
    """Holds the lock of the SQLite file: to everybody else the database is down for writing."""
    other = sqlite3.connect(home / "penstock.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.close()
