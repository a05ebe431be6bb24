"""The `meta` member that Penstock adds to answers: AI/ML API's place for what a call cost."""

from __future__ import annotations

from typing import Any

import msgspec

from penstock.dialects.chat.upstream_chunk import read_members


def with_meta(answer: bytes, meta: bytes, has_meta: bool) -> bytes:
    """`answer`, a JSON object with members, with `meta`, a JSON object, as its last one.

    Where the answer may have a `meta` already, `has_meta` is true; what is in that stays, but for what is in ours too.
    (To look for it here would cost more, in a long answer, than all the rest.)
    """
    if has_meta:
        members = read_members(answer)
        theirs = msgspec.json.decode(members.pop("meta", b"null"))
        if isinstance(theirs, dict):
            ours: dict[str, Any] = msgspec.json.decode(meta, type=dict[str, msgspec.Raw])
            meta = msgspec.json.encode(theirs | ours)
        answer = msgspec.json.encode(members)
    return b"".join((memoryview(answer.rstrip())[:-1], b',"meta":', meta, b"}"))
