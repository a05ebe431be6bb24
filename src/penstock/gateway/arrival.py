"""A request at the gateway's door."""

from __future__ import annotations

import msgspec

from penstock.accounts import Key
from penstock.core.call import OwnKey
from penstock.dialects.profiles import Profile


class Arrival(msgspec.Struct, frozen=True):
    """A request for `path` as it came in: who may ask is known, what is asked is not yet."""

    request_id: str
    answer_id: str
    endpoint: str
    path: str
    profile: Profile
    strict: bool
    key: Key
    body: bytes
    own_key: OwnKey | None = None
