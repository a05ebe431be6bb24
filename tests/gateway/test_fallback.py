"""Retries and fallbacks, seen from outside: two vendors on real sockets behind a real server."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Iterator

import pytest

from tests.server import ServerProcess, provider_toml
from tests.upstream import Behave, FakeVendor, Request, Wire, answer, chunk, completion, stream_events

MODELS = """
[[model]]
name = "m"
targets = [{ provider = "first", model = "a" }, { provider = "second", model = "b" }]

[[model]]
name = "alone"
targets = [{ provider = "first", model = "a" }]

[[model]]
name = "dead"
targets = [{ provider = "nobody", model = "x" }, { provider = "second", model = "b" }]
"""
BODY = {"model": "m", "messages": [{"role": "user", "content": "Hello"}]}


@pytest.fixture(scope="module")
def vendors() -> Iterator[tuple[FakeVendor, FakeVendor]]:
    with FakeVendor(answer) as first, FakeVendor(answer) as second:
        yield first, second


@pytest.fixture(scope="module")
def server(vendors: tuple[FakeVendor, FakeVendor], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        config = provider_toml("first", vendors[0].url) + provider_toml("second", vendors[1].url)
        config += provider_toml("nobody", f"http://127.0.0.1:{nobody.getsockname()[1]}/v1")
        settings = {
            "PENSTOCK_TIMEOUTS__FIRST_BYTE_S": "1",
            "PENSTOCK_TIMEOUTS__BETWEEN_BYTES_S": "0.5",
            "PENSTOCK_TIMEOUTS__WHOLE_S": "4",
        }
        with ServerProcess(tmp_path_factory.mktemp("home"), config + MODELS, **settings) as running:
            yield running


@pytest.fixture(autouse=True)
def _plain(vendors: tuple[FakeVendor, FakeVendor]) -> None:
    for vendor in vendors:
        vendor.behave = answer
        vendor.requests.clear()


def failing(status: int, times: int = 1_000_000, **headers: str) -> Behave:
    count = 0

    async def behave(request: Request, wire: Wire) -> None:
        nonlocal count
        count += 1
        if count > times:
            await answer(request, wire)
        else:
            await wire.whole({"error": {"message": "no"}}, status, **headers)

    return behave


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_one_retry_on_the_same_target(
    server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor], status: int, stream: bool
) -> None:
    vendors[0].behave = failing(status, 1)
    got = server.post(BODY | {"stream": stream})
    assert got.status_code == 200
    assert (len(vendors[0].requests), len(vendors[1].requests)) == (2, 0)
    assert got.headers["x-penstock-served-by"] == "first/a"
    assert got.headers["x-penstock-attempts"] == "2"


@pytest.mark.parametrize("stream", [False, True])
def test_then_the_next_target(server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor], stream: bool) -> None:
    vendors[0].behave = failing(500)
    got = server.post(BODY | {"stream": stream})
    assert got.status_code == 200
    assert (len(vendors[0].requests), len(vendors[1].requests)) == (2, 1)
    assert got.headers["x-penstock-served-by"] == "second/b"
    assert vendors[1].requests[0].json["model"] == "b"
    record = server.records()[0]
    assert [(a["provider"], a["status"]) for a in record["attempts"]] == [
        ("first", 500),
        ("first", 500),
        ("second", 200),
    ]
    assert record["provider"] == "second"


def test_a_refused_connection_is_tried_again_elsewhere(server: ServerProcess) -> None:
    got = server.post(BODY | {"model": "dead"})
    assert got.status_code == 200
    assert [a["error"] for a in server.records()[0]["attempts"]] == [
        "upstream_unreachable",
        "upstream_unreachable",
        None,
    ]


@pytest.mark.parametrize("status", [400, 404, 422])
def test_a_refusal_of_the_request_is_not_tried_again(
    server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor], status: int
) -> None:
    vendors[0].behave = failing(status)
    assert server.post(BODY).status_code == status
    assert (len(vendors[0].requests), len(vendors[1].requests)) == (1, 0)


def test_retry_after_is_honoured_within_the_time_of_the_call(
    server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor]
) -> None:
    vendors[0].behave = failing(429, 1, retry_after="1")
    began = time.monotonic()
    assert server.post(BODY | {"model": "alone"}).status_code == 200
    assert time.monotonic() - began >= 1
    vendors[0].behave = failing(429, 1, retry_after="30")
    began = time.monotonic()
    got = server.post(BODY | {"model": "alone"})
    assert got.status_code == 429
    assert got.headers["retry-after"] == "30"
    assert time.monotonic() - began < 1


def test_a_vendor_that_wants_a_long_wait_is_left_for_the_next_one(
    server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor]
) -> None:
    vendors[0].behave = failing(429, retry_after="30")
    began = time.monotonic()
    assert server.post(BODY).headers["x-penstock-served-by"] == "second/b"
    assert time.monotonic() - began < 1
    assert len(vendors[0].requests) == 1


def test_a_stream_that_ends_before_its_first_content_is_begun_again_unseen(
    server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor]
) -> None:
    async def role_then_cut(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(chunk({"role": "assistant", "content": ""}))
        wire.reset()

    vendors[0].behave = role_then_cut
    got = server.post(BODY | {"stream": True})
    assert got.status_code == 200
    assert got.headers["x-penstock-served-by"] == "second/b"
    events = [json.loads(x[6:]) for x in got.text.split("\n\n") if x.startswith("data: {")]
    assert sum("role" in c["delta"] for e in events for c in e["choices"]) == 1
    assert len({e["id"] for e in events}) == 1


def test_an_error_inside_a_stream_before_content_is_a_status_and_a_fallback(
    server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor]
) -> None:
    async def error_event(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event({"error": {"message": "overloaded", "type": "server_error", "code": None, "param": None}})
        await wire.end_stream()

    vendors[0].behave = error_event
    assert server.post(BODY | {"stream": True}).headers["x-penstock-served-by"] == "second/b"
    got = server.post(BODY | {"stream": True, "model": "alone"})
    assert got.status_code >= 500
    assert "overloaded" in got.json()["error"]["message"]


async def _silent(request: Request, wire: Wire) -> None:
    await asyncio.sleep(20)


async def _stalls(request: Request, wire: Wire) -> None:
    await wire.begin_stream()
    for event in stream_events(["Hel"])[:2]:
        await wire.event(event)
    await asyncio.sleep(20)


def test_timeouts_before_the_first_byte_and_between_bytes(
    server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor]
) -> None:
    vendors[0].behave = _silent
    began = time.monotonic()
    got = server.post(BODY | {"model": "alone"})
    assert (got.status_code, got.json()["error"]["code"]) == (504, "upstream_timeout")
    assert 0.9 < time.monotonic() - began < 2
    assert len(vendors[0].requests) == 1
    vendors[0].behave = _stalls
    text = server.post(BODY | {"model": "alone", "stream": True}).text
    assert '"code":"upstream_timeout"' in text
    assert "[DONE]" not in text


def test_the_whole_call_has_a_deadline(server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor]) -> None:
    async def drips(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        while True:
            await wire.event(chunk({"content": "x"}))
            await asyncio.sleep(0.1)

    vendors[0].behave = drips
    began = time.monotonic()
    text = server.post(BODY | {"model": "alone", "stream": True}).text
    assert 3.5 < time.monotonic() - began < 6
    assert '"code":"upstream_timeout"' in text


def test_a_credential_that_the_vendor_refuses_is_no_fault_of_the_client(
    server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor]
) -> None:
    vendors[0].behave = failing(401)
    got = server.post(BODY)
    assert (got.status_code, got.json()["error"]["code"]) == (502, "upstream_auth_error")
    assert got.headers["x-should-retry"] == "false"


def test_nothing_of_the_client_and_no_key_of_ours_reaches_the_vendor(
    server: ServerProcess, vendors: tuple[FakeVendor, FakeVendor]
) -> None:
    server.post(BODY, headers={"cookie": "secret=1", "x-custom": "y"})
    sent = vendors[0].requests[0]
    assert server.key not in str(sent.headers)
    assert "cookie" not in sent.headers
    assert "x-custom" not in sent.headers
    assert sent.headers["authorization"] == "Bearer sk-vendor-secret"


def test_content_is_kept_only_where_the_setting_says_so(
    vendors: tuple[FakeVendor, FakeVendor], tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = provider_toml("first", vendors[0].url)
    home = tmp_path_factory.mktemp("home")
    with ServerProcess(
        home, config, PENSTOCK_RECORDS__CONTENT="true", PENSTOCK_RECORDS__CONTENT_BYTES="2000"
    ) as server:
        for stream in (False, True):
            server.post({"model": "first/x", "messages": BODY["messages"], "stream": stream})
            record = server.records()[0]
            assert json.loads(record["prompt"]) == BODY["messages"]
            assert (
                json.loads(record["answer"])["choices"][0]["message"]["content"]
                == completion()["choices"][0]["message"]["content"]
            )
        server.post({"model": "first/x", "messages": [{"role": "user", "content": "x" * 3000}]})
        assert "records.content_bytes" in server.records()[0]["prompt"]


def test_parameters_that_a_vendor_lacks_are_told_or_refused_in_strict_mode(
    vendors: tuple[FakeVendor, FakeVendor], tmp_path_factory: pytest.TempPathFactory
) -> None:
    config = provider_toml("mistral", vendors[0].url, "mistral")
    asked = {"model": "mistral/m", "messages": BODY["messages"], "seed": 7, "user": "u", "made_up": 1}
    with ServerProcess(tmp_path_factory.mktemp("home"), config) as server:
        got = server.post(asked)
        assert got.status_code == 200
        told = dict(part.split("=") for part in got.headers["x-penstock-params"].split(", "))
        assert told["seed"] == "translated"
        assert told["made_up"] == "ignored"
        assert vendors[0].requests[-1].json["random_seed"] == 7
        assert "made_up" not in vendors[0].requests[-1].json
        assert server.records()[0]["params"] == told
        got = server.post(asked, headers={"x-strict-params": "true"})
        assert got.status_code == 400
        error = got.json()["error"]
        assert error["code"] == "unsupported_parameter"
        assert all(f"'{name}'" in error["message"] for name in told)
