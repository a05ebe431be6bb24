"""How long a call waits for whom: one lazy timer a try, instead of one a read.

The timer is armed once and looks, when it fires, at what the call was doing last; a stream of ten
thousand chunks costs two attribute writes a chunk and no timer.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from penstock.core.errors import PenstockError, UpstreamTimeout


class ClientStalled(PenstockError):
    """The client left its answer unread for longer than `limits.write_s`; nobody is there to be told."""

    status = 499
    code = "client_stalled"


class Patience:
    """A context that ends its body when the phase it is in takes too long.

    Phases are named with `wait`: for the vendor's first byte, for its next bytes, or for the client to send or to take
    something. Leaving the body after a phase ran out raises the phase's error. `deadline` (loop time, seconds) bounds
    the whole, whatever the phase, and raises UpstreamTimeout.
    """

    __slots__ = (
        "_cancelling",
        "_deadline",
        "_error",
        "_handle",
        "_kind",
        "_loop",
        "_message",
        "_since",
        "_task",
        "_wait",
    )

    def __init__(self, deadline: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._since = self._loop.time()
        self._wait = float("inf")
        self._kind: type[PenstockError] = UpstreamTimeout
        self._message = ""
        self._error: PenstockError | None = None

    def wait(self, seconds: float, kind: type[PenstockError], message: str) -> None:
        """From now on, `seconds` may pass until the next call of this; then `kind` is raised with `message`."""
        self._since = self._loop.time()
        self._wait = seconds
        self._kind = kind
        self._message = message
        # A shorter wait than the one the timer was set for must not be noticed late.
        if self._handle.when() > self._since + seconds:
            self._handle.cancel()
            self._arm()

    def _arm(self) -> None:
        self._handle = self._loop.call_at(min(self._since + self._wait, self._deadline), self._look)

    def _look(self) -> None:
        now = self._loop.time()
        if now < self._deadline and now < self._since + self._wait:
            self._arm()
            return
        if now >= self._since + self._wait:
            self._error = self._kind(f"{self._message} (waited {self._wait:g} s)")
        else:
            self._error = UpstreamTimeout("the call took longer than the time allowed for the whole of it")
        self._task.cancel()

    def __enter__(self) -> Patience:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        self._arm()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._handle.cancel()
        # A client that left at the same moment cancels too: then its own cancellation goes on.
        if self._error is not None and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._error from value
