"""The endpoints of responses."""

from __future__ import annotations

from typing import Any, Final, Literal, get_args

from penstock.api.openapi.answers import CALL, JSON, Answer
from penstock.api.openapi.operation import Operation
from penstock.api.openapi.parameters import CALL_PARAMETERS, DIALECT, Parameter
from penstock.api.openapi.stored import DESCENDING, READING
from penstock.dialects.responses import response
from penstock.dialects.responses.request import Includable, ResponsesRequest

_EVENTS: Final = "text/event-stream"
_ONE: Final = "/v1/responses/{id}"
_ID: Final = Parameter("id", "path", "the id of a response")
_SWITCH: Final = {"type": "string", "enum": ["true", "false"]}
_INCLUDE: Final = Parameter(
    "include",
    "query",
    "what to show besides, as `include[]=...` or separated by commas",
    {"type": "array", "items": {"type": "string", "enum": list(get_args(Includable))}},
)


def _by_id(
    id: str,
    method: Literal["get", "post", "delete"],
    path: str,
    summary: str,
    description: str,
    answers: dict[str, tuple[Any, ...]],
    *parameters: Parameter,
) -> Operation:
    return Operation(
        id,
        method,
        path,
        "responses",
        summary,
        description,
        {"200": Answer("what was asked for", answers)} | READING,
        twins=(path.removeprefix("/v1"),),
        parameters=(_ID, *parameters, DIALECT),
        key=True,
    )


RESPONSES: Final = (
    Operation(
        "createResponse",
        "post",
        "/v1/responses",
        "responses",
        "Answer an input",
        "Takes a text or items, and what they continue, and answers with a response: whole, as events that end with "
        "`data: [DONE]` (`stream`), or at once while it goes on (`background`). It is stored unless `store` is false.",
        {
            "200": Answer(
                "the response",
                {JSON: (response.Response,), _EVENTS: (response.ResponseStreamEvent,)},
                (
                    "x-penstock-served-by",
                    "x-penstock-params",
                    "x-penstock-attempts",
                    "x-inference-id",
                    "idempotent-replayed",
                ),
            )
        }
        | CALL,
        twins=("/responses", "/v5/responses"),
        parameters=CALL_PARAMETERS,
        request=ResponsesRequest,
        key=True,
    ),
    Operation(
        "countInputTokens",
        "post",
        "/v1/responses/input_tokens",
        "responses",
        "Count the tokens of an input",
        "Exact for local models; an estimate, which says so, for others.",
        {"200": Answer("the count", {JSON: (response.InputTokens,)})} | CALL,
        twins=("/responses/input_tokens",),
        parameters=(DIALECT,),
        request=ResponsesRequest,
        key=True,
    ),
    _by_id(
        "getResponse",
        "get",
        _ONE,
        "Show a response",
        "As it stands; with `stream` its events, those that were sent and those that still come.",
        {JSON: (response.Response,), _EVENTS: (response.ResponseStreamEvent,)},
        _INCLUDE,
        Parameter("stream", "query", "its events in the place of the response", _SWITCH),
        Parameter(
            "starting_after",
            "query",
            "only events with higher numbers; with `stream` alone",
            {"type": "integer", "minimum": 0, "maximum": 999_999_999},
        ),
        Parameter("include_obfuscation", "query", "false: events without their padding", _SWITCH),
    ),
    _by_id(
        "deleteResponse",
        "delete",
        _ONE,
        "Delete a response",
        "One that is under way is ended first.",
        {JSON: (response.DeletedResponse,)},
    ),
    _by_id(
        "cancelResponse",
        "post",
        _ONE + "/cancel",
        "Cancel a response",
        "For responses that were begun with `background`.",
        {JSON: (response.Response,)},
    ),
    _by_id(
        "listInputItems",
        "get",
        _ONE + "/input_items",
        "List what was asked",
        "The items of the request itself, without what it continued.",
        {JSON: (response.ResponseInputItemList,)},
        *DESCENDING,
        _INCLUDE,
    ),
)
