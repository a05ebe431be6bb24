"""What a model can do at its vendor, parameter by parameter: the one table that everything else asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from penstock.params.effort import ByEffort

# fmt: off
OPENAI_FIELDS: Final = frozenset((
    "model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "top_p",
    "presence_penalty", "frequency_penalty", "logit_bias", "n", "stop", "seed", "logprobs", "top_logprobs", "tools",
    "tool_choice", "parallel_tool_calls", "functions", "function_call", "response_format", "prediction",
    "reasoning_effort", "modalities", "audio", "store", "metadata", "service_tier", "user", "safety_identifier",
    "prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "verbosity", "web_search_options",
    "moderation",
))
"""Every field of OpenAI's chat completions request: native at a compatible vendor, unless its row says otherwise."""

OWN_FIELDS: Final = frozenset((
    "provider", "context_length_exceeded_behavior", "include_stop_str_in_output", "separate_reasoning",
    "enable_thinking",
))
"""Fields of other dialects that Penstock reads too: they go to a vendor only where its row says how."""

SAMPLING_FIELDS: Final = frozenset(("top_k", "min_p", "repetition_penalty"))
"""Fields of seed dialects that many vendors have under the same names."""
# fmt: on

NEEDED: Final = frozenset(("model", "messages", "stream"))
"""What every target has."""

LIMITS: Final = ("max_completion_tokens", "max_tokens")
"""The two names of the most tokens that an answer may have, the stronger one first."""

OURS: Final = frozenset(("context_length_exceeded_behavior", "provider"))
"""What Penstock does by itself at every target, so that nothing of it need be sent."""


class Support(StrEnum):
    """What becomes of a parameter at a target."""

    NATIVE = "native"
    """sent as it came"""
    TRANSLATED = "translated"
    """sent under another name, in another form, or with the nearest value that the target has"""
    EMULATED = "emulated"
    """the target lacks it, and Penstock does it"""
    IGNORED = "ignored"
    """the target lacks it: not sent, without effect, and reported"""
    REFUSED = "refused"
    """the target lacks it, and an answer without it would be none: a 400"""


class Parameter(Struct, frozen=True):
    """One parameter at one target. `minimum` and `maximum`, both included, are narrower than the dialect's own range.

    `sent_as` is the vendor's name, where it is another one. `values` are the ones that the target knows: of
    `reasoning_effort` the nearest is taken for another one, of `response_format` others are emulated.
    """

    support: Support
    minimum: float | None = None
    maximum: float | None = None
    values: tuple[str, ...] | None = None
    sent_as: str | None = None


class Capabilities(Struct, frozen=True):
    """What one model can do at one vendor. Made once, with `Capabilities.of`; what is not known is None.

    Lengths are in tokens. Modalities are of text, image, audio, video and file. With `passes_unknown` a field that
    nobody here knows goes through as well. `native`, `bounded` (of these, with bounds) and `free` (of these, with
    nothing to look at) are the parts of `parameters` that each call asks.
    """

    model: str
    """for messages: `model 'gpt-4' of provider 'openai'`"""
    parameters: Mapping[str, Parameter]
    native: frozenset[str]
    bounded: Mapping[str, Parameter]
    free: frozenset[str]
    passes_unknown: bool = False
    context_length: int | None = None
    max_output_tokens: int | None = None
    input_modalities: tuple[str, ...] | None = None
    output_modalities: tuple[str, ...] | None = None
    endpoints: tuple[str, ...] = ("/v1/chat/completions", "/v1/responses")
    """the paths here that serve the model"""
    thinking: str | None = None
    """how the vendor switches thinking: a way of `params.thinking`"""
    by_effort: ByEffort | None = None
    """what the model takes at some levels of `reasoning_effort` alone"""
    separating: str | None = None
    """how the vendor keeps reasoning out of the text: a way of `params.thinking`"""
    developer_role: bool = True
    """the vendor knows the role `developer`"""
    responses: bool = False
    """the vendor has the model in its responses API: such calls go there as they are"""

    @classmethod
    def of(cls, model: str, parameters: Mapping[str, Parameter], **facts: object) -> Capabilities:
        """The capabilities with these `parameters`; `facts` are the other fields."""
        outputs = facts.get("output_modalities")
        given = dict(parameters)
        if isinstance(outputs, tuple) and "audio" not in outputs and "modalities" in given:
            given["modalities"] = Parameter(Support.REFUSED)
            given["audio"] = Parameter(Support.IGNORED)
        most = facts.get("max_output_tokens")
        if isinstance(most, int):
            for name in LIMITS:
                if name in given and given[name].support in (Support.NATIVE, Support.TRANSLATED):
                    given[name] = Parameter(given[name].support, maximum=most, sent_as=given[name].sent_as)
        native = {name for name, parameter in given.items() if parameter.support is Support.NATIVE}
        bounded = {
            name: parameter
            for name, parameter in given.items()
            if name in native and (parameter.minimum, parameter.maximum, parameter.values) != (None, None, None)
        }
        fields: dict[str, object] = {
            "native": frozenset(native | NEEDED),
            "bounded": MappingProxyType(bounded),
            "free": frozenset((native | NEEDED) - bounded.keys() - {*LIMITS}),
        }
        return cls(model=model, parameters=MappingProxyType(given), **fields, **facts)  # type: ignore[arg-type]  # by name

    def support(self, name: str) -> Support:
        """What becomes of the parameter `name`, one that the dialect knows."""
        found = self.parameters.get(name)
        return found.support if found is not None else Support.IGNORED

    def formats(self, kind: str) -> bool:
        """Whether the target itself holds an answer to a `response_format` of this type."""
        parameter = self.parameters.get("response_format")
        if parameter is None or parameter.support is not Support.NATIVE:
            return kind == "text"
        return parameter.values is None or kind in parameter.values


def parameters(
    *,
    renamed: Mapping[str, str],
    unsupported: Iterable[str],
    extras: Iterable[str],
    fans_out: bool = False,
    passes_unknown: bool = False,
) -> dict[str, Parameter]:
    """The parameters of a vendor that takes OpenAI's fields, but for `renamed` and `unsupported`, and `extras`.

    With `passes_unknown` nobody knows of SAMPLING_FIELDS: they are in the table only where a list names them.
    """
    table = {name: Parameter(Support.NATIVE) for name in sorted(OPENAI_FIELDS)}
    table |= {name: Parameter(Support.IGNORED) for name in sorted(OWN_FIELDS - OURS)}
    table["separate_reasoning"] = Parameter(Support.EMULATED)
    if not passes_unknown:
        table |= {name: Parameter(Support.IGNORED) for name in sorted(SAMPLING_FIELDS)}
    table |= {name: Parameter(Support.EMULATED) for name in sorted(OURS)}
    table |= {name: lacking(name) for name in unsupported}
    table |= {name: Parameter(Support.TRANSLATED, sent_as=theirs) for name, theirs in renamed.items()}
    table |= {name: Parameter(Support.NATIVE) for name in extras}
    if fans_out:
        table["n"] = Parameter(Support.EMULATED)
    return table


def lacking(name: str) -> Parameter:
    """The parameter `name` at a target that does not have it."""
    match name:
        case "modalities":  # who asks for speech is not served by text
            return Parameter(Support.REFUSED)
        case "response_format":
            return Parameter(Support.EMULATED)
        case _:
            return Parameter(Support.IGNORED)
