"""Who is calling: a key from the headers, found by its hash in memory."""

from __future__ import annotations

from collections.abc import Mapping

from penstock.accounts import Key, Keyring
from penstock.core.errors import Unauthenticated

_HOW = "send `Authorization: Bearer sk-ps-...` or `x-api-key`; `penstock keys create --name NAME` makes a key"


async def authenticate(headers: Mapping[bytes, bytes], keyring: Keyring) -> Key:
    """The key that the request carries; where both headers are sent, Bearer wins. Raises Unauthenticated."""
    authorization = headers.get(b"authorization")
    if authorization is not None:
        scheme, _, value = authorization.partition(b" ")
        if scheme.lower() != b"bearer" or not value.strip():
            raise Unauthenticated(f"the Authorization header is not of the form 'Bearer KEY'; {_HOW}")
        token = value.strip().decode("latin-1")
    elif (given := headers.get(b"x-api-key")) is not None:
        token = given.decode("latin-1")
    else:
        raise Unauthenticated(f"no API key was sent; {_HOW}", code="missing_api_key")
    key = keyring.find(token) or await keyring.look_up(token)
    if key is None:
        raise Unauthenticated(f"the API key is not known here; {_HOW}")
    if key.disabled:
        raise Unauthenticated(
            f"the API key '{key.name}' is disabled; `penstock keys enable` enables it", code="disabled_api_key"
        )
    return key
