"""Models on the wire: OpenAI's object with AI/ML API's fields beside it, and the lists of Anthropic and Gemini."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

CHAT_TYPE: Final = "openai/chat-completions"
"""What AI/ML API calls the endpoint of chat models."""

Count = Annotated[int, Meta(ge=0)]


class ModelInfo(msgspec.Struct, rename="camel"):
    """What is known of a model; limits in tokens, absent where nobody knows them."""

    name: str
    developer: str
    docs_json: str
    context_length: Count | UnsetType = UNSET
    output_max: Count | UnsetType = UNSET


class Modalities(msgspec.Struct):
    """What goes in and what comes out: text, image, audio, video, file."""

    input: list[str]
    output: list[str]


class ParameterSupport(msgspec.Struct):
    """What becomes of one parameter; the values that are taken, where they are fewer than the API's own."""

    support: Literal["native", "translated", "emulated", "ignored", "refused"]
    minimum: float | UnsetType = UNSET
    maximum: float | UnsetType = UNSET
    values: list[str] | UnsetType = UNSET
    sent_as: str | UnsetType = UNSET


class EffortRules(msgspec.Struct):
    """What depends on `reasoning_effort`: its default, the level at which alone temperature, top_p, logprobs and
    top_logprobs are taken, and what becomes of it beside tools: it is none, or is not said."""

    default: str
    sampling: str | UnsetType = UNSET
    beside_tools: Literal["none", "unsaid"] | UnsetType = UNSET


class ModelCapabilities(msgspec.Struct):
    """What the model can do where it is asked first: its parameters by name, and its lengths in tokens."""

    parameters: dict[str, ParameterSupport]
    passes_unknown: bool
    context_length: Count | None
    max_output_tokens: Count | None
    by_effort: EffortRules | UnsetType = UNSET


class PriceUnit(msgspec.Struct):
    """`price` for `per` tokens of one kind; with `above`, for all tokens of a call with a longer prompt than that."""

    name: str
    measure: Literal["tokens"]
    price: float
    per: Annotated[int, Meta(ge=1)]
    above: Count | UnsetType = UNSET


class Pricing(msgspec.Struct):
    """The price before any markup, in US dollars; `kind` is variable where it depends on the length of the prompt."""

    kind: Literal["fixed", "variable"]
    currency: Literal["USD"]
    version: str
    units: list[PriceUnit]


class Model(msgspec.Struct):
    """A name that can be asked for.

    `aliases` are the other names that lead to the same model, `snapshot` is what `model` says in the answer, and
    `endpoints` are the paths that serve it. `served_by`, `context_length` and `unavailable` are there for local models.
    """

    id: str
    object: Literal["model"]
    created: Count
    owned_by: str
    aliases: list[str]
    snapshot: str
    type: str
    info: ModelInfo
    tags: list[str]
    endpoints: list[str]
    served_by: str | UnsetType = UNSET
    context_length: Count | UnsetType = UNSET
    unavailable: str | UnsetType = UNSET
    capabilities: ModelCapabilities | UnsetType = UNSET
    modalities: Modalities | UnsetType = UNSET
    pricing: Pricing | UnsetType = UNSET
    card: dict[str, Any] | UnsetType = UNSET


class ModelList(msgspec.Struct):
    """The answer of `GET /v1/models`."""

    object: Literal["list"]
    data: list[Model]


class ModelDetail(msgspec.Struct):
    """The answer of `GET /model/{id}`."""

    object: Literal["model"]
    data: Model


class AnthropicModel(msgspec.Struct):
    """A model as Anthropic's API lists it; `created_at` by RFC 3339."""

    type: Literal["model"]
    id: str
    display_name: str
    created_at: str


class AnthropicModelList(msgspec.Struct):
    """A page of Anthropic's list; the next one begins after `last_id`."""

    data: list[AnthropicModel]
    has_more: bool
    first_id: str | None
    last_id: str | None


class GeminiModel(msgspec.Struct, rename="camel"):
    """A model as Gemini's API lists it; `name` is `models/` and the id."""

    name: str
    base_model_id: str
    version: str
    display_name: str
    supported_generation_methods: list[str]
    input_token_limit: Count | UnsetType = UNSET
    output_token_limit: Count | UnsetType = UNSET


class GeminiModelList(msgspec.Struct, rename="camel"):
    """A page of Gemini's list; `nextPageToken` is there where another one follows."""

    models: list[GeminiModel]
    next_page_token: str | UnsetType = UNSET
