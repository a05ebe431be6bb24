"""Puts the documents together: the whole API, or what one model serves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from penstock import __version__
from penstock.api.openapi.answers import EVERYWHERE, HEADERS, JSON, Answer
from penstock.api.openapi.operation import Operation
from penstock.api.openapi.operations import OPERATIONS
from penstock.api.openapi.parameters import Parameter
from penstock.api.openapi.schemas import components
from penstock.dialects.chat.request import ChatCompletionRequest
from penstock.dialects.models import Model
from penstock.params.capabilities import Capabilities
from penstock.params.capabilities import Parameter as Ability

_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "a key of this server: `sk-ps-...`"},
    "key": {"type": "apiKey", "in": "header", "name": "x-api-key", "description": "the same, as Scale sends it"},
}
_DESCRIPTION: Final = (
    "One API for every model, hosted or local. Errors come in the form of the dialect (`X-API-Dialect`): the official "
    "error object, with the fields of AI/ML API or Scale beside it in theirs."
)


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the whole API."""
    return _assembled(OPERATIONS, "Penstock", _DESCRIPTION)


def model_document(model: Model, known: Capabilities) -> dict[str, Any]:
    """The document of what serves `model`: its names only, and its parameters within their bounds there."""
    operations = [each for each in OPERATIONS if each.key and each.path in model.endpoints]
    found = _assembled(operations, model.id, f"What serves `{model.id}`, which answers as `{model.snapshot}`.")
    request = found["components"]["schemas"].get(ChatCompletionRequest.__name__)
    if request is not None:
        properties = request["properties"]
        properties["model"] = {"type": "string", "enum": [model.id, *model.aliases]}
        for name, ability in known.parameters.items():
            if name in properties and name not in ("model", "messages"):
                properties[name] = _narrowed(properties[name], ability)
    return found


def _assembled(operations: Iterable[Operation], title: str, description: str) -> dict[str, Any]:
    operations = list(operations)
    types = list(dict.fromkeys(kind for operation in operations for kind in _types(operation)))
    schemas, named = components(types)
    by_type = dict(zip(types, schemas, strict=True))
    paths: dict[str, Any] = {}
    for operation in operations:
        for number, path in enumerate((operation.path, *operation.twins)):
            identity = operation.id if number == 0 else f"{operation.id}{number + 1}"
            paths.setdefault(path, {})[operation.method] = _operation(operation, identity, by_type)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__, "description": description},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(operation.tag for operation in operations)],
        "paths": paths,
        "components": {"schemas": named, "securitySchemes": _SECURITY},
    }


def _types(operation: Operation) -> Iterable[Any]:
    if operation.request is not None:
        yield operation.request
    for answer in operation.answers.values():
        for kinds in answer.bodies.values():
            yield from kinds


def _operation(operation: Operation, identity: str, by_type: dict[Any, Any]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "operationId": identity,
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
        "security": [{"bearer": []}, {"key": []}] if operation.key else [],
        "parameters": [_parameter(parameter) for parameter in operation.parameters],
        "responses": {status: _answer(answer, by_type) for status, answer in sorted(operation.answers.items())},
    }
    if operation.request is not None:
        written["requestBody"] = {"required": True, "content": {JSON: {"schema": by_type[operation.request]}}}
    return written


def _parameter(parameter: Parameter) -> dict[str, Any]:
    written = {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.description,
        "schema": parameter.schema,
    }
    return written | {"required": True} if parameter.where == "path" else written


def _answer(answer: Answer, by_type: dict[Any, Any]) -> dict[str, Any]:
    headers = {
        name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in (*EVERYWHERE, *answer.headers)
    }
    written: dict[str, Any] = {"description": answer.description, "headers": headers}
    if answer.bodies:
        written["content"] = {
            media_type: {"schema": _body(media_type, [by_type[kind] for kind in kinds])}
            for media_type, kinds in answer.bodies.items()
        }
    return written


def _body(media_type: str, schemas: list[dict[str, Any]]) -> dict[str, Any]:
    """What a body of that type holds. An event stream is a text to OpenAPI 3.1; each event holds the schema's JSON."""
    if not schemas:
        return {"type": "string" if media_type.startswith("text/") else "object"}
    if media_type != JSON:
        return {"type": "string", "contentMediaType": JSON, "contentSchema": schemas[0]}
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _narrowed(schema: dict[str, Any], ability: Ability) -> dict[str, Any]:
    """The schema of a parameter, within its bounds at the model, and with what becomes of it there."""
    said = f"{ability.support.value} with this model"
    if ability.sent_as is not None:
        said += f", as `{ability.sent_as}`"
    if ability.values is not None:
        said += f"; of its values native: {', '.join(ability.values) or 'none'}"
    found = {"minimum": ability.minimum, "maximum": ability.maximum}
    bounds = {word: bound for word, bound in found.items() if bound is not None}
    branches = [
        branch | bounds if branch.get("type") in ("integer", "number") else branch
        for branch in schema.get("anyOf", [schema])
    ]
    narrowed = schema | {"anyOf": branches} if "anyOf" in schema else branches[0]
    return narrowed | {"description": said, "x-penstock-support": ability.support.value}
