"""The answers of `POST /v1/chat/completions` as documented, in the order of the official document.

Answers of vendors pass through untouched, so nothing is decoded with these: they are what the machine-readable
documents say, and what the tests hold our own answers to. A field that may be absent is UNSET.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

Count = Annotated[int, Meta(ge=0)]
Index = Annotated[int, Meta(ge=0)]
FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "function_call"]
ServiceTier = Literal["auto", "default", "flex", "scale", "priority", "fast"]


class PromptTokensDetails(Struct):
    """Of which kind the tokens of the prompt were."""

    cached_tokens: Count | UnsetType = UNSET
    audio_tokens: Count | UnsetType = UNSET
    cache_write_tokens: Count | UnsetType = UNSET
    text_tokens: Count | UnsetType = UNSET
    image_tokens: Count | UnsetType = UNSET


class CompletionTokensDetails(Struct):
    """Of which kind the tokens of the answer were."""

    reasoning_tokens: Count | UnsetType = UNSET
    audio_tokens: Count | UnsetType = UNSET
    accepted_prediction_tokens: Count | UnsetType = UNSET
    rejected_prediction_tokens: Count | UnsetType = UNSET
    text_tokens: Count | UnsetType = UNSET


class CompletionUsage(Struct):
    """True tokens, of all choices together."""

    prompt_tokens: Count
    completion_tokens: Count
    total_tokens: Count
    prompt_tokens_details: PromptTokensDetails | UnsetType | None = UNSET
    completion_tokens_details: CompletionTokensDetails | UnsetType | None = UNSET


class MetaUsage(Struct):
    """What the call cost its account: credits at 2,000,000 to the dollar, and dollars."""

    credits_used: Count
    usd_spent: Annotated[float, Meta(ge=0)]


class AnswerMeta(Struct):
    """Beside the answer, where its price is known."""

    usage: MetaUsage


class TopLogprob(Struct):
    """One of the likeliest tokens at a place. `id`, the token's number, comes from local models alone."""

    token: str
    logprob: float
    bytes: list[Annotated[int, Meta(ge=0, le=255)]] | None
    id: int | UnsetType = UNSET


class ChatCompletionTokenLogprob(Struct):
    """One token of the answer. `id`, the token's number, comes from local models alone."""

    token: str
    logprob: float
    bytes: list[Annotated[int, Meta(ge=0, le=255)]] | None
    top_logprobs: list[TopLogprob]
    id: int | UnsetType = UNSET


class ChoiceLogprobs(Struct):
    """How likely each token was."""

    content: list[ChatCompletionTokenLogprob] | None
    refusal: list[ChatCompletionTokenLogprob] | UnsetType | None = UNSET


class AnsweredFunctionCall(Struct):
    """A function that the model calls; `arguments` is JSON as the model wrote it."""

    name: str
    arguments: str


class AnsweredCustomCall(Struct):
    """A custom tool that the model calls."""

    name: str
    input: str


class AnsweredToolCall(Struct):
    """A call of a tool; `function` or `custom` says what it calls."""

    id: str
    type: Literal["function", "custom"]
    function: AnsweredFunctionCall | UnsetType = UNSET
    custom: AnsweredCustomCall | UnsetType = UNSET


class AnsweredAudio(Struct):
    """A spoken answer; `data` is base64, `expires_at` a Unix time in seconds."""

    id: str
    data: str
    expires_at: int
    transcript: str


class ChatCompletionResponseMessage(Struct):
    """What the model says. `reasoning_content` is what it thought, where it can and may say so."""

    role: Literal["assistant"]
    content: str | None
    refusal: str | UnsetType | None = UNSET
    reasoning_content: str | UnsetType | None = UNSET
    tool_calls: list[AnsweredToolCall] | UnsetType | None = UNSET
    function_call: AnsweredFunctionCall | UnsetType | None = UNSET
    annotations: list[dict[str, Any]] | UnsetType | None = UNSET
    audio: AnsweredAudio | UnsetType | None = UNSET


class ChatCompletionChoice(Struct):
    """One of the `n` answers."""

    index: Index
    message: ChatCompletionResponseMessage
    finish_reason: FinishReason
    logprobs: ChoiceLogprobs | UnsetType | None = UNSET


class ChatCompletion(Struct):
    """A whole answer. `model` is the dated name of the model that answered, `created` a Unix time in seconds."""

    id: str
    object: Literal["chat.completion"]
    created: int
    model: str
    choices: list[ChatCompletionChoice]
    usage: CompletionUsage | UnsetType = UNSET
    system_fingerprint: str | UnsetType | None = UNSET
    service_tier: ServiceTier | UnsetType | None = UNSET
    meta: AnswerMeta | UnsetType | None = UNSET


class FunctionCallDelta(Struct):
    """A part of a call: the name comes once, the arguments bit by bit."""

    name: str | UnsetType = UNSET
    arguments: str | UnsetType = UNSET


class CustomCallDelta(Struct):
    """A part of a call of a custom tool."""

    name: str | UnsetType = UNSET
    input: str | UnsetType = UNSET


class ToolCallDelta(Struct):
    """A part of the call with this `index`; `id` and `type` come once."""

    index: Index
    id: str | UnsetType = UNSET
    type: Literal["function", "custom"] | UnsetType = UNSET
    function: FunctionCallDelta | UnsetType = UNSET
    custom: CustomCallDelta | UnsetType = UNSET


class ChatCompletionDelta(Struct):
    """What is new of a message; `role` comes once."""

    role: Literal["assistant"] | UnsetType = UNSET
    content: str | UnsetType | None = UNSET
    refusal: str | UnsetType | None = UNSET
    reasoning_content: str | UnsetType | None = UNSET
    tool_calls: list[ToolCallDelta] | UnsetType | None = UNSET
    function_call: FunctionCallDelta | UnsetType | None = UNSET
    annotations: list[dict[str, Any]] | UnsetType | None = UNSET
    audio: dict[str, Any] | UnsetType | None = UNSET


class ChatCompletionChunkChoice(Struct):
    """What is new of one of the `n` answers."""

    index: Index
    delta: ChatCompletionDelta
    finish_reason: FinishReason | None
    logprobs: ChoiceLogprobs | UnsetType | None = UNSET


class ChatCompletionChunk(Struct):
    """One event of a stream. The one with `usage` comes last and has no choices."""

    id: str
    object: Literal["chat.completion.chunk"]
    created: int
    model: str
    choices: list[ChatCompletionChunkChoice]
    usage: CompletionUsage | UnsetType | None = UNSET
    system_fingerprint: str | UnsetType | None = UNSET
    service_tier: ServiceTier | UnsetType | None = UNSET
    meta: AnswerMeta | UnsetType | None = UNSET
