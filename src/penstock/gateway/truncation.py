"""`truncation: auto` of the responses API: what does not fit the model's context goes, the oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from penstock.core.call import Call
from penstock.core.errors import ContextTooLong, PenstockError

_INSTRUCTIONS: Final = ("system", "developer")


def shortens(call: Call, error: PenstockError) -> bool:
    """Whether `call` was made shorter, in place, since `error` says that it did not fit."""
    return error.code == ContextTooLong.code and call.shorten is not None and call.shorten(call)


def without_oldest(items: Sequence[dict[str, Any]]) -> list[dict[str, Any]] | None:
    """`items` without the oldest quarter of those that may go; None where nothing may.

    Instructions (system and developer messages) stay, and the newest message of the user with all after it. A call and
    its output go together, and so does the reasoning before a call.
    """
    last = max((i for i, item in enumerate(items) if item.get("role") == "user"), default=len(items) - 1)
    may_go = [i for i in range(last) if items[i].get("role") not in _INSTRUCTIONS]
    if not may_go:
        return None
    gone = set(may_go[: (len(may_go) + 3) // 4])
    calls = {items[i]["call_id"] for i in gone if "call_id" in items[i]}
    for i in may_go:
        if items[i].get("call_id") in calls:
            gone.add(i)
    while (following := max(gone) + 1) < last and items[max(gone)].get("type") == "reasoning" and following in may_go:
        gone.add(following)  # reasoning alone means nothing without what it led to
    kept = [item for i, item in enumerate(items) if i not in gone]
    outputs = {item["call_id"] for item in kept if str(item.get("type", "")).endswith("_output")}
    asked = {item["call_id"] for item in kept if str(item.get("type", "")).endswith("_call") and "call_id" in item}
    broken = outputs ^ asked
    return [item for item in kept if item.get("call_id") not in broken]
