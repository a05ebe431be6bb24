"""What is wrong with a body that does not fit its type: from msgspec's terse words to an error that says what was
sent, where, and what is allowed. Only failed requests pay for it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import inspect

from penstock.core.errors import InvalidRequest
from penstock.dialects.allowed import allowed, counted, fits, plain
from penstock.dialects.body import out_of_range

_AT: Final = re.compile(r"(.*) - at (`key` in )?`\$(.*)`", re.DOTALL)
_STEP: Final = re.compile(r"\.(\w+)|\[(\d+)\]|\[\.\.\.\]")
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
_BOUND: Final = re.compile(r"Expected `(int|float|str|array|object)` (?:of length )?(<=|<|>=|>) ")
_OUT_OF_RANGE: Final = re.compile(r"(Number|Integer value) out of range")
_UNKNOWN: Final = object()  # a value that cannot be shown
_LONGEST: Final = 128  # of what is repeated of a request

_CODES: Final = {
    ("int", "<"): "integer_above_max_value",
    ("int", ">"): "integer_below_min_value",
    ("float", "<"): "decimal_above_max_value",
    ("float", ">"): "decimal_below_min_value",
    ("str", "<"): "string_above_max_length",
    ("str", ">"): "string_below_min_length",
    ("array", "<"): "array_above_max_length",
    ("array", ">"): "array_below_min_length",
    ("object", "<"): "object_above_max_properties",
}


def explain(error: msgspec.ValidationError, members: Mapping[str, msgspec.Raw], shape: inspect.Type) -> InvalidRequest:
    """The error for a body with these top-level `members`, which `shape` (of its type) does not fit.

    `param` is the path of the fault, such as `messages[2].content[0].type`.
    """
    found = _AT.fullmatch(str(error))
    fault, in_key, path = (found[1][:_LONGEST], bool(found[2]), found[3]) if found else (str(error), False, "")
    param, value, node = _follow(path, members, shape)
    if missing := _MISSING.fullmatch(fault):
        return _lacks(f"{param}.{missing[1]}" if param else missing[1], _member(node, missing[1], value))
    if _OUT_OF_RANGE.match(fault):
        return out_of_range(param)
    code = "invalid_type"
    if bound := _BOUND.match(fault):
        code = _CODES.get((bound[1], bound[2][0]), "invalid_value")
    elif fault.startswith("Invalid") or "matching regex" in fault:
        code = "invalid_value"
    if node is None:  # nothing is known about the place: msgspec's own words are still true
        message = f"'{param}' does not fit: {fault}." if param else f"The request body does not fit: {fault}."
    elif in_key:
        message = f"A key of '{param}' does not fit: {fault}."
    elif value is _UNKNOWN:
        message = f"'{param}' does not fit: {fault}. It must be {allowed(node)}."
    elif fits(node, value):
        message = f"'{param}' is there more than once, and does not always fit: {fault}. It must be {allowed(node)}."
    else:
        message = f"'{param}' is {_shown(value, code == 'invalid_value')}; it must be {allowed(node)}."
    return InvalidRequest(message, param=param or None, code=code)


def _lacks(param: str, node: inspect.Type | None) -> InvalidRequest:
    must = f" It must be {allowed(node)}." if node else ""
    return InvalidRequest(f"'{param}' is missing.{must}", param=param, code="missing_required_parameter")


def _follow(path: str, members: Mapping[str, msgspec.Raw], shape: inspect.Type) -> tuple[str, Any, inspect.Type | None]:
    """Walks `path` through the body and its type together: the path in our notation, what stands there, and what
    should."""
    value: Any = members
    node: inspect.Type | None = shape
    param = ""
    for step in _STEP.finditer(path):
        name, index = step[1], step[2]
        if name is None and index is None:  # msgspec does not say which
            node = _entry(node)
            name = _misfit(value, node)
            if name is None:
                return param, _UNKNOWN, node
        else:
            node = _member(node, name, value) if name is not None else _item(node)
        if name is None:
            param += f"[{index}]"
            value = _inside(value, int(index))
        else:  # which may be empty: a key of a map can be any text
            param += f".{name[:_LONGEST]}" if param else name
            value = _inside(value, name)
    return param, value, node


def _misfit(value: Any, node: inspect.Type | None) -> str | None:
    """The first key whose value does not fit."""
    if not isinstance(value, dict) or node is None:
        return None
    return next((key for key, entry in value.items() if not fits(node, entry)), None)


def _inside(value: Any, key: str | int) -> Any:
    try:
        found = value[key]
        return msgspec.json.decode(found) if isinstance(found, msgspec.Raw) else found
    except (LookupError, TypeError, msgspec.ValidationError):
        # A name that is there twice: the fault is in the first one, the last one counts. Or a number such as 1e999.
        return _UNKNOWN


def _alternatives(node: inspect.Type | None) -> list[inspect.Type]:
    node = plain(node) if node else None
    if isinstance(node, inspect.UnionType):
        return [plain(kind) for kind in node.types]
    return [node] if node else []


def _member(node: inspect.Type | None, name: str, value: Any) -> inspect.Type | None:
    """The type of a member; of several objects the one with the tag in `value`, and of the tag itself all tags."""
    structs = [kind for kind in _alternatives(node) if isinstance(kind, inspect.StructType)]
    tags = [kind.tag for kind in structs if kind.tag_field == name and kind.tag is not None]
    if tags:
        return inspect.LiteralType(tuple(tags))
    for kind in structs:
        if len(structs) == 1 or (isinstance(value, dict) and value.get(kind.tag_field) == kind.tag):
            return next((field.type for field in kind.fields if field.encode_name == name), None)
    return None


def _item(node: inspect.Type | None) -> inspect.Type | None:
    return next((kind.item_type for kind in _alternatives(node) if isinstance(kind, inspect.ListType)), None)


def _entry(node: inspect.Type | None) -> inspect.Type | None:
    return next((kind.value_type for kind in _alternatives(node) if isinstance(kind, inspect.DictType)), None)


def _shown(value: Any, words: bool) -> str:
    """The value, or its kind where it may be long or a prompt; `words`: a short string is shown as it is."""
    if isinstance(value, str):
        if words and 0 < len(value) <= 64:
            return f"'{value}'"
        return f"a string of {counted(len(value), 'character')}" if value else "an empty string"
    if isinstance(value, list):
        return f"an array of {counted(len(value), 'item')}" if value else "an empty array"
    if isinstance(value, dict):
        return f"an object of {counted(len(value), 'member')}" if value else "an empty object"
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= 40 else f"a number of {len(text)} characters"
