"""JSON schemas (2020-12, as OpenAPI 3.1 has them) of the types on the wire."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import msgspec

_REF: Final = "#/components/schemas/{name}"


def components(types: Iterable[Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """A schema for each of `types`, and the named schemas that they refer to, in alphabetical order."""
    schemas, named = msgspec.json.schema_components(types, ref_template=_REF)
    return [_portable(schema) for schema in schemas], {name: _portable(named[name]) for name in sorted(named)}


def _portable(schema: Any) -> Any:
    """`schema` in words that every reader of JSON schemas knows.

    Python's `\\A` and `\\Z` are not in ECMA 262, which patterns are written in. A default of null says nothing that
    the type does not say.
    """
    if isinstance(schema, list):
        return [_portable(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    written = {name: _portable(value) for name, value in schema.items()}
    if isinstance(pattern := written.get("pattern"), str):
        written["pattern"] = pattern.replace(r"\A", "^").replace(r"\Z", "$")
    if written.get("default", ...) is None:
        del written["default"]
    return written
