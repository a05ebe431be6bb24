"""The query of an endpoint for stored objects: pages, filters, and what to include."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from starlette.requests import Request

from penstock.core.errors import InvalidRequest
from penstock.dialects.stored import LONGEST_KEY, LONGEST_VALUE, MOST_PAIRS

MOST: Final = 100
"""The most objects of one page."""

_DEFAULT: Final = 20
_LONGEST: Final = 512
_DESCENDING: Final = {"asc": False, "desc": True}


class Arguments:
    """The known parameters of a query, each value as it came: `name=v`, `name[]=v` and, of maps, `name[key]=v`."""

    def __init__(self, request: Request, *known: str) -> None:
        """Raises InvalidRequest for a parameter that is not `known`."""
        self._found: dict[str, list[tuple[str, str]]] = {}
        for given, value in request.query_params.multi_items():
            name, bracket, key = given.partition("[")
            if name not in known or (bracket and not key.endswith("]")):
                listed = f"known are {', '.join(known)}" if known else "it takes none"
                raise InvalidRequest(
                    f"there is no query parameter '{given[:64]}' here; {listed}",
                    param=given[:64],
                    code="unknown_parameter",
                )
            self._found.setdefault(name, []).append((key[:-1], value))

    def text(self, name: str) -> str | None:
        """The one value, 1 to 512 characters; None where there is none. Raises InvalidRequest."""
        found = self._found.get(name)
        if found is None:
            return None
        (key, value), *more = found
        if key or more or not 1 <= len(value) <= _LONGEST:
            raise InvalidRequest(f"'{name}' must be one text of 1 to {_LONGEST} characters", param=name)
        return value

    def limit(self) -> int:
        """How many objects a page has. Raises InvalidRequest."""
        given = self.text("limit") if "limit" in self._found else str(_DEFAULT)
        if given is not None and len(given) <= len(str(MOST)) and given.isascii() and given.isdigit():
            limit = int(given)
            if 1 <= limit <= MOST:
                return limit
        raise InvalidRequest(f"'limit' must be one whole number from 1 to {MOST}", param="limit")

    def descending(self, default: bool) -> bool:
        """Whether `order` is `desc`. Raises InvalidRequest."""
        given = self.text("order") if "order" in self._found else None
        if given is None:
            return default
        if given not in _DESCENDING:
            raise InvalidRequest(f"'order' has no '{given[:64]}'; it must be 'asc' or 'desc'", param="order")
        return _DESCENDING[given]

    def pairs(self, name: str) -> dict[str, str]:
        """The map: `name[key]=value`. Raises InvalidRequest."""
        found = self._found.get(name, [])
        for key, value in found:
            if not key:
                raise InvalidRequest(f"'{name}' needs a key: {name}[KEY]=VALUE", param=name)
            if len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE:
                raise InvalidRequest(
                    f"'{name}[{key[:LONGEST_KEY]}]' is too long; a key has at most {LONGEST_KEY} characters, a value "
                    f"{LONGEST_VALUE}",
                    param=name,
                )
        pairs = dict(found)
        if len(found) > MOST_PAIRS or len(pairs) < len(found):
            raise InvalidRequest(f"'{name}' must be at most {MOST_PAIRS} pairs, each key once", param=name)
        return pairs

    def choices(self, name: str, known: Collection[str]) -> list[str]:
        """Every value of a list: `name[]=a&name[]=b`, `name[0]=a`, `name=a,b`. Raises InvalidRequest."""
        chosen: list[str] = []
        for key, value in self._found.get(name, []):
            if key and not key.isdigit():
                raise InvalidRequest(f"'{name}' is a list: {name}[]=VALUE", param=name)
            chosen += (part.strip() for part in value.split(","))
        for value in chosen:
            if value not in known:
                raise InvalidRequest(
                    f"'{name}' has no '{value[:64]}'; known are {', '.join(sorted(known))}", param=name
                )
        return chosen
