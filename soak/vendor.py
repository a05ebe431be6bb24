"""A vendor that does what the name of the model says: `stream-20-5~17` streams 20 words, 5 ms apart; `~17` is not read.

`count-20-5` counts to 20, and `echo` says what users said, both also where they are asked in the responses API.
As a process, `python -m soak.vendor`: writes its port on stdout and ends when stdin does. Under `/good/` it answers
every model plainly, whatever its name says.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.upstream import FakeVendor, Request, Wire, chunk, completion

from soak.speech import BETWEEN, heard, numerals, say
from soak.wire import STREAM, WHOLE


async def behave(request: Request, wire: Wire) -> None:
    """Answers as the name of the model says."""
    name = request.json["model"].partition("~")[0]
    kind, *arguments = name.split("-")
    if request.path.startswith("/good/") or kind == "plain":
        await _plain(request, wire)
    else:
        await _KINDS[kind](request, wire, *arguments)


async def _plain(request: Request, wire: Wire) -> None:
    if request.json.get("stream"):
        await wire.raw(STREAM.chunked)
    else:
        await wire.raw(WHOLE.sized)


async def _stream(request: Request, wire: Wire, words: str, gap_ms: str) -> None:
    if not request.json.get("stream"):
        await wire.whole(completion())
        return
    await wire.begin_stream()
    await wire.event(chunk({"role": "assistant", "content": ""}))
    for _ in range(int(words)):
        await asyncio.sleep(int(gap_ms) / 1000)
        await wire.event(chunk({"content": "water "}))
    await wire.event(chunk({}, "stop"))
    await wire.event(chunk(None, usage={"prompt_tokens": 8, "completion_tokens": int(words), "total_tokens": 9}))
    await wire.event("[DONE]")
    await wire.end_stream()


async def _count(request: Request, wire: Wire, numbers: str, gap_ms: str) -> None:
    await say(request, wire, numerals(int(numbers)), int(gap_ms) / 1000)


async def _echo(request: Request, wire: Wire) -> None:
    text = BETWEEN.join(heard(request))
    await say(request, wire, [text[at : at + 400] for at in range(0, len(text), 400)], 0.0)


async def _slow(request: Request, wire: Wire, ms: str) -> None:
    await asyncio.sleep(int(ms) / 1000)
    await _plain(request, wire)


async def _status(request: Request, wire: Wire, status: str) -> None:
    await wire.whole({"error": {"message": "the wheel stands still", "type": "server_error"}}, int(status))


async def _flaky(request: Request, wire: Wire) -> None:
    if random.random() < 0.5:
        await wire.whole({"error": {"message": "not now", "type": "server_error"}}, 500)
    else:
        await _plain(request, wire)


async def _cut(request: Request, wire: Wire, mode: str, at: str) -> None:
    """Sends the beginning of an answer, and breaks it off as `mode` says."""
    body = STREAM if request.json.get("stream") else WHOLE
    sent, reset = body.cut(mode, int(at))
    if sent:
        await wire.raw(sent)
    if reset:
        await asyncio.sleep(0.005)  # what was sent should get there: a reset overtakes what waits
        wire.reset()
    else:
        wire.close()


_KINDS: dict[str, Callable[..., Awaitable[None]]] = {
    "stream": _stream,
    "count": _count,
    "echo": _echo,
    "slow": _slow,
    "status": _status,
    "flaky": _flaky,
    "cut": _cut,
}


@contextmanager
def vendor_process() -> Iterator[int]:
    """The vendor in a process of its own: the port it listens on. Ended with the context."""
    child = subprocess.Popen(
        [sys.executable, "-m", "soak.vendor"],
        cwd=Path(__file__).resolve().parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield int(child.stdout.readline())
    finally:
        child.stdin.close()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(5)
        child.stdout.close()


def main() -> None:
    async def forgetful(request: Request, wire: Wire) -> None:
        vendor.requests.clear()  # hundreds of thousands would be kept otherwise
        await behave(request, wire)

    with FakeVendor(forgetful) as vendor:
        sys.stdout.write(f"{vendor.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
