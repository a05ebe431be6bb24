"""Who is calling: a key from the headers, found by its hash in memory; and what else the headers say of accounts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from penstock.accounts import Key, Keyring
from penstock.core.call import OwnKey
from penstock.core.errors import MISSING_KEY, InvalidRequest, PermissionDenied, Unauthenticated

_HOW = "send `Authorization: Bearer sk-ps-...` or `x-api-key`; `penstock keys create --name NAME` makes a key"


# Scale's SDK always names an account, on a first call one of Scale's: only a project id of ours can contradict a key.
_PROJECT_ID: Final = re.compile(rb"proj_[0-9a-f]{32}")

_OWN_KEY: Final = OwnKey.HEADER.encode()
_VENDOR_KEY: Final = re.compile(rb"[\x21-\x7e]{8,512}")


async def authenticate(headers: Mapping[bytes, bytes], keyring: Keyring) -> Key:
    """The key that the request carries; where both headers are sent, Bearer wins.

    Raises Unauthenticated, and PermissionDenied where x-selected-account-id is the id of another project than the
    key's, whether there is such a project or not.
    """
    authorization = headers.get(b"authorization")
    if authorization is not None:
        scheme, _, value = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not value.strip():
            raise Unauthenticated(f"the Authorization header is not of the form 'Bearer KEY'; {_HOW}")
        token = value.strip().decode("latin-1")
    elif (given := headers.get(b"x-api-key")) is not None:
        token = given.decode("latin-1")
    else:
        raise Unauthenticated(f"no API key was sent; {_HOW}", code=MISSING_KEY)
    key = keyring.find(token) or await keyring.look_up(token)
    if key is None:
        raise Unauthenticated(f"the API key is not known here; {_HOW}")
    if key.disabled:
        raise Unauthenticated(
            f"the API key '{key.name}' is disabled; `penstock keys enable` enables it", code="disabled_api_key"
        )
    account = headers.get(b"x-selected-account-id")
    if account is not None and _PROJECT_ID.fullmatch(account) and account.decode() != key.project_id:
        raise PermissionDenied(
            f"x-selected-account-id names another project than that of the API key, which is '{key.project}' "
            f"({key.project_id}); send that one, or leave the header out",
            param="x-selected-account-id",
        )
    return key


def caller_key(headers: Mapping[bytes, bytes]) -> OwnKey | None:
    """The caller's own key at OpenAI, for this call. Raises InvalidRequest, which does not repeat it."""
    given = headers.get(_OWN_KEY)
    if given is None:
        return None
    if not _VENDOR_KEY.fullmatch(given):
        raise InvalidRequest(
            f"the header {OwnKey.HEADER} cannot be a key; it must be 8 to 512 printable ASCII characters, no spaces.",
            param=OwnKey.HEADER,
        )
    return OwnKey(given.decode("ascii"))
