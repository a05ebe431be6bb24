"""Calls and their outputs: every output answers a call before it, and no call stays without one."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from penstock.core.errors import InvalidRequest

OUTPUTS: Final[Mapping[str, str]] = {
    "function_call_output": "function_call",
    "custom_tool_call_output": "custom_tool_call",
}
"""Items that answer a call, and the items that are one."""

CALLS: Final = frozenset(OUTPUTS.values())


def check_linked(items: Sequence[Mapping[str, Any]], history: int = 0) -> None:
    """Raises InvalidRequest unless every output answers a call before it, each call is answered once, and none is left
    unanswered. The first `history` of `items` were stored before (below 0: so many of the request's own are not among
    them); a call that was cut off needs no answer."""
    answers(items, history)


def answers(items: Sequence[Mapping[str, Any]], history: int = 0) -> dict[int, int]:
    """The place of each call's output, by the place of the call. Raises as `check_linked`.

    Vendors are known to use an id again in a later turn: an output answers the first call with its id that has none.
    An output may also answer a call of a vendor's own tool (a search for tools, by the client): that has no place here.
    """
    found: dict[int, int] = {}
    vendors: set[object] = set()
    waiting: dict[tuple[str, str], deque[int]] = {}
    for i, item in enumerate(items):
        kind = item["type"]
        if kind in CALLS:
            waiting.setdefault((kind, item["call_id"]), deque()).append(i)
        elif kind in OUTPUTS:
            calls = waiting.get((OUTPUTS[kind], item["call_id"]))
            if not calls and item["call_id"] in vendors:
                continue
            if not calls:
                raise _unasked(items, i, history, answered=calls is not None)
            found[calls.popleft()] = i
        elif "call_id" in item:
            vendors.add(item["call_id"])
    for calls in waiting.values():
        for i in calls:
            if not cut_off(items[i]):
                raise _unanswered(items, i, history)
    return found


def cut_off(call: Mapping[str, Any]) -> bool:
    """Whether an answer ended within this call, so that nobody can answer it."""
    return call.get("status") == "incomplete"


def place(items: Sequence[Mapping[str, Any]], i: int, history: int) -> str:
    """Where item `i` stands, in words; the first `history` of `items` were stored before."""
    if i >= history:
        return f"'input[{i - history}]'"
    return f"the item '{str(items[i].get('id'))[:64]}' of the conversation so far"


def param(i: int, history: int, member: str = "") -> str:
    """The `param` of an error about item `i`, or a member of it."""
    return f"input[{i - history}]{member}" if i >= history else "input"


def _unasked(items: Sequence[Mapping[str, Any]], i: int, history: int, *, answered: bool) -> InvalidRequest:
    kind, call_id = items[i]["type"], items[i]["call_id"]
    why = "that call has its output already" if answered else f"no '{OUTPUTS[kind]}' before it has this 'call_id'"
    return InvalidRequest(
        f"{_begin(place(items, i, history))} answers the call '{call_id[:64]}', but {why}; an item of type '{kind}' "
        f"must follow the '{OUTPUTS[kind]}' that it answers.",
        param=param(i, history, ".call_id"),
    )


def _unanswered(items: Sequence[Mapping[str, Any]], i: int, history: int) -> InvalidRequest:
    kind, call_id = items[i]["type"], items[i]["call_id"]
    return InvalidRequest(
        f"{_begin(place(items, i, history))} is the call '{call_id[:64]}', and it has no output: add an item of type "
        f"'{kind}_output' with this 'call_id' to 'input'.",
        param=param(i, history, ".call_id"),
    )


def _begin(sentence: str) -> str:
    return sentence[0].upper() + sentence[1:]
