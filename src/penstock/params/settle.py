"""Settles the parameters of a request against what its target can do: native, translated, emulated, ignored, passed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from penstock.core.errors import UnsupportedParameter

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
"""Fields of other dialects that Penstock reads too: they go to a vendor only where its row names them."""
# fmt: on

_NEEDED: Final = frozenset(("model", "messages", "stream"))

_ASKS_NOTHING: Final[Mapping[str, tuple[Any, ...]]] = {
    "n": (1,),
    "frequency_penalty": (0,),
    "presence_penalty": (0,),
    "repetition_penalty": (1,),
    "top_k": (0,),
    "min_p": (0,),
    "logprobs": (False,),
    "top_logprobs": (0,),
    "logit_bias": ({},),
    "tool_choice": ("auto",),
    "parallel_tool_calls": (True,),
    "tools": ([],),
    "functions": ([],),
    "store": (False,),
    "metadata": ({},),
    "service_tier": ("auto", "default"),
    "modalities": (["text"],),
    "include_stop_str_in_output": (False,),
    "context_length_exceeded_behavior": ("error",),
    "provider": ("auto",),
}
"""Values that say what would happen without them: leaving these out changes nothing, and is no matter for a report."""


class Abilities(msgspec.Struct, frozen=True):
    """What a target can do. Made once for a vendor or model, with `Abilities.of`.

    `native` are the fields that go through as they are, `renamed` those that it has under another name. With
    `passes_unknown` a field that nobody here knows goes through as well. `fans_out` says that the target makes
    one choice only, so that `n` is made of as many calls.
    """

    native: frozenset[str]
    renamed: Mapping[str, str] = {}
    passes_unknown: bool = False
    fans_out: bool = False

    @classmethod
    def of(
        cls,
        *,
        renamed: Mapping[str, str],
        unsupported: Iterable[str],
        extras: Iterable[str],
        passes_unknown: bool = False,
        fans_out: bool = False,
    ) -> Abilities:
        """The abilities of a target that takes OpenAI's fields, but for `renamed` and `unsupported`, and `extras`."""
        lacks = {*renamed, *unsupported} | ({"n"} if fans_out else set())
        native = (OPENAI_FIELDS - lacks) | frozenset(extras) | _NEEDED
        return cls(native, renamed, passes_unknown, fans_out)


class Settled(msgspec.Struct):
    """The members to send, in the order in which they came, and what became of those that are not sent as they came."""

    members: dict[str, Raw]
    changed: dict[str, str]


def settle(members: Mapping[str, Raw], abilities: Abilities) -> Settled:
    """What is sent of `members` to a target with these `abilities`.

    Nothing is lost unseen: every member that goes under another name, not at all, or unread is in `changed`
    as translated, emulated, ignored or passed; only null and values that ask for nothing go without a word.
    """
    if members.keys() <= abilities.native and not ("max_tokens" in members and "max_completion_tokens" in members):
        return Settled(dict(members), {})
    sent: dict[str, Raw] = {}
    changed: dict[str, str] = {}
    for name, value in members.items():
        if name == "max_tokens" and _given(members.get("max_completion_tokens")):
            if _given(value):
                changed[name] = "ignored"  # it is the older name of the other; vendors refuse a request with both
        elif name in abilities.native:
            sent[name] = value
        elif name in abilities.renamed:
            theirs = abilities.renamed[name]
            if not _given(value):
                continue
            if _given(members.get(theirs)) and theirs in abilities.native and theirs != "max_tokens":
                changed[name] = "ignored"  # the client gave the vendor's own name as well, which says it better
            else:
                sent[theirs] = value
                changed[name] = "translated"
        elif name not in OPENAI_FIELDS and name not in OWN_FIELDS and abilities.passes_unknown:
            sent[name] = value
            changed[name] = "passed"
        elif _asks_something(name, value):
            changed[name] = "emulated" if name == "n" and abilities.fans_out else "ignored"
    return Settled(sent, changed)


def lacking(changed: Mapping[str, str], abilities: Abilities, target: str) -> UnsupportedParameter | None:
    """The error of strict mode, which lists every parameter that `target` lacks; None where it lacks none."""
    cases = {name: what for name, what in changed.items() if what != "passed"}
    if not cases:
        return None
    said = {
        "ignored": "it would be ignored",
        "emulated": "it would be emulated",
    }
    listed = "; ".join(
        f"'{name}': " + (said.get(what) or f"it would be sent as '{abilities.renamed.get(name, name)}'")
        for name, what in cases.items()
    )
    return UnsupportedParameter(
        f"{target} does not have these parameters, and X-Strict-Params asks that none is changed: {listed}",
        param=next(iter(cases)),
    )


def _given(value: Raw | None) -> bool:
    return value is not None and bytes(value) != b"null"


def _asks_something(name: str, value: Raw) -> bool:
    """Whether to leave `value` out changes anything."""
    if not _given(value):
        return False
    if name == "stream_options":  # usage is given to the client in any case: only more than that is lost
        return msgspec.json.decode(value, type=dict[str, Raw]).keys() - {"include_usage"} != set()
    return name not in _ASKS_NOTHING or msgspec.json.decode(value) not in _ASKS_NOTHING[name]
