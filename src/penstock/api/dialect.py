"""Which dialect a request is read and answered in: by its header, its path, its key, or the server's default."""

from __future__ import annotations

from penstock.accounts import Key
from penstock.api.exchange import Exchange
from penstock.core.errors import InvalidRequest
from penstock.dialects.profiles import PROFILES

HEADER = b"x-api-dialect"

_BY_HEADER = {name.encode(): profile for name, profile in PROFILES.items()}
_SCALE = "/v5/"


class DialectChoice:
    """Chooses in two steps, since the key is found only after the first errors can happen. `default` is a name."""

    def __init__(self, default: str) -> None:
        self._default = PROFILES[default]
        self._sgp = PROFILES["sgp"]

    def by_request(self, exchange: Exchange) -> None:
        """Sets the dialect by header, path or default. Raises InvalidRequest for an unknown name in the header."""
        exchange.speak(self._sgp if exchange.path.startswith(_SCALE) else self._default)
        asked = exchange.headers.get(HEADER)
        if asked is None:
            return
        profile = _BY_HEADER.get(asked.strip().lower())
        if profile is None:
            shown = asked.decode("latin-1")[:64]
            raise InvalidRequest(
                f"the header x-api-dialect is '{shown}'; it must be one of {', '.join(PROFILES)}.",
                param="x-api-dialect",
            )
        exchange.speak(profile)

    def by_key(self, exchange: Exchange, key: Key) -> None:
        """Sets the dialect of the key's own setting, where neither header nor path has said."""
        if key.dialect is None or HEADER in exchange.headers or exchange.path.startswith(_SCALE):
            return
        # A database may hold a name of a newer Penstock's, where several versions share it: then the default stays.
        exchange.speak(PROFILES.get(key.dialect, self._default))
