"""How long a call waits for whom: one timer for all calls, instead of one for each thing that a call waits for.

A stream of ten thousand chunks costs some attribute writes a chunk; what waits for too long is found at the next look,
at most a tenth of a second late.
"""

from __future__ import annotations

import asyncio
from types import TracebackType

from penstock.core.errors import PenstockError, UpstreamTimeout

_LOOK_EVERY_S = 0.1


class ClientStalled(PenstockError):
    """The client left its answer unread for longer than `limits.write_s`; nobody is there to be told."""

    status = 499
    code = "client_stalled"


class Watch:
    """Looks after all that waits in the event loop that it is made in; its timer runs only while something does."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiting: set[Patience] = set()
        self.looking = False

    def patience(self, deadline: float) -> Patience:
        """A patience whose whole may take until `deadline` (loop time, seconds)."""
        return Patience(self, deadline)

    def look_soon(self) -> None:
        """Starts the timer."""
        self.looking = True
        self.loop.call_later(_LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        now = self.loop.time()
        for patience in list(self.waiting):
            patience.look(now)
        if self.waiting:
            self.look_soon()
        else:
            self.looking = False


class Patience:
    """A context that ends its body when the phase it is in takes too long. Made by `Watch.patience`.

    Phases are named with `wait`: for the vendor's first byte, for its next bytes, or for the client to send or to take
    something. Leaving the body after a phase ran out raises the phase's error; the whole raises UpstreamTimeout.
    """

    __slots__ = (
        "_cancelling",
        "_deadline",
        "_due",
        "_error",
        "_kind",
        "_loop",
        "_message",
        "_seconds",
        "_task",
        "_watch",
    )

    def __init__(self, watch: Watch, deadline: float) -> None:
        self._watch = watch
        self._loop = watch.loop
        self._deadline = self._due = deadline
        self._seconds = 0.0
        self._kind: type[PenstockError] = UpstreamTimeout
        self._message = ""
        self._error: PenstockError | None = None

    def wait(self, seconds: float, kind: type[PenstockError], message: str) -> None:
        """From now on, `seconds` may pass until the next call of this; then `kind` is raised with `message`."""
        self._seconds = seconds
        self._due = self._loop.time() + seconds
        self._kind = kind
        self._message = message

    def look(self, now: float) -> None:
        """Ends the body where its time is over."""
        if self._error is not None or (now < self._due and now < self._deadline):
            return
        if now >= self._due and now < self._deadline:
            self._error = self._kind(f"{self._message} (waited {self._seconds:g} s)")
        else:
            self._error = UpstreamTimeout("the call took longer than the time allowed for the whole of it")
        self._task.cancel()

    def __enter__(self) -> Patience:
        task = asyncio.current_task(self._loop)
        assert task is not None
        self._task = task
        self._cancelling = task.cancelling()
        watch = self._watch
        watch.waiting.add(self)
        if not watch.looking:
            watch.look_soon()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watch.waiting.discard(self)
        # A client that left at the same moment cancels too: then its own cancellation goes on.
        if self._error is not None and self._task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise self._error from value
