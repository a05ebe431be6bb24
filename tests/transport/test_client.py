from __future__ import annotations

import asyncio
import gzip
import socket
import time
import zlib
from collections.abc import AsyncIterator

import pytest

from penstock.core.errors import PenstockError, PermissionDenied, UpstreamBroke, UpstreamTimeout, UpstreamUnreachable
from penstock.core.exchange import Outgoing, Reply
from penstock.transport import ClientStalled, Transport, Watch
from tests.upstream import FakeVendor, Request, Wire, answer, completion

pytestmark = pytest.mark.anyio


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    made = Transport()
    yield made
    await made.close()


def outgoing(url: str, stream: bool = False, trusted: bool = True) -> Outgoing:
    return Outgoing(f"{url}/chat/completions", [("content-type", "application/json")], b"{}", stream, trusted=trusted)


async def whole(transport: Transport, sent: Outgoing) -> Reply:
    with await transport.open(sent, 2.0) as upstream:
        return await upstream.reply(lambda: None)


async def test_a_whole_answer_and_its_lower_case_headers(transport: Transport) -> None:
    async def behave(request: Request, wire: Wire) -> None:
        assert request.headers["host"] == f"127.0.0.1:{vendor.port}"
        assert request.headers["content-type"] == "application/json"
        await wire.whole(completion(), X_Upper="Yes")

    with FakeVendor(behave) as vendor:
        reply = await whole(transport, outgoing(vendor.url))
    assert reply.status == 200
    assert reply.headers["x-upper"] == "Yes"
    assert b"Hello!" in reply.body


async def test_connections_are_used_again_after_whole_answers_and_after_streams(transport: Transport) -> None:
    async def behave(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event("[DONE]")
        await wire.end_stream()

    with FakeVendor(behave) as vendor:
        for _ in range(5):
            with await transport.open(outgoing(vendor.url, stream=True), 2.0) as upstream:
                assert await upstream.chunk() == b"data: [DONE]\n\n"
                await upstream.settle(0.5)
        assert vendor.connections == 1


async def test_the_first_bytes_of_a_stream_are_not_held_back(transport: Transport) -> None:
    async def behave(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event("first")
        await asyncio.sleep(1)
        await wire.end_stream()

    with FakeVendor(behave) as vendor:
        began = time.monotonic()
        with await transport.open(outgoing(vendor.url, stream=True), 2.0) as upstream:
            assert await upstream.chunk() == b"data: first\n\n"
            assert time.monotonic() - began < 0.5


@pytest.mark.parametrize("begun", [True, False])
async def test_leaving_early_closes_the_connection_within_100_ms(transport: Transport, begun: bool) -> None:
    """Every time; within 100 ms in the best of three, since other tests may hold the processor."""
    closed: asyncio.Queue[float] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    async def behave(request: Request, wire: Wire) -> None:
        if begun:
            await wire.begin_stream()
            await wire.event("first")
        assert await wire.gone()
        loop.call_soon_threadsafe(closed.put_nowait, time.monotonic())

    with FakeVendor(behave) as vendor:

        async def read() -> None:
            with await transport.open(outgoing(vendor.url, stream=True), 2.0) as upstream:
                while await upstream.chunk() is not None:
                    pass

        took = []
        for _ in range(3):
            task = asyncio.create_task(read())
            await asyncio.sleep(0.2)
            cancelled = time.monotonic()
            task.cancel()
            took.append(await asyncio.wait_for(closed.get(), 4) - cancelled)
    assert min(took) < 0.1


async def test_what_can_break_has_a_name_of_its_own(transport: Transport) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(UpstreamUnreachable):
            await whole(transport, outgoing(f"http://127.0.0.1:{nobody.getsockname()[1]}"))

    async def cut(request: Request, wire: Wire) -> None:
        await wire.head(200, content_length="100")
        await wire.raw(b"x" * 50)
        wire.close()

    async def no_answer(request: Request, wire: Wire) -> None:
        wire.close()

    async def nonsense(request: Request, wire: Wire) -> None:
        await wire.raw(b"SSH-2.0-OpenSSH\r\n\r\n")
        wire.close()

    for behave in (cut, no_answer, nonsense):
        with FakeVendor(behave) as vendor, pytest.raises(UpstreamBroke):
            await whole(transport, outgoing(vendor.url))


async def test_redirects_are_not_followed(transport: Transport) -> None:
    async def behave(request: Request, wire: Wire) -> None:
        await wire.head(302, location="http://127.0.0.1:1/", content_length="0")

    with FakeVendor(behave) as vendor:
        assert (await whole(transport, outgoing(vendor.url))).status == 302


async def test_an_error_body_is_cut_and_an_answer_too_large_is_refused(transport: Transport) -> None:
    async def large_error(request: Request, wire: Wire) -> None:
        await wire.whole(b"e" * 1_000_000, 500)

    async def large_answer(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        for _ in range(70):
            await wire.part(b"x" * 1024 * 1024)
        await wire.end_stream()

    with FakeVendor(large_error) as vendor:
        reply = await whole(transport, outgoing(vendor.url))
        assert len(reply.body) == 256 * 1024
    with FakeVendor(large_answer) as vendor, pytest.raises(UpstreamBroke, match="larger than"):
        await whole(transport, outgoing(vendor.url))


async def test_an_address_that_nobody_vouches_for_must_be_public(transport: Transport) -> None:
    with FakeVendor(answer) as vendor:
        with pytest.raises(PermissionDenied):
            await whole(transport, outgoing(vendor.url, trusted=False))
        assert vendor.connections == 0


async def _run_out(whole_s: float, *phases: tuple[float, type[PenstockError]]) -> None:
    with Watch().patience(asyncio.get_running_loop().time() + whole_s) as patience:
        for seconds, kind in phases:
            patience.wait(seconds, kind, "nothing came")
        await asyncio.sleep(5)


async def test_patience_runs_out_in_the_phase_it_is_in() -> None:
    with pytest.raises(UpstreamTimeout, match="nothing came"):
        await _run_out(10, (0.05, UpstreamTimeout))
    with pytest.raises(ClientStalled):
        await _run_out(10, (5, UpstreamTimeout), (0.05, ClientStalled))
    with pytest.raises(UpstreamTimeout, match="whole"):
        await _run_out(0.05, (5, ClientStalled))


async def test_patience_does_not_run_out_while_things_move() -> None:
    with Watch().patience(asyncio.get_running_loop().time() + 10) as patience:
        for _ in range(10):
            patience.wait(0.1, UpstreamTimeout, "next")
            await asyncio.sleep(0.03)


async def test_a_cancellation_from_outside_stays_a_cancellation() -> None:
    async def wait() -> None:
        with Watch().patience(asyncio.get_running_loop().time() + 10) as patience:
            patience.wait(5, UpstreamTimeout, "next")
            await asyncio.sleep(5)

    task = asyncio.create_task(wait())
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_vendor_that_does_not_accept_is_a_timeout(transport: Transport) -> None:
    with socket.socket() as full:  # a queue of one, taken: the next connection is not answered at all
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        await asyncio.sleep(0.1)
        sent = outgoing(f"http://127.0.0.1:{full.getsockname()[1]}")
        began = time.monotonic()
        with pytest.raises(UpstreamTimeout, match="accept"), await transport.open(sent, 0.3):
            pass
        assert time.monotonic() - began < 2
        for one in waiting:
            one.close()


async def test_bytes_that_nobody_asked_for_end_a_connection(transport: Transport) -> None:
    async def twice(request: Request, wire: Wire) -> None:
        await wire.whole(completion("first"))
        await wire.whole(completion("a second answer that would be the next request's"))

    with FakeVendor(twice) as vendor:
        for _ in range(3):
            assert b"first" in (await whole(transport, outgoing(vendor.url))).body
            await asyncio.sleep(0.05)
        assert vendor.connections == 3


async def test_an_answer_that_ends_with_the_connection_is_whole(transport: Transport) -> None:
    async def no_length(request: Request, wire: Wire) -> None:
        await wire.head(200)
        await wire.raw(b'{"a": 1}')
        wire.close()

    with FakeVendor(no_length) as vendor:
        assert (await whole(transport, outgoing(vendor.url))).body == b'{"a": 1}'


async def test_a_slow_reader_holds_the_vendor_back(transport: Transport) -> None:
    sent = 0

    async def flood(request: Request, wire: Wire) -> None:
        nonlocal sent
        await wire.begin_stream()
        for _ in range(2000):
            await wire.part(b"x" * 50_000)
            sent += 50_000
        await wire.end_stream()

    with FakeVendor(flood) as vendor:
        with await transport.open(outgoing(vendor.url, stream=True), 2.0) as upstream:
            await asyncio.sleep(1)
            assert sent < 20_000_000
            got = 0
            while (part := await upstream.chunk()) is not None:
                got += len(part)
        assert got == 100_000_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_compressed_answers_and_bombs(transport: Transport, encoding: str) -> None:
    def packed(data: bytes) -> bytes:
        return gzip.compress(data) if encoding == "gzip" else zlib.compress(data)

    async def behave(request: Request, wire: Wire) -> None:
        body = packed(b"y" * 70 * 1024 * 1024) if b"bomb" in request.body else packed(b'{"a": 1}')
        await wire.whole(body, content_encoding=encoding)

    with FakeVendor(behave) as vendor:
        assert (await whole(transport, outgoing(vendor.url))).body == b'{"a": 1}'
        bomb = Outgoing(f"{vendor.url}/x", [], b"bomb", trusted=True)
        with pytest.raises(UpstreamBroke, match="larger than"):
            await whole(transport, bomb)
