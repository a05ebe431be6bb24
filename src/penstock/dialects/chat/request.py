"""The request of `POST /v1/chat/completions`: its fields with their types and ranges, and how it is read."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta, Raw

from penstock.core.call import Call, OwnKey
from penstock.dialects import mismatch
from penstock.dialects.body import check_unread, members
from penstock.dialects.chat import conversation, rules, validate
from penstock.dialects.chat.messages import (
    ChatCompletionContentPartText,
    ChatCompletionMessage,
    FunctionName,
    WireObject,
)
from penstock.dialects.chat.tools import (
    ChatCompletionCustomTool,
    ChatCompletionFunctionTool,
    Function,
    FunctionCallOption,
    ToolChoiceOption,
)
from penstock.dialects.profiles import OPENAI, Profile
from penstock.settings import Limits

ENDPOINT: Final = "/v1/chat/completions"

MAX_INT64: Final = 2**63 - 1
Penalty = Annotated[float, Meta(ge=-2, le=2)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Tokens = Annotated[int, Meta(ge=1, le=MAX_INT64)]
Text = Annotated[str, Meta(min_length=1)]


class ChatCompletionStreamOptions(WireObject):
    """Only with `stream`."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatCompletionPredictionContent(WireObject, tag_field="type", tag="content"):
    """What most of the answer will be."""

    type: ClassVar[str] = "content"
    content: str | Annotated[list[ChatCompletionContentPartText], Meta(min_length=1)]


class ResponseFormat(WireObject, tag_field="type"):
    """What the answer must be."""


class ResponseFormatText(ResponseFormat, tag="text"):
    """Any text."""

    type: ClassVar[str] = "text"


class ResponseFormatJSONObject(ResponseFormat, tag="json_object"):
    """Some JSON object."""

    type: ClassVar[str] = "json_object"


class JSONSchema(WireObject):
    """`schema` is a JSON schema, its members still raw."""

    name: FunctionName
    description: str | None = None
    schema: dict[str, Raw] | None = None
    strict: bool | None = None


class ResponseFormatJSONSchema(ResponseFormat, tag="json_schema"):
    """JSON that fits a schema."""

    type: ClassVar[str] = "json_schema"
    json_schema: JSONSchema


class CustomVoice(WireObject):
    """A voice by its id."""

    id: str


class ChatCompletionAudio(WireObject):
    """How a spoken answer sounds."""

    voice: str | CustomVoice
    format: Literal["wav", "aac", "mp3", "flac", "opus", "pcm16"]


class PromptCacheOptions(WireObject):
    """How prompts are cached."""

    mode: Literal["implicit", "explicit"] | None = None
    ttl: Literal["30m"] | None = None


class ApproximateLocation(WireObject):
    """Where the user is, roughly."""

    city: str | None = None
    country: str | None = None
    region: str | None = None
    timezone: str | None = None


class WebSearchUserLocation(WireObject, tag_field="type", tag="approximate"):
    """Where the user is."""

    type: ClassVar[str] = "approximate"
    approximate: ApproximateLocation


class WebSearchOptions(WireObject):
    """How the web is searched."""

    search_context_size: Literal["low", "medium", "high"] | None = None
    user_location: WebSearchUserLocation | None = None


class ModerationMode(WireObject):
    """What a finding does."""

    mode: Literal["score", "block"] | None = None


class ModerationPolicy(WireObject):
    """What findings in the prompt and in the answer do."""

    input: ModerationMode | None = None
    output: ModerationMode | None = None


class Moderation(WireObject):
    """Which model moderates, and how."""

    model: str
    policy: ModerationPolicy | None = None


class ChatCompletionRequest(WireObject):
    """Every field of the dialect. Fields that are not here are in `Call.members` only."""

    model: Annotated[str, Meta(min_length=1, max_length=512)]
    messages: Annotated[list[ChatCompletionMessage], Meta(min_length=1)]
    # length and sampling
    max_tokens: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Fraction | None = None
    top_k: Annotated[int, Meta(ge=0, le=MAX_INT64)] | None = None
    min_p: Fraction | None = None
    repetition_penalty: Annotated[float, Meta(gt=0, lt=2)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    logit_bias: dict[str, float] | None = None
    n: Annotated[int, Meta(ge=1, le=128)] | None = None
    stop: Text | Annotated[list[Text], Meta(min_length=1, max_length=4)] | None = None
    seed: Annotated[int, Meta(ge=-MAX_INT64 - 1, le=MAX_INT64)] | None = None
    # the form of the answer
    stream: bool | None = None
    stream_options: ChatCompletionStreamOptions | None = None
    logprobs: bool | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    response_format: ResponseFormatText | ResponseFormatJSONObject | ResponseFormatJSONSchema | None = None
    modalities: Annotated[list[Literal["text", "audio"]], Meta(min_length=1)] | None = None
    audio: ChatCompletionAudio | None = None
    prediction: ChatCompletionPredictionContent | None = None
    verbosity: Literal["low", "medium", "high"] | None = None
    include_stop_str_in_output: bool | None = None
    # tools
    tools: list[ChatCompletionFunctionTool | ChatCompletionCustomTool] | None = None
    tool_choice: ToolChoiceOption | None = None
    parallel_tool_calls: bool | None = None
    functions: Annotated[list[Function], Meta(min_length=1, max_length=128)] | None = None
    function_call: FunctionCallOption | None = None
    web_search_options: WebSearchOptions | None = None
    # reasoning
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    separate_reasoning: bool | None = None
    enable_thinking: bool | None = None
    # bookkeeping, caching, routing
    store: bool | None = None
    metadata: Annotated[dict[str, str], Meta(max_length=16)] | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast"] | None = None
    user: str | None = None
    safety_identifier: Annotated[str, Meta(max_length=64)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    prompt_cache_options: PromptCacheOptions | None = None
    moderation: Moderation | None = None
    # A source key; OpenRouter's own field of this name is an object, which travels as it is.
    provider: str | dict[str, Raw] | None = None
    context_length_exceeded_behavior: Literal["truncate", "error"] | None = None


KNOWN: Final = frozenset(ChatCompletionRequest.__struct_fields__)
_INTEGERS: Final = frozenset({"max_tokens", "max_completion_tokens", "top_k", "n", "seed", "top_logprobs"})
_REQUEST: Final = msgspec.json.Decoder(ChatCompletionRequest)
_SHAPE: Final = msgspec.inspect.type_info(ChatCompletionRequest)


def decode(
    body: bytes,
    limits: Limits,
    *,
    id: str,
    request_id: str,
    now: int,
    strict: bool,
    profile: Profile = OPENAI,
    endpoint: str = ENDPOINT,
    default_max_tokens: int | None = None,
    own_key: OwnKey | None = None,
) -> Call:
    """The call that `body` asks for, validated by the rules of the dialect `profile` too; `now` in Unix seconds.

    `endpoint` is the path that was asked; `default_max_tokens` goes before the dialect's own. Where `body` has unknown
    fields, they are in the call's `members` only. Raises InvalidRequest.
    """
    found = members(body, limits)
    try:
        wire = _REQUEST.decode(body)
    except msgspec.ValidationError as error:
        wire = _with_whole_numbers(found, error)
    if not KNOWN.issuperset(found):
        check_unread(found, KNOWN)
    validate.check(wire, limits, strict=strict)
    conversation.check(wire.messages, limits)
    rules.check(wire, profile)
    rules.fill_in(wire, found, default_max_tokens or profile.default_max_tokens)
    stream = bool(wire.stream)
    usage = profile.always_usage or (wire.stream_options is not None and bool(wire.stream_options.include_usage))
    return Call(
        id=id,
        request_id=request_id,
        created=now,
        endpoint=endpoint,
        dialect=profile.name,
        model=wire.model,
        stream=stream,
        include_usage=stream and usage,
        n=wire.n or 1,
        seed=wire.seed,
        strict=strict,
        members=found,
        wire=wire,
        own_key=own_key,
    )


def _with_whole_numbers(found: dict[str, Raw], error: msgspec.ValidationError) -> ChatCompletionRequest:
    """Reads the request again with integers for numbers such as `5.0`, which JSON schemas count as integers too.

    They are replaced in `found`, so that what is validated is what is sent. Raises InvalidRequest where the
    request does not fit all the same; `error` is what was wrong with it at first.
    """
    replaced = False
    for name in _INTEGERS & found.keys():
        try:
            value = msgspec.json.decode(found[name])
        except msgspec.ValidationError:
            continue  # 1e999: the request cannot fit, and reading it says so
        if isinstance(value, float) and value.is_integer():
            found[name] = Raw(str(int(value)))
            replaced = True
    if replaced:
        try:
            return _REQUEST.decode(msgspec.json.encode(found))
        except msgspec.ValidationError as again:
            error = again
    raise mismatch.explain(error, found, _SHAPE) from None
