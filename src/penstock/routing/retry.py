"""Whether a failed try is followed by another one, where, and after how long. Pure: the caller sleeps."""

from __future__ import annotations

import enum

from penstock.core.errors import UpstreamError, UpstreamTimeout

_FIRST_PAUSE_S = 0.2
# With somewhere else to go, a vendor's wish to wait longer than this is honoured by not asking it again.
_LONG_WAIT_S = 2.0


class Again(enum.Enum):
    """Where the next try goes."""

    SAME = "same target"
    NEXT = "next target"
    NO = "no further try"


def decide(
    error: UpstreamError, tries_here: int, targets_left: int, seconds_left: float, jitter: float
) -> tuple[Again, float]:
    """What follows `error` after `tries_here` tries at this target: where to go, and the pause before it in seconds.

    One more try at the same target, then the next one in order; `targets_left` counts those after this one,
    `seconds_left` is what remains of the call's time, `jitter` is drawn from [0, 1). A try that ran out of our
    time is not made again at the same place: the vendor may be working on it, and billing it, still.
    """
    if not error.retryable:
        return Again.NO, 0.0
    onward = (Again.NEXT, 0.0) if targets_left else (Again.NO, 0.0)
    if tries_here >= 2 or (isinstance(error, UpstreamTimeout) and error.upstream_status is None):
        return onward
    pause = error.retry_after if error.retry_after is not None else _FIRST_PAUSE_S * (0.5 + jitter)
    if pause >= seconds_left or (targets_left and pause > _LONG_WAIT_S):
        return onward
    return Again.SAME, pause
