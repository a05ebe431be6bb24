"""The answer of `POST /v1/responses` as types, for the documents: what `resource` and the writer make fits them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec


class InputTokensDetails(msgspec.Struct):
    """Of the prompt's tokens."""

    cached_tokens: int
    cache_write_tokens: int


class OutputTokensDetails(msgspec.Struct):
    """Of the answer's tokens."""

    reasoning_tokens: int


class ResponseUsage(msgspec.Struct):
    """True tokens."""

    input_tokens: int
    input_tokens_details: InputTokensDetails
    output_tokens: int
    output_tokens_details: OutputTokensDetails
    total_tokens: int


class ResponseError(msgspec.Struct):
    """Why a response failed."""

    code: str
    message: str


class IncompleteDetails(msgspec.Struct):
    """Why a response is incomplete."""

    reason: str | None = None


class Response(msgspec.Struct):
    """One response. `output` holds its items; each has `id`, `type` and, but for reasoning, `status`."""

    id: str
    object: Literal["response"]
    created_at: int
    completed_at: int | None
    status: Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]
    background: bool
    error: ResponseError | None
    incomplete_details: IncompleteDetails | None
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    metadata: dict[str, str]
    model: str
    output: list[dict[str, Any]]
    output_text: str
    parallel_tool_calls: bool
    presence_penalty: float
    frequency_penalty: float
    previous_response_id: str | None
    prompt_cache_key: str | None
    reasoning: dict[str, Any]
    safety_identifier: str | None
    service_tier: str
    store: bool
    temperature: float
    text: dict[str, Any]
    tool_choice: str | dict[str, Any]
    tools: list[dict[str, Any]]
    top_logprobs: int
    top_p: float
    truncation: Literal["auto", "disabled"]
    usage: ResponseUsage | None


class ResponseStreamEvent(msgspec.Struct):
    """One event of a stream. What else it holds depends on its type; the last one is `response.completed`,
    `response.incomplete` or `response.failed`, with the whole response."""

    type: str
    sequence_number: int


class DeletedResponse(msgspec.Struct):
    """What a deletion is answered with."""

    id: str
    object: Literal["response"]
    deleted: Literal[True]


class ResponseInputItemList(msgspec.Struct):
    """A page of what was asked; the ids are empty where it is."""

    object: Literal["list"]
    data: list[dict[str, Any]]
    first_id: str
    last_id: str
    has_more: bool


class InputTokens(msgspec.Struct, omit_defaults=True):
    """How many tokens a prompt has; `estimated` where nobody here can count them."""

    object: Literal["response.input_tokens"]
    input_tokens: int
    estimated: bool = False
