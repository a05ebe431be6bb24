"""JSON schemas on their way to llama.cpp, which makes grammars of them: what it cannot hold, and what would hurt it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeGuard

import msgspec

from penstock.core.errors import InvalidRequest

# Of these the grammar takes no notice (measured with xllamacpp 2026.10).
_NOT_HELD: Final = (
    "uniqueItems",
    "not",
    "if",
    "multipleOf",
    "contains",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
)
# A lower bound over its upper one makes llama.cpp write an endless grammar until memory is full, or fail mid-answer.
_BOUNDS: Final = (
    ("minLength", "maxLength"),
    ("minItems", "maxItems"),
    ("minProperties", "maxProperties"),
    ("minimum", "maximum"),
    ("exclusiveMinimum", "exclusiveMaximum"),
    ("minimum", "exclusiveMaximum"),
    ("exclusiveMinimum", "maximum"),
)
_LENGTHS: Final = ("minLength", "minItems")
_COUNT: Final = re.compile(r"\s*([+-]?\d{1,18})")  # as llama.cpp reads it: what follows the digits is let pass
_MOST_REPEATED: Final = 2000  # llama.cpp refuses a grammar that must repeat something more often
_MAPS: Final = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_DATA: Final = ("const", "enum", "default", "examples")


def check(schema: Any, param: str, *, strict: bool) -> None:
    """Raises InvalidRequest where `schema` is no object, contradicts itself in a way that hurts llama.cpp, or, if
    `strict`, holds a rule that the grammar cannot hold. `param` is where the schema stands in the request."""
    if not isinstance(schema, dict):
        raise InvalidRequest(f"'{param}' must be a JSON schema, that is an object", param=param)
    for path, part in _objects(schema, param):
        _check_bounds(part, path)
    if strict:
        for path, part in _schemas(schema, param):
            lost = [name for name in _NOT_HELD if part.get(name) not in (None, False)]
            if lost:
                raise InvalidRequest(
                    f"'{path}.{lost[0]}' cannot be guaranteed by a local model; leave it out, or set strict to false",
                    param=f"{path}.{lost[0]}",
                    code="unsupported_value",
                )


def forced(functions: Iterable[dict[str, Any]], answer: Any | None = None) -> dict[str, Any]:
    """The schema of `{"name": ..., "arguments": ...}` for a call of one of `functions`, or of `answer` as well.

    Every part goes under `$defs`, its own references with it: they are written from the root of a document.
    """
    parts: dict[str, Any] = {}
    for position, function in enumerate(functions):
        key = f"call{position}"
        arguments = _moved(parameters(function), f"#/$defs/{key}/properties/arguments")
        parts[key] = {
            "type": "object",
            "properties": {"name": {"const": function["name"]}, "arguments": arguments},
            "required": ["name", "arguments"],
            "additionalProperties": False,
        }
    if answer is not None:
        parts["answer"] = _moved(answer, "#/$defs/answer")
    return {"anyOf": [{"$ref": f"#/$defs/{key}"} for key in parts], "$defs": parts}


def parameters(function: dict[str, Any]) -> dict[str, Any]:
    """The schema of a function's arguments; without one, or with an empty one, it has none."""
    schema = function.get("parameters")
    return schema or {"type": "object", "properties": {}, "additionalProperties": False}


def _moved(schema: dict[str, Any], to: str) -> dict[str, Any]:
    """A copy of `schema` whose references to itself are right when it stands at `to`."""
    copy: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(schema))
    for _, part in _schemas(copy, ""):
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            part["$ref"] = to + reference[1:]
    return copy


def _check_bounds(part: dict[str, Any], path: str) -> None:
    for low, high in _BOUNDS:
        least, most = part.get(low), part.get(high)
        if _number(least) and _number(most) and least > most:
            raise InvalidRequest(f"'{path}': {low} {least} is over {high} {most}; nothing can fit it", param=path)
    for name in _LENGTHS:
        if _number(part.get(name)) and part[name] > _MOST_REPEATED:
            raise InvalidRequest(
                f"'{path}.{name}' is {part[name]}; a local model can hold at most {_MOST_REPEATED}",
                param=f"{path}.{name}",
                code="unsupported_value",
            )
    pattern = part.get("pattern")
    if isinstance(pattern, str):
        for repeated in pattern.split("{")[1:]:
            low, _, high = repeated.partition("}")[0].partition(",")
            least, most = _COUNT.match(low), _COUNT.match(high)
            if least and most and int(least[1]) > int(most[1]):
                raise InvalidRequest(
                    f"'{path}.pattern' repeats something at least {least[1]} and at most {most[1]} times",
                    param=f"{path}.pattern",
                )


def _number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _objects(value: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object anywhere in `value`: a reference may point at any of them."""
    if isinstance(value, dict):
        yield path, value
        for name, inner in value.items():
            yield from _objects(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from _objects(inner, f"{path}[{position}]")


def _schemas(schema: Any, path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """`schema` and every schema within it, each with its path; names of properties are no keywords."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for name, value in schema.items():
        if name in _DATA:
            continue
        if name in _MAPS and isinstance(value, dict):
            for key, inner in value.items():
                yield from _schemas(inner, f"{path}.{name}.{key}")
        elif isinstance(value, list):
            for position, inner in enumerate(value):
                yield from _schemas(inner, f"{path}.{name}[{position}]")
        else:
            yield from _schemas(value, f"{path}.{name}")
