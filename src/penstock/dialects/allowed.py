"""What a type allows, in plain words: for error messages."""

from __future__ import annotations

import re

from msgspec import inspect

_Number = inspect.IntType | inspect.FloatType
_Sized = inspect.StrType | inspect.ListType | inspect.DictType


def plain(node: inspect.Type) -> inspect.Type:
    """The type itself, without what is said about it."""
    return node.type if isinstance(node, inspect.Metadata) else node


def allowed(node: inspect.Type) -> str:
    """`a number from 0 to 2`, `one of 'auto', 'low' or 'high'`, `a string, or an array of 1 to 4 items`.

    That null is allowed too goes without saying: it means absent.
    """
    if isinstance(node, inspect.Metadata):
        return (node.extra_json_schema or {}).get("description") or allowed(node.type)
    if isinstance(node, inspect.UnionType):
        kinds = [allowed(kind) for kind in node.types if not isinstance(kind, inspect.NoneType)]
        return ", or ".join(dict.fromkeys(kinds))
    if isinstance(node, inspect.LiteralType):
        values = [f"'{value}'" for value in node.values]
        listed = ", ".join(values[:-1]) + f" or {values[-1]}" if len(values) > 1 else values[0]
        return f"one of {listed}" if len(values) > 2 else listed
    if isinstance(node, inspect.BoolType):
        return "true or false"
    if isinstance(node, _Number):
        return ("an integer" if isinstance(node, inspect.IntType) else "a number") + _range(node)
    if isinstance(node, inspect.StrType):
        return "a string" + _length(node, "character")
    if isinstance(node, inspect.ListType):
        return "an array" + _length(node, "item")
    if isinstance(node, inspect.DictType):
        return "an object" + _length(node, "member")
    return "an object" if isinstance(node, inspect.StructType) else "any JSON value"


def fits(node: inspect.Type, value: object) -> bool:
    """Whether `value`, decoded JSON, is what `node` allows; of arrays and objects, the kind and length alone."""
    node = plain(node)
    if isinstance(node, inspect.UnionType):
        return any(fits(kind, value) for kind in node.types)
    if isinstance(node, inspect.LiteralType):
        return value in node.values
    if isinstance(node, inspect.NoneType):
        return value is None
    if isinstance(node, inspect.BoolType):
        return isinstance(value, bool)
    if isinstance(node, _Number):
        kinds = int if isinstance(node, inspect.IntType) else int | float
        return isinstance(value, kinds) and not isinstance(value, bool) and _in_range(node, value)
    if isinstance(node, inspect.StrType):
        if not isinstance(value, str) or not _has_length(node, value):
            return False
        return node.pattern is None or re.search(node.pattern, value) is not None
    if isinstance(node, inspect.ListType):
        return isinstance(value, list) and _has_length(node, value)
    if isinstance(node, inspect.DictType):
        return isinstance(value, dict) and _has_length(node, value)
    return isinstance(value, dict) if isinstance(node, inspect.StructType) else True


def counted(number: int, one: str) -> str:
    """`1 item`, `2 items`."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def _range(node: _Number) -> str:
    if node.ge is not None and node.le is not None:
        return f" from {_number(node.ge)} to {_number(node.le)}"
    if node.gt is not None and node.lt is not None:
        return f" between {_number(node.gt)} and {_number(node.lt)}, both excluded"
    return ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _in_range(node: _Number, value: float) -> bool:
    return (
        (node.ge is None or value >= node.ge)
        and (node.le is None or value <= node.le)
        and (node.gt is None or value > node.gt)
        and (node.lt is None or value < node.lt)
    )


def _length(node: _Sized, one: str) -> str:
    low, high = node.min_length, node.max_length
    if low and high:
        return f" of {low} to {counted(high, one)}"
    if high:
        return f" of at most {counted(high, one)}"
    return f" of at least {counted(low, one)}" if low else ""


def _has_length(node: _Sized, value: str | list[object] | dict[str, object]) -> bool:
    return len(value) >= (node.min_length or 0) and (node.max_length is None or len(value) <= node.max_length)
