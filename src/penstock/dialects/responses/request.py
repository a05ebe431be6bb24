"""The request of `POST /v1/responses`: its fields with their types and ranges, and how it is read."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

import msgspec
from msgspec import Meta, Raw

from penstock.core.errors import InvalidRequest
from penstock.dialects import mismatch
from penstock.dialects.body import check_unread, deeper_than, members
from penstock.dialects.chat.messages import FunctionName, WireObject
from penstock.dialects.chat.request import (
    MAX_INT64,
    Fraction,
    Moderation,
    Penalty,
    PromptCacheOptions,
    ResponseFormat,
    ResponseFormatJSONObject,
    ResponseFormatText,
    Text,
)
from penstock.dialects.profiles import Profile
from penstock.dialects.responses import items, rules
from penstock.dialects.responses.choice import ToolChoiceOption
from penstock.dialects.responses.tools import AnyTool
from penstock.settings import Limits

ENDPOINT: Final = "/v1/responses"

Id = Annotated[str, Meta(min_length=1, max_length=512)]


class StreamOptions(WireObject):
    """Only with `stream`."""

    include_obfuscation: bool | None = None


class ConversationParam(WireObject):
    """A conversation by its id."""

    id: Id


class Prompt(WireObject):
    """A template of a prompt, kept at a vendor."""

    id: Id
    version: str | None = None
    variables: dict[str, Raw] | None = None


class Reasoning(WireObject):
    """How the model reasons. `context`: the reasoning of which turns it is shown. `generate_summary` is the older name
    of `summary`."""

    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: Literal["auto", "concise", "detailed"] | None = None
    mode: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    context: Literal["auto", "current_turn", "all_turns"] | None = None
    generate_summary: Literal["auto", "concise", "detailed"] | None = None


class ResponseFormatTextJSONSchemaConfig(ResponseFormat, tag="json_schema"):
    """JSON that fits a schema, its members still raw."""

    type: ClassVar[str] = "json_schema"
    name: FunctionName
    schema: dict[str, Raw]
    description: str | None = None
    strict: bool | None = None


class ResponseTextConfig(WireObject):
    """The form of the text."""

    format: ResponseFormatText | ResponseFormatJSONObject | ResponseFormatTextJSONSchemaConfig | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


class ContextManagement(WireObject):
    """What is done when the context fills up; `compact_threshold` in tokens."""

    type: Literal["compaction"]
    compact_threshold: Annotated[int, Meta(ge=1000, le=MAX_INT64)] | None = None


Includable = Literal[
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
]


class ResponsesRequest(WireObject):
    """Every field of the dialect. Fields that are not here are in `Asked.members` only."""

    model: Annotated[str, Meta(min_length=1, max_length=512)]
    # what is said, and what it continues
    input: str | list[Raw] | None = None
    instructions: str | None = None
    previous_response_id: Id | None = None
    conversation: Id | ConversationParam | None = None
    prompt: Prompt | None = None
    # how it is answered
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    background: bool | None = None
    store: bool | None = None
    include: list[Includable] | None = None
    # length and sampling
    max_output_tokens: Annotated[int, Meta(le=MAX_INT64)] | None = None
    max_tool_calls: Annotated[int, Meta(ge=0, le=MAX_INT64)] | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Fraction | None = None
    top_logprobs: Annotated[int, Meta(ge=0, le=20)] | None = None
    presence_penalty: Penalty | None = None
    frequency_penalty: Penalty | None = None
    truncation: Literal["auto", "disabled"] | None = None
    context_management: Annotated[list[ContextManagement], Meta(min_length=1)] | None = None
    # the form of the answer
    text: ResponseTextConfig | None = None
    reasoning: Reasoning | None = None
    # tools
    tools: list[AnyTool] | None = None
    tool_choice: ToolChoiceOption | None = None
    parallel_tool_calls: bool | None = None
    # bookkeeping, caching, routing
    metadata: Annotated[dict[str, str], Meta(max_length=16)] | None = None
    service_tier: Literal["auto", "default", "flex", "scale", "priority", "fast", "ultrafast"] | None = None
    user: str | None = None
    safety_identifier: Annotated[str, Meta(max_length=64)] | None = None
    prompt_cache_key: str | None = None
    prompt_cache_retention: Literal["in_memory", "24h"] | None = None
    prompt_cache_options: PromptCacheOptions | None = None
    moderation: Moderation | None = None
    # fields of chat completions that mean the same here: they go to targets that are asked in that form
    top_k: Annotated[int, Meta(ge=0, le=MAX_INT64)] | None = None
    min_p: Fraction | None = None
    repetition_penalty: Annotated[float, Meta(gt=0, lt=2)] | None = None
    logit_bias: dict[str, Annotated[float, Meta(ge=-100, le=100)]] | None = None
    stop: Text | Annotated[list[Text], Meta(min_length=1, max_length=4)] | None = None
    include_stop_str_in_output: bool | None = None
    seed: Annotated[int, Meta(ge=-MAX_INT64 - 1, le=MAX_INT64)] | None = None
    enable_thinking: bool | None = None
    separate_reasoning: bool | None = None
    provider: str | dict[str, Raw] | None = None
    context_length_exceeded_behavior: Literal["truncate", "error"] | None = None


CHAT_FIELDS: Final = (
    "top_k",
    "min_p",
    "repetition_penalty",
    "logit_bias",
    "stop",
    "include_stop_str_in_output",
    "seed",
    "enable_thinking",
    "separate_reasoning",
    "provider",
    "context_length_exceeded_behavior",
)
"""Fields of chat completions that no document of the responses API has."""

KNOWN: Final = frozenset(ResponsesRequest.__struct_fields__)
_INTEGERS: Final = frozenset({"max_output_tokens", "max_tool_calls", "top_logprobs", "top_k", "seed"})
_REQUEST: Final = msgspec.json.Decoder(ResponsesRequest)
_SHAPE: Final = msgspec.inspect.type_info(ResponsesRequest)


class Asked(msgspec.Struct):
    """What a client asked for: `wire` is the typed request with `store` and `max_output_tokens` settled, `members` the
    top-level members of the body as raw JSON, in which a default length stands too. `noted` says what became of single
    members when they were read."""

    wire: ResponsesRequest
    members: dict[str, Raw]
    strict: bool = False
    noted: dict[str, str] = {}

    @property
    def conversation(self) -> str | None:
        """The id of the conversation that is continued."""
        given = self.wire.conversation
        return given.id if isinstance(given, ConversationParam) else given

    @property
    def logprobs(self) -> bool:
        """Whether the text's log probabilities are wanted."""
        return bool(self.wire.top_logprobs) or "message.output_text.logprobs" in (self.wire.include or ())

    @property
    def own_items(self) -> int:
        """How many items the request itself brings: the last ones of all that the model is shown."""
        return 1 if isinstance(self.wire.input, str) else len(self.wire.input or ())


def decode(
    body: bytes, limits: Limits, *, profile: Profile, strict: bool, default_max_tokens: int | None = None
) -> Asked:
    """What `body` asks for, validated by the rules of the dialect `profile` too.

    `default_max_tokens` is the key's own length of an answer, which goes before the dialect's. Items of the input are
    looked at one by one; what they are linked with is for `check_linked`, once all of them are there. Raises
    InvalidRequest.
    """
    found = members(body, limits)
    noted: dict[str, str] = {}
    try:
        wire = _REQUEST.decode(body)
    except msgspec.ValidationError as error:
        wire = _again(found, error, profile, noted)
    if not KNOWN.issuperset(found):
        check_unread(found, KNOWN)
    rules.check(wire, limits, profile, strict=strict)
    if wire.tools and _too_deep(bytes(found["tools"]), limits.nesting - 2):
        raise InvalidRequest(
            f"'tools' nests arrays and objects too deeply; at most {limits.nesting - 2} levels are allowed in it.",
            param="tools",
            code="nesting_too_deep",
        )
    if isinstance(wire.input, list):
        items.check(wire.input, limits)
    most = default_max_tokens or profile.default_max_tokens
    if most is not None and wire.max_output_tokens is None:
        wire.max_output_tokens = most
        found["max_output_tokens"] = Raw(str(most))
    if wire.store is None:  # an answer in the background can be had only where it is kept
        wire.store = profile.store_responses or bool(wire.background)
    return Asked(wire, found, strict, noted)


def _too_deep(tools: bytes, limit: int) -> bool:
    """Whether `tools` nest too deeply for a chat completion, where a schema lies one level deeper."""
    return tools.count(b"{") + tools.count(b"[") > limit and deeper_than(tools, limit)


def _again(
    found: dict[str, Raw], error: msgspec.ValidationError, profile: Profile, noted: dict[str, str]
) -> ResponsesRequest:
    """Reads the request again with integers for numbers such as `5.0`, which JSON schemas count as integers too, and
    where the dialect allows it with texts for other values of `metadata`.

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
    if profile.any_metadata and bytes(found.get("metadata", b"")).startswith(b"{"):
        given = msgspec.json.decode(found["metadata"], type=dict[str, Raw])
        texts = {
            name: raw if bytes(raw).startswith(b'"') else Raw(msgspec.json.encode(bytes(raw).decode()))
            for name, raw in given.items()
        }
        if texts != given:
            found["metadata"] = Raw(msgspec.json.encode(texts))
            noted["metadata"] = "translated"
            replaced = True
    if replaced:
        try:
            return _REQUEST.decode(msgspec.json.encode(found))
        except msgspec.ValidationError as again:
            error = again
    raise mismatch.explain(error, found, _SHAPE) from None
