"""Which rules of a JSON schema llama.cpp's grammar of it holds, and which it passes over in silence.

It reads one group of keywords of a schema and forgets the others: the first that applies of `$ref`; `oneOf`, `anyOf`;
`const`; `enum`; `properties`; `items`; `pattern`; lengths; bounds of an integer. What is not known here to be held
counts as not held.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, TypeGuard

_MAPS: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_DATA: Final = ("const", "enum", "default", "examples")

# fmt: off
_STRINGS: Final = frozenset(("minLength", "maxLength", "pattern", "format"))
_NUMBERS: Final = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"))
_ARRAYS: Final = frozenset((
    "items", "prefixItems", "additionalItems", "unevaluatedItems", "minItems", "maxItems", "uniqueItems", "contains",
    "minContains", "maxContains",
))
_OBJECTS: Final = frozenset((
    "properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "propertyNames", "required",
    "minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "dependencies",
))
# `then` and `else` mean nothing without `if`.
_ANY: Final = frozenset((
    "$ref", "$dynamicRef", "$recursiveRef", "const", "enum", "allOf", "anyOf", "oneOf", "not", "if",
))
# fmt: on
_RULES: Final = {
    "string": _STRINGS,
    "integer": _NUMBERS,
    "number": _NUMBERS,
    "array": _ARRAYS,
    "object": _OBJECTS,
    "boolean": frozenset[str](),
    "null": frozenset[str](),
}
_KINDS: Final = {
    bool: ("boolean",),
    int: ("integer", "number"),
    float: ("number",),
    str: ("string",),
    type(None): ("null",),
}

# Formats that have a grammar, and those that have none though a validator may look at them.
_FORMATS: Final = re.compile(r"uuid[1-5]?|date|time|date-time")
# fmt: off
_OTHER_FORMATS: Final = frozenset((
    "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri",
    "iri-reference", "uri-template", "json-pointer", "relative-json-pointer", "regex",
))
# fmt: on
# Classes such as \d, groups such as (?=, "." and negated sets are read otherwise or not at all, and so is a pattern
# without both anchors.
_PATTERN: Final = re.compile(
    r"\^(?:(?!\(\?)[\w \-/:,@#%&=;<>!~'+*?|(){}]|\[[\w \-/:,@#%&=;<>!~'+.]+\]|\\[.\-/+*?|(){}$^\[\]])*\$", re.ASCII
)
_LARGEST: Final = 2**62


def not_held(schema: dict[str, Any], path: str) -> Iterator[str]:
    """The paths, from `path` on, of the rules in `schema` that an answer may break."""
    for at, part in schemas(schema, path):
        for rule in _lost(part):
            yield f"{at}.{rule}"


def schemas(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """`schema` and every schema within it, each with its path; names of properties are no keywords."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for name, value in schema.items():
        if name in _DATA:
            continue
        if name in _MAPS and isinstance(value, dict):
            for key, inner in value.items():
                yield from schemas(inner, f"{path}.{name}.{key}")
        elif isinstance(value, list):
            for position, inner in enumerate(value):
                yield from schemas(inner, f"{path}.{name}[{position}]")
        else:
            yield from schemas(value, f"{path}.{name}")


def _lost(schema: dict[str, Any]) -> Iterator[str]:
    """The keywords of `schema` itself that the grammar does not hold."""
    read = next((name for name in ("$ref", "oneOf", "anyOf", "const", "enum") if name in schema), None)
    kinds = _written(schema) if read is None else _kinds(schema)
    held = {kind: _of_kind(kind, schema) if read is None else frozenset() for kind in kinds}
    for name, value in schema.items():
        if _asks_nothing(name, value):
            continue
        if name in _ANY:
            lost = name != read or not _read_right(schema, name)
        elif name == "type":
            lost = read in ("$ref", "oneOf", "anyOf")
        else:
            lost = any(name in _RULES.get(kind, ()) and name not in held[kind] for kind in kinds)
        if lost:
            yield name


def _read_right(schema: dict[str, Any], name: str) -> bool:
    """Whether the grammar of that one keyword lets no more pass than it should."""
    if name == "oneOf":
        return False  # it is any of them, and not just one
    if name not in ("const", "enum"):
        return True
    values = [schema["const"]] if name == "const" else schema["enum"]
    return isinstance(values, list) and all(_is_of(value, _kinds(schema)) for value in values)


def _kinds(schema: dict[str, Any]) -> tuple[str, ...]:
    """The types that an answer may have by the schema."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return (kind,)
    if isinstance(kind, list):
        return tuple(each for each in kind if isinstance(each, str))
    return tuple(_RULES)


def _written(schema: dict[str, Any]) -> tuple[str, ...]:
    """The types that the grammar writes: without `type`, what else is there decides."""
    if "type" in schema:
        return _kinds(schema)
    if _has_members(schema):
        return ("object",)
    if "items" in schema or "prefixItems" in schema:
        return ("array",)
    if "pattern" in schema or _has_grammar(schema.get("format")):
        return ("string",)
    return tuple(_RULES)


def _of_kind(kind: str, schema: dict[str, Any]) -> frozenset[str]:
    match kind:
        case "object":
            return _of_object(schema)
        case "array":
            return _of_array(schema)
        case "string":
            return _of_string(schema)
        case "integer":
            return _of_integer(schema)
        case _:
            return frozenset()


def _of_object(schema: dict[str, Any]) -> frozenset[str]:
    if not _has_members(schema):
        return frozenset()
    held = {"properties", "additionalProperties"}
    required, properties = schema.get("required", []), schema.get("properties", {})
    if isinstance(required, list) and isinstance(properties, dict) and all(name in properties for name in required):
        held.add("required")
    return frozenset(held)


def _of_array(schema: dict[str, Any]) -> frozenset[str]:
    least, most = schema.get("minItems", 0), schema.get("maxItems", _LARGEST - 1)
    if not (_whole(least) and _whole(most)):
        return frozenset()
    items = schema.get("items", schema.get("prefixItems"))
    if isinstance(items, list):  # as many as there are, neither fewer nor more
        held = {"items" if "items" in schema else "prefixItems"}
        return frozenset(held | ({"minItems", "maxItems"} if least <= len(items) <= most else set()))
    return frozenset(("items", "minItems", "maxItems")) if isinstance(items, dict) else frozenset()


def _of_string(schema: dict[str, Any]) -> frozenset[str]:
    if "pattern" in schema:
        pattern = schema["pattern"]
        return frozenset(("pattern",) if isinstance(pattern, str) and _PATTERN.fullmatch(pattern) else ())
    if _has_grammar(schema.get("format")):
        return frozenset(("format",))
    if "type" not in schema:
        return frozenset()
    lengths = ("minLength", "maxLength")
    return frozenset(lengths if all(_whole(schema.get(name, 0)) for name in lengths) else ())


def _of_integer(schema: dict[str, Any]) -> frozenset[str]:
    if "type" not in schema:
        return frozenset()
    held = set()
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        given = [name for name in (bound, exclusive) if name in schema]
        if len(given) == 1 and _whole(schema[given[0]]):
            held.add(given[0])
    return frozenset(held)


def _asks_nothing(name: str, value: Any) -> bool:
    """Whether the rule is none."""
    match name:
        case "format":
            return not (_has_grammar(value) or value in _OTHER_FORMATS)
        case "additionalProperties" | "unevaluatedProperties" | "additionalItems" | "unevaluatedItems":
            return value is True
        case "uniqueItems" | "minItems" | "minLength" | "minProperties" | "required" | "patternProperties":
            return not value
        case "dependentRequired" | "dependentSchemas" | "dependencies":
            return not value
        case _:
            return False


def _has_members(schema: dict[str, Any]) -> bool:
    return "properties" in schema or schema.get("additionalProperties", True) is not True


def _has_grammar(name: Any) -> bool:
    return isinstance(name, str) and _FORMATS.fullmatch(name) is not None


def _is_of(value: Any, kinds: tuple[str, ...]) -> bool:
    if len(kinds) == len(_RULES):
        return True
    own = _KINDS.get(type(value)) or (("array",) if isinstance(value, list) else ("object",))
    return any(kind in kinds for kind in own)


def _whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _LARGEST
