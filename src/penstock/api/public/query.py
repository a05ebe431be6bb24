"""The query of a listing: known parameters alone, each a list of values."""

from __future__ import annotations

from collections.abc import Collection

from starlette.requests import Request

from penstock.core.errors import InvalidRequest


def values(request: Request, known: Collection[str]) -> dict[str, list[str]]:
    """The values of each parameter that was given, split at commas; `name[]` is `name`. Raises InvalidRequest."""
    found: dict[str, list[str]] = {}
    for given, text in request.query_params.multi_items():
        name = given.removesuffix("[]")
        if name not in known:
            raise InvalidRequest(
                f"there is no query parameter '{name[:64]}' here; known are {', '.join(sorted(known))}",
                param=name[:64],
                code="unknown_parameter",
            )
        parts = [part.strip() for part in text.split(",")]
        if not all(parts):
            raise InvalidRequest(f"'{name}' is empty, or holds an empty value between commas", param=name)
        found.setdefault(name, []).extend(parts)
    return found


def one_of(name: str, given: Collection[str], known: Collection[str]) -> None:
    """Raises InvalidRequest where `given` holds a value that is not among the `known` ones."""
    for value in given:
        if value not in known:
            raise InvalidRequest(f"'{name}' has no '{value[:64]}'; known are {', '.join(sorted(known))}", param=name)


def number(name: str, query: dict[str, list[str]], default: int, most: int) -> int:
    """The one whole number from 1 to `most` of `name`, or `default`. Raises InvalidRequest."""
    given = query.get(name)
    if given is None:
        return default
    if len(given) == 1 and len(given[0]) <= 9 and given[0].isascii() and given[0].isdigit():
        found = int(given[0])
        if 1 <= found <= most:
            return found
    raise InvalidRequest(f"'{name}' must be one whole number from 1 to {most}", param=name)
