"""A responses request for a vendor that has a responses API of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from penstock.core.errors import InvalidRequest, UnsupportedParameter
from penstock.dialects.responses.items import PREFIXES
from penstock.dialects.responses.links import check_linked, param, place
from penstock.dialects.responses.request import CHAT_FIELDS, KNOWN, Asked

ENCRYPTED: Final = "reasoning.encrypted_content"

_KEPT_HERE: Final = frozenset(("previous_response_id", "conversation", "background", "store", "input", "include"))
_PENALTIES: Final = frozenset(("presence_penalty", "frequency_penalty"))
_LONGEST: Final = 128  # of a name that the client chose, in a report


class NativeRequest(NamedTuple):
    """`members`: the top-level members of the vendor's request; `noted`: what became of parameters that are not sent
    as they came, by name: ignored, or passed where nobody here knows them."""

    members: dict[str, Raw]
    noted: dict[str, str]


def native_members(asked: Asked, items: Sequence[Mapping[str, Any]], *, encrypted: bool = True) -> NativeRequest:
    """What is sent to a vendor; `items` are all that the model is shown, oldest first, those of the request itself
    last. `model` and `stream` are as the client said.

    Nothing is kept at the vendor: the whole conversation is sent, with `store` false, and with `encrypted` its
    reasoning is asked for in a form that can be sent back (models that do not reason refuse that). Raises
    InvalidRequest for calls and outputs that do not fit together and for references to items that are not stored, and
    UnsupportedParameter in strict mode.
    """
    history = len(items) - asked.own_items
    check_linked(items, history)
    noted = dict(asked.noted)
    members: dict[str, Raw] = {}
    for name, value in asked.members.items():
        if name in CHAT_FIELDS:
            if bytes(value) != b"null":
                noted[name] = "ignored"
        elif name in _PENALTIES and not getattr(asked.wire, name):
            continue  # Open Responses alone has these: who asks for nothing is not refused for their names
        elif name not in _KEPT_HERE:
            members[name] = value
            if name not in KNOWN:
                noted[name[:_LONGEST]] = "passed"
    members["input"] = _input(asked, items, history, noted)
    members["store"] = Raw(b"false")
    include = list(dict.fromkeys([*(asked.wire.include or ()), *([ENCRYPTED] if encrypted else [])]))
    if include:
        members["include"] = Raw(msgspec.json.encode(include))
    changed = {name: what for name, what in noted.items() if what != "passed"}
    if changed and asked.strict:
        listed = "; ".join(f"'{name}' would be {what}" for name, what in changed.items())
        raise UnsupportedParameter(
            "this model's vendor does not have these parameters as they were sent, and X-Strict-Params asks that none "
            f"is changed: {listed}",
            param=next(iter(changed)),
        )
    return NativeRequest(members, noted)


def _input(asked: Asked, items: Sequence[Mapping[str, Any]], history: int, noted: dict[str, str]) -> Raw:
    """The client's own items as they came, where they can go so, behind those that were stored."""
    given = asked.wire.input
    if not history and isinstance(given, str):
        return asked.members["input"]
    sent: list[Any] = []
    for i, item in enumerate(items):
        own = given[i - history] if i >= history and isinstance(given, list) else None
        kind = item["type"]
        if kind == "item_reference":
            where = place(items, i, history)
            raise InvalidRequest(
                f"{where[0].upper()}{where[1:]} refers to the item '{str(item['id'])[:64]}', and no such item is "
                "stored here.",
                param=param(i, history, ".id"),
            )
        if kind == "reasoning" and not item.get("encrypted_content"):
            noted["input.reasoning"] = "ignored"  # another vendor's: this one would look for it in its own store
        elif kind in ("reasoning", "compaction"):
            # The id belongs to what is encrypted, and ours is another one; without an id vendors take it.
            sent.append({name: value for name, value in item.items() if name not in ("id", "status")})
        elif own is not None and not _refers(own):
            sent.append(own)
        else:
            sent.append(_known(item))
    return Raw(msgspec.json.encode(sent))


def _refers(own: Raw) -> bool:
    """Whether the client sent a reference to a stored item in the place of the item."""
    head = msgspec.json.decode(own, type=dict[str, Raw])
    return "content" not in head and bytes(head.get("type", b'"item_reference"')) in (b'"item_reference"', b"null")


def _known(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item without an id that vendors would not take for one of its type."""
    ours = str(item.get("id", "")).startswith(PREFIXES[item["type"]].rstrip("_"))
    return dict(item) if ours else {name: value for name, value in item.items() if name != "id"}
