"""A vendor that stalls, lies and babbles: the client gets a clear error or a whole answer, and the next call works."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from soak.client import Answer, Client
from soak.ledger import Row, recorded

from tests.server import ServerProcess, provider_toml
from tests.upstream import Behave, FakeVendor, Request, Wire, answer, chunk, completion, stream_events

pytestmark = pytest.mark.anyio

WHOLE = json.dumps(completion()).encode()
ROLE = chunk({"role": "assistant", "content": ""})
CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def vendor() -> Iterator[FakeVendor]:
    with FakeVendor(answer) as running:
        yield running


@pytest.fixture(scope="module")
def server(vendor: FakeVendor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    settings = {
        "PENSTOCK_TIMEOUTS__FIRST_BYTE_S": "1.5",
        "PENSTOCK_TIMEOUTS__BETWEEN_BYTES_S": "0.5",
        "PENSTOCK_TIMEOUTS__WHOLE_S": "2",
    }
    with ServerProcess(tmp_path_factory.mktemp("home"), provider_toml("v", vendor.url), **settings) as running:
        yield running


@pytest.fixture
async def client(server: ServerProcess, vendor: FakeVendor) -> AsyncIterator[Client]:
    vendor.requests.clear()
    caller = Client(server.port, server.key)
    yield caller
    vendor.behave = answer
    for stream in (False, True):  # whatever it was, it is over: nothing of it is left on a kept connection
        after = await caller.chat("v/after", stream=stream, within_s=10)
        assert (after.status, after.text) == (200, "Hello!")
    await caller.close()


async def record_of(server: ServerProcess, got: Answer) -> Row:
    (row,) = [row for row in await recorded(server.home, [got]) if row["request_id"] == got.request_id]
    return row


def error_code(got: Answer) -> Any:
    assert got.whole, got.trouble
    assert not got.done
    assert got.error is not None
    return got.error["code"]


async def _silent(request: Request, wire: Wire) -> None:
    await wire.gone(20)


async def _head_only(request: Request, wire: Wire) -> None:
    await wire.raw(CHUNKED)
    await wire.gone(20)


async def _half_head(request: Request, wire: Wire) -> None:
    await wire.raw(CHUNKED[:30])
    await wire.gone(20)


async def _half_body(request: Request, wire: Wire) -> None:
    await wire.head(content_length=str(len(WHOLE)))
    await wire.raw(WHOLE[:100])
    await wire.gone(20)


async def _comments(request: Request, wire: Wire) -> None:
    await wire.begin_stream()
    while True:
        await wire.part(b": still thinking\n\n")
        await asyncio.sleep(0.02)


async def _closes(request: Request, wire: Wire) -> None:
    wire.close()


async def _resets(request: Request, wire: Wire) -> None:
    wire.reset()


async def _binary(request: Request, wire: Wire) -> None:
    await wire.raw(bytes(range(256)) * 8 + b"\r\n\r\n")
    wire.close()


async def _page(request: Request, wire: Wire) -> None:
    await wire.head(content_type="text/html", content_length="31")
    await wire.raw(b"<html><h1>It works!</h1></html>")


async def _empty(request: Request, wire: Wire) -> None:
    await wire.whole(b"")


async def _no_content(request: Request, wire: Wire) -> None:
    await wire.head(204)


async def _bad_json(request: Request, wire: Wire) -> None:
    if request.json["stream"]:
        await wire.begin_stream()
        await wire.event('{"choices": [{"delta": {"content": "Hel"')
        await wire.end_stream()
    else:
        await wire.whole(WHOLE.replace(b'"choices"', b'"choices'))


async def _not_gzip(request: Request, wire: Wire) -> None:
    await wire.whole(WHOLE, content_encoding="gzip")


async def _bad_chunk_size(request: Request, wire: Wire) -> None:
    await wire.begin_stream()
    await wire.raw(b"xyz\r\n" + WHOLE + b"\r\n0\r\n\r\n")


async def _huge_chunk_size(request: Request, wire: Wire) -> None:
    await wire.begin_stream()
    await wire.raw(b"f" * 32 + b"\r\n" + WHOLE)
    wire.close()


async def _too_long(request: Request, wire: Wire) -> None:
    await wire.head(content_length=str(len(WHOLE) + 100))
    await wire.raw(WHOLE[:-1])
    wire.close()


async def _too_short(request: Request, wire: Wire) -> None:
    await wire.head(content_length=str(len(WHOLE) - 100))
    await wire.raw(WHOLE)


async def _two_lengths(request: Request, wire: Wire) -> None:
    length = len(WHOLE)
    await wire.raw(
        b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\ncontent-length: %d\r\n\r\n" % (length, length - 9) + WHOLE
    )
    wire.close()


async def _endless_headers(request: Request, wire: Wire) -> None:
    await wire.raw(b"HTTP/1.1 200 OK\r\n")
    while True:
        await wire.raw(b"x-more: and more and more and more\r\n" * 100)


async def _endless_header(request: Request, wire: Wire) -> None:
    await wire.raw(b"HTTP/1.1 200 OK\r\nx-long: ")
    while True:
        await wire.raw(b"and more " * 1000)


async def _endless_body(request: Request, wire: Wire) -> None:
    await wire.begin_stream()
    while True:
        await wire.part(b" " * 1_000_000)


async def _the_other_kind(request: Request, wire: Wire) -> None:
    if request.json["stream"]:
        await wire.whole(b"[" + WHOLE + b"]")
        return
    await wire.begin_stream()
    for event in stream_events(["Hello!"]):
        await wire.event(event)
    await wire.end_stream()


async def _elsewhere(request: Request, wire: Wire) -> None:
    await wire.head(302, location="http://127.0.0.1:1/", content_length="0")


NOTHING_CAME = [
    (_silent, 504, "upstream_timeout", 1),
    (_head_only, 504, "upstream_timeout", 1),
    (_half_head, 504, "upstream_timeout", 1),
    (_half_body, 504, "upstream_timeout", 1),
    (_comments, 504, "upstream_timeout", 1),
    (_closes, 502, "upstream_broke", 2),
    (_resets, 502, "upstream_broke", 2),
    (_binary, 502, "upstream_broke", 2),
    (_page, 502, "upstream_broke", 2),
    (_empty, 502, "upstream_broke", 2),
    (_no_content, 502, "upstream_broke", 2),
    (_bad_json, 502, "upstream_broke", 2),
    (_not_gzip, 502, "upstream_broke", 2),
    (_bad_chunk_size, 502, "upstream_broke", 2),
    (_huge_chunk_size, 502, "upstream_broke", 2),
    (_too_long, 502, "upstream_broke", 2),
    (_too_short, 502, "upstream_broke", 2),
    (_two_lengths, 502, "upstream_broke", 2),
    (_endless_headers, 502, "upstream_broke", 2),
    (_endless_header, 502, "upstream_broke", 2),
    (_endless_body, 502, "upstream_broke", 2),
    (_the_other_kind, 502, "upstream_broke", 2),
    (_elsewhere, 502, "upstream_error", 2),
]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize(("behave", "status", "code", "tries"), NOTHING_CAME, ids=[x[0].__name__ for x in NOTHING_CAME])
async def test_before_any_content(
    behave: Behave,
    status: int,
    code: str,
    tries: int,
    stream: bool,
    vendor: FakeVendor,
    server: ServerProcess,
    client: Client,
) -> None:
    vendor.behave = behave
    got = await client.chat("v/x", stream=stream, within_s=10)
    assert (got.status, error_code(got)) == (status, code)
    assert not got.streamed
    assert len(vendor.requests) == tries
    record = await record_of(server, got)
    assert (record["status"], record["error"]) == (status, code)
    assert [attempt["error"] for attempt in json.loads(record["attempts"])] == [code] * tries


async def _stall(wire: Wire) -> None:
    await wire.gone(20)


async def _close(wire: Wire) -> None:
    wire.close()


async def _reset(wire: Wire) -> None:
    await asyncio.sleep(0.05)  # a reset overtakes what waits
    wire.reset()


async def _end(wire: Wire) -> None:
    await wire.end_stream()


async def _done_without_the_rest(wire: Wire) -> None:
    await wire.event("[DO")
    await wire.end_stream()


async def _event_of_bad_json(wire: Wire) -> None:
    await wire.event('{"choices": [')
    await wire.gone(20)


async def _chunk_of_bad_size(wire: Wire) -> None:
    await wire.raw(b"-5\r\nabc\r\n")
    await wire.gone(20)


async def _no_chunk_at_all(wire: Wire) -> None:
    await wire.raw(bytes(range(256)))
    await wire.gone(20)


async def _huge_event(wire: Wire) -> None:
    await wire.part(b'data: {"choices": "')
    for _ in range(9):
        await wire.part(b"x" * 1024 * 1024)
    await wire.gone(20)


async def _events_without_content(wire: Wire) -> None:
    while True:
        await wire.event(ROLE)
        await asyncio.sleep(0.002)


SOMETHING_CAME = [
    (_stall, "upstream_timeout"),
    (_close, "upstream_broke"),
    (_reset, "upstream_broke"),
    (_end, "upstream_broke"),
    (_done_without_the_rest, "upstream_broke"),
    (_event_of_bad_json, "upstream_broke"),
    (_chunk_of_bad_size, "upstream_broke"),
    (_no_chunk_at_all, "upstream_broke"),
    (_huge_event, "upstream_broke"),
    (_events_without_content, "upstream_timeout"),
]


@pytest.mark.parametrize(("goes_on", "code"), SOMETHING_CAME, ids=[x[0].__name__ for x in SOMETHING_CAME])
async def test_after_the_first_content(
    goes_on: Any, code: str, vendor: FakeVendor, server: ServerProcess, client: Client
) -> None:
    async def behave(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(ROLE)
        await wire.event(chunk({"content": "Hel"}))
        await goes_on(wire)

    vendor.behave = behave
    got = await client.chat("v/x", stream=True, within_s=10)
    assert (got.status, error_code(got)) == (200, code)
    assert (got.text, got.finish_reasons) == ("Hel", [])
    assert len(vendor.requests) == 1
    record = await record_of(server, got)
    assert (record["status"], record["error"], record["finish_reasons"]) == (200, code, "[]")


async def test_events_without_content_are_not_kept_for_ever(vendor: FakeVendor, client: Client) -> None:
    async def behave(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        while True:
            await wire.event(ROLE)
            await asyncio.sleep(0)

    vendor.behave = behave
    got = await client.chat("v/x", stream=True, within_s=10)
    assert error_code(got) == "upstream_timeout"
    assert (got.text, got.finish_reasons) == ("", [])


async def _halves_of_characters(request: Request, wire: Wire) -> None:
    if not request.json["stream"]:
        await wire.whole(json.dumps(completion("A?B")).encode().replace(b"A?B", b"A\xf0\x9f\x92B"))
        return
    await wire.begin_stream()
    for event in stream_events(["A?B"]):
        await wire.part(b"data: " + json.dumps(event).encode().replace(b"A?B", b"A\xf0\x9f\x92B") + b"\n\n")
    await wire.event("[DONE]")
    await wire.end_stream()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_bytes_that_are_no_utf_8_become_replacement_characters(
    stream: bool, vendor: FakeVendor, client: Client
) -> None:
    vendor.behave = _halves_of_characters
    got = await client.chat("v/x", stream=stream, within_s=10)
    assert got.status == 200
    assert got.text == "A\ufffdB"  # of a body that decodes without errors
    assert got.body.decode()


async def _slow_head(request: Request, wire: Wire) -> None:
    stream = request.json["stream"]
    head = b"HTTP/1.1 200 OK\r\n" + (b"transfer-encoding: chunked" if stream else b"content-length: %d" % len(WHOLE))
    for byte in head + b"\r\n\r\n":
        await wire.raw(bytes([byte]))
        await asyncio.sleep(0.02)
    if stream:
        for event in stream_events(["Hello!"]):
            await wire.event(event)
        await wire.end_stream()
    else:
        await wire.raw(WHOLE)


async def _slow_body(request: Request, wire: Wire) -> None:
    data = b"".join(b"data: " + json.dumps(event).encode() + b"\n\n" for event in stream_events(["Hello!"]))
    if not request.json["stream"]:
        data = WHOLE
    await wire.head(content_length=str(len(data)))
    for at in range(0, len(data), 40):
        await wire.raw(data[at : at + 40])
        await asyncio.sleep(0.02)


async def _continues_first(request: Request, wire: Wire) -> None:
    await wire.raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n")
    await answer(request, wire)


async def _closes_after(request: Request, wire: Wire) -> None:
    """Says nothing of it, so that the connection looks as if it could be used again."""
    await answer(request, wire)
    wire.close()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
@pytest.mark.parametrize("behave", [_slow_head, _slow_body, _continues_first, _closes_after])
async def test_odd_but_whole(behave: Behave, stream: bool, vendor: FakeVendor, client: Client) -> None:
    vendor.behave = behave
    for _ in range(2):
        got = await client.chat("v/x", stream=stream, within_s=10)
        assert (got.status, got.text, got.finish_reasons) == (200, "Hello!", ["stop"])
        assert got.done == stream


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_kept_connections_that_the_vendor_closes_at_the_next_request(
    stream: bool, vendor: FakeVendor, client: Client
) -> None:
    """All of them at once, as when it restarts: a try must not end on the second of them."""
    served = set()

    async def once_a_connection(request: Request, wire: Wire) -> None:
        connection = wire._writer.get_extra_info("peername")
        if connection in served:
            wire.close()
            return
        served.add(connection)
        await asyncio.sleep(0.1)  # so that calls side by side have a connection each
        await answer(request, wire)

    vendor.behave = once_a_connection
    for _ in range(3):
        answers = await asyncio.gather(*(client.chat("v/x", stream=stream, within_s=10) for _ in range(16)))
        assert [(got.status, got.text) for got in answers] == [(200, "Hello!")] * 16


async def test_a_flood_of_broken_answers_leaves_the_server_well(vendor: FakeVendor, client: Client) -> None:
    faults = [_closes, _resets, _binary, _bad_json, _bad_chunk_size, _too_long, _too_short, answer]
    count = 0

    async def in_turn(request: Request, wire: Wire) -> None:
        nonlocal count
        count += 1
        await faults[count % len(faults)](request, wire)

    vendor.behave = in_turn
    answers = await asyncio.gather(*(client.chat("v/x", stream=n % 2 == 1, within_s=20) for n in range(200)))
    assert {answer.status for answer in answers} <= {200, 502}
    assert all(answer.whole for answer in answers)
    assert any(answer.status == 200 for answer in answers)
