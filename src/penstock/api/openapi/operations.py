"""Every endpoint: what it takes, and each status that it answers with. The documents are made from this table."""

from __future__ import annotations

from typing import Any, Final

from penstock.api.openapi.answers import CALL, JSON, PAGE, READING, TAGGED, Answer
from penstock.api.openapi.operation import Operation
from penstock.api.openapi.parameters import CALL_PARAMETERS, DIALECT, IF_NONE_MATCH, Parameter
from penstock.api.openapi.responses import RESPONSES
from penstock.api.openapi.stored import STORED
from penstock.api.public.models import ALWAYS, FILTERS, SECTIONS
from penstock.dialects import models
from penstock.dialects.chat.request import ChatCompletionRequest
from penstock.dialects.chat.response import ChatCompletion, ChatCompletionChunk
from penstock.dialects.health import Healthy, NotReady
from penstock.dialects.scale import ScaleModelList
from penstock.dialects.tokens import DetokenizeRequest, DetokenizeResponse, TokenizeRequest, TokenizeResponse

_FORM: Final = (
    Parameter("anthropic-version", "header", "with `x-api-key`: the answer in Anthropic's form"),
    Parameter("x-goog-api-key", "header", "the answer in Gemini's form"),
    Parameter("key", "query", "as `x-goog-api-key`"),
)
_INCLUDE: Final = (
    Parameter(
        "include",
        "query",
        f"sections to add, separated by commas: {', '.join(SECTIONS)}, all; {', '.join(ALWAYS)} are always there",
    ),
    Parameter("details", "query", "the same as `include=all`", {"type": "string", "enum": ["true", "1", "false", "0"]}),
)
_FILTERS: Final = tuple(
    Parameter(name, "query", f"only models {what}; of several values, separated by commas, any will do")
    for name, what in FILTERS.items()
)
_PAGE_SIZE: Final = {"type": "integer", "minimum": 1, "maximum": 1000}
_PAGES: Final = (
    Parameter("limit", "query", "models of one page (Anthropic's form)", _PAGE_SIZE),
    Parameter("after_id", "query", "begin after this model (Anthropic's form)"),
    Parameter("before_id", "query", "end before this model (Anthropic's form)"),
    Parameter("pageSize", "query", "models of one page (Gemini's form)", _PAGE_SIZE),
    Parameter("pageToken", "query", "the page to go on with (Gemini's form)"),
)
_ID: Final = Parameter("id", "path", "a name of the model, in any case; its slashes stand as they are")
_ONE_MODEL: Final = (models.Model, models.AnthropicModel, models.GeminiModel)


_SCALE: Final = (
    Parameter("limit", "query", "models of one page", _PAGE_SIZE),
    Parameter("starting_after", "query", "begin after this model"),
    Parameter("ending_before", "query", "end before this model"),
    Parameter("model_vendor", "query", "only models of this vendor"),
    Parameter("sort_by", "query", "the order", {"type": "string", "enum": ["model_name", "model_vendor"]}),
    Parameter("sort_order", "query", "its direction", {"type": "string", "enum": ["asc", "desc"]}),
    Parameter("check_availability", "query", "changes nothing here", {"type": "string", "enum": ["true", "false"]}),
)


def _tokens(name: str, summary: str, request: Any, answer: Any) -> Operation:
    return Operation(
        name,
        "post",
        f"/v1/{name}",
        "tokens",
        summary,
        "For local models, whose token ids `logit_bias` and `logprobs` speak of.",
        {"200": Answer("what was asked for", {JSON: (answer,)})} | CALL,
        twins=(f"/{name}",),
        parameters=(DIALECT,),
        request=request,
        key=True,
    )


def _document(id: str, path: str, summary: str, media_type: str, *parameters: Parameter, **more: Answer) -> Operation:
    return Operation(
        id,
        "get",
        path,
        "documents",
        summary,
        "Generated from what this server reads and writes.",
        {"200": Answer("the document", {media_type: ()}, ("etag",))} | TAGGED | PAGE | more,
        parameters=(*parameters, DIALECT, IF_NONE_MATCH),
    )


OPERATIONS: Final = (
    Operation(
        "createChatCompletion",
        "post",
        "/v1/chat/completions",
        "chat",
        "Answer a conversation",
        "Takes the messages of a conversation and answers with the next one, whole or, with `stream`, as events that "
        "end with `data: [DONE]`. A stream that breaks ends with an event that holds `error` instead.",
        {
            "200": Answer(
                "the answer",
                {JSON: (ChatCompletion,), "text/event-stream": (ChatCompletionChunk,)},
                (
                    "x-penstock-served-by",
                    "x-penstock-params",
                    "x-penstock-attempts",
                    "x-inference-id",
                    "idempotent-replayed",
                    "x-aimlapi-credits-used",
                    "x-aimlapi-usd-spent",
                ),
            )
        }
        | CALL,
        twins=("/chat/completions", "/v5/chat/completions"),
        parameters=CALL_PARAMETERS,
        request=ChatCompletionRequest,
        key=True,
    ),
    *RESPONSES,
    *STORED,
    _tokens("tokenize", "Text to token ids", TokenizeRequest, TokenizeResponse),
    _tokens("detokenize", "Token ids to text", DetokenizeRequest, DetokenizeResponse),
    Operation(
        "listModels",
        "get",
        "/v1/models",
        "models",
        "List the models",
        "Every name that can be asked for. All filters that are given must hold; case does not matter.",
        {
            "200": Answer(
                "the list", {JSON: (models.ModelList, models.AnthropicModelList, models.GeminiModelList)}, ("etag",)
            )
        }
        | TAGGED
        | READING
        | PAGE,
        twins=("/models",),
        parameters=(*_INCLUDE, *_FILTERS, *_PAGES, *_FORM, DIALECT, IF_NONE_MATCH),
    ),
    Operation(
        "getModel",
        "get",
        "/v1/models/{id}",
        "models",
        "Show a model",
        "One model, by its id or by any of its aliases.",
        {"200": Answer("the model", {JSON: _ONE_MODEL}, ("etag",))} | TAGGED | READING | PAGE,
        twins=("/models/{id}",),
        parameters=(_ID, *_INCLUDE, *_FORM, DIALECT, IF_NONE_MATCH),
    ),
    Operation(
        "getModelDetail",
        "get",
        "/model/{id}",
        "models",
        "Show a model in an envelope",
        "The same as `GET /v1/models/{id}`, below `data`, as AI/ML API has it.",
        {"200": Answer("the model", {JSON: (models.ModelDetail,)}, ("etag",))} | TAGGED | READING | PAGE,
        parameters=(_ID, *_INCLUDE, DIALECT, IF_NONE_MATCH),
    ),
    Operation(
        "listScaleModels",
        "get",
        "/v5/chat/completions/models",
        "models",
        "List the models in Scale's envelope",
        "The same models as `GET /v1/models`.",
        {"200": Answer("a page of the list", {JSON: (ScaleModelList,)})} | PAGE,
        parameters=(*_SCALE, DIALECT),
    ),
    _document("getOpenapiJson", "/openapi.json", "This document", JSON),
    _document("getOpenapiYaml", "/openapi.yaml", "This document as YAML", "application/yaml"),
    _document(
        "getModelOpenapi",
        "/docs/openapi/{id}.json",
        "The document of one model",
        JSON,
        _ID,
        **{"404": READING["404"]},
    ),
    Operation(
        "health",
        "get",
        "/healthz",
        "operation",
        "Whether the process lives",
        "For a watchdog: answers as long as the process can.",
        {"200": Answer("it lives", {JSON: (Healthy,)})} | PAGE,
        parameters=(DIALECT,),
    ),
    Operation(
        "ready",
        "get",
        "/readyz",
        "operation",
        "Whether calls are taken",
        "For a load balancer: a server that is stopping, or has no room for records, is not ready.",
        {
            "200": Answer("calls are taken", {JSON: (Healthy,)}),
            "503": Answer("calls are not taken", {JSON: (NotReady,)}, ("retry-after",)),
        }
        | PAGE,
        parameters=(DIALECT,),
    ),
    Operation(
        "metrics",
        "get",
        "/metrics",
        "operation",
        "Figures for Prometheus",
        "Counters, gauges and histograms, in Prometheus' text format.",
        {"200": Answer("the figures", {"text/plain": ()})} | PAGE,
        parameters=(DIALECT,),
    ),
)
"""Every endpoint, in the order of the documents."""
