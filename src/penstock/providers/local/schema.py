"""JSON schemas on their way to llama.cpp, which makes grammars of them: what it cannot hold, and what would hurt it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeGuard

import msgspec

from penstock.core.call import Call
from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.request import ResponseFormatJSONSchema
from penstock.providers.local.held import not_held, schemas

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


def check(schema: Any, param: str, *, strict: bool) -> None:
    """Raises InvalidRequest where `schema` is no object, contradicts itself in a way that hurts llama.cpp, or, if
    `strict`, holds a rule that the grammar cannot hold. `param` is where the schema stands in the request."""
    if not isinstance(schema, dict):
        raise InvalidRequest(f"'{param}' must be a JSON schema, that is an object", param=param)
    for path, part in _objects(schema, param):
        _check_bounds(part, path)
    if strict:
        lost = next(not_held(schema, param), None)
        if lost is not None:
            raise InvalidRequest(
                f"'{lost}' cannot be guaranteed by a local model; leave it out, or set strict to false",
                param=lost,
                code="unsupported_value",
            )


def may_slip(call: Call) -> bool:
    """Whether the answer must fit a schema with rules that the grammar cannot hold, so that it must be checked."""
    wanted = call.wire.response_format
    if not isinstance(wanted, ResponseFormatJSONSchema) or wanted.json_schema.schema is None:
        return False
    return next(not_held(asked_for(call), ""), None) is not None


def asked_for(call: Call) -> Any:
    """The schema of the `response_format` of `call`, which has one."""
    return msgspec.json.decode(call.members["response_format"])["json_schema"]["schema"]


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
    for _, part in schemas(copy, ""):
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
