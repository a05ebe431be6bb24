from __future__ import annotations

import pytest

from penstock.core.errors import (
    UpstreamAuthError,
    UpstreamBroke,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnreachable,
)
from penstock.routing import Again, decide

LIMITED = UpstreamRateLimited("slow down", retry_after=1.5)
SLOW = UpstreamRateLimited("slow down", retry_after=60)


@pytest.mark.parametrize(
    ("error", "tries", "left", "seconds", "again"),
    [
        (UpstreamUnreachable("x"), 1, 0, 60, Again.SAME),
        (UpstreamUnreachable("x"), 1, 1, 60, Again.SAME),
        (UpstreamUnreachable("x"), 2, 1, 60, Again.NEXT),
        (UpstreamUnreachable("x"), 2, 0, 60, Again.NO),
        (UpstreamBroke("x"), 1, 0, 60, Again.SAME),
        (UpstreamOverloaded("x"), 1, 0, 60, Again.SAME),
        (UpstreamError("x"), 2, 1, 60, Again.NEXT),
        (UpstreamRejected("x"), 1, 1, 60, Again.NO),
        (UpstreamAuthError("x"), 1, 1, 60, Again.NO),
        (UpstreamTimeout("x"), 1, 0, 60, Again.NO),
        (UpstreamTimeout("x"), 1, 1, 60, Again.NEXT),
        (UpstreamTimeout("the vendor's own 408", upstream_status=408), 1, 0, 60, Again.SAME),
        (LIMITED, 1, 0, 60, Again.SAME),
        (LIMITED, 1, 1, 60, Again.SAME),
        (LIMITED, 1, 0, 1.0, Again.NO),  # the wait does not fit into what is left of the call
        (SLOW, 1, 1, 600, Again.NEXT),
        (SLOW, 1, 0, 600, Again.SAME),
        (SLOW, 1, 0, 59, Again.NO),
    ],
)
def test_decide(error: UpstreamError, tries: int, left: int, seconds: float, again: Again) -> None:
    assert decide(error, tries, left, seconds, 0.5)[0] is again


def test_the_pause_is_the_vendors_wish_or_a_short_one_with_jitter() -> None:
    assert decide(LIMITED, 1, 0, 60, 0.5)[1] == 1.5
    pauses = {decide(UpstreamBroke("x"), 1, 0, 60, jitter)[1] for jitter in (0.0, 0.5, 0.99)}
    assert len(pauses) == 3
    assert all(0.05 <= pause <= 0.5 for pause in pauses)
