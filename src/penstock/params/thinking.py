"""Reasoning, which every vendor switches, grades and shows in a way of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, get_args

import msgspec
from msgspec import Raw

from penstock.params.capabilities import Capabilities, Support
from penstock.params.effort import Effort

LEVELS: Final[tuple[str, ...]] = get_args(Effort)
"""Every level of `reasoning_effort`, the least first."""

Thinking = Literal["thinking", "chat_template_kwargs", "reasoning", "reasoning_effort"]
"""How a vendor switches reasoning on and off: `thinking: {type}` (DeepSeek, Z.ai, Moonshot), the argument
`enable_thinking` of a chat template (vLLM, llama.cpp), `reasoning: {enabled}` (OpenRouter), a level of effort."""

Separating = Literal["always", "reasoning_format"]
"""How a vendor keeps reasoning apart from the text: it always does, or where `reasoning_format` says so (Groq)."""

_ON: Final = "medium"  # what vendors take by themselves where reasoning is on


def nearest(level: str, levels: tuple[str, ...]) -> str:
    """The one of `levels` that is nearest to `level`; of two the lower one, which costs less."""
    at = LEVELS.index(level)
    return min(levels, key=lambda other: (abs(LEVELS.index(other) - at), LEVELS.index(other)))


def switched(on: bool, members: Mapping[str, Raw], capabilities: Capabilities) -> tuple[dict[str, Raw], Support | None]:
    """What `enable_thinking` becomes: the members to send for it, and what to report; None: it is so in any case.

    The client's own word in the vendor's own field, or a level of effort, says more, and wins.
    """
    effort = capabilities.parameters["reasoning_effort"]
    match capabilities.thinking:
        case "thinking" | "reasoning" as field if field not in members:
            said: dict[str, Any] = {"type": "enabled" if on else "disabled"} if field == "thinking" else {"enabled": on}
            return {field: Raw(msgspec.json.encode(said))}, Support.TRANSLATED
        case "chat_template_kwargs" as field:
            given = msgspec.json.decode(members[field]) if field in members else {}
            if isinstance(given, dict) and "enable_thinking" not in given:
                return {field: Raw(msgspec.json.encode({**given, "enable_thinking": on}))}, Support.TRANSLATED
        case "reasoning_effort" if effort.support is Support.IGNORED and not on:
            return {}, None  # a model that does not reason
        case "reasoning_effort" if effort.values and "reasoning_effort" not in members:
            level = nearest(_ON if on else LEVELS[0], effort.values)
            return {"reasoning_effort": Raw(msgspec.json.encode(level))}, Support.TRANSLATED
    return {}, Support.IGNORED


def separated(
    apart: bool, members: Mapping[str, Raw], capabilities: Capabilities
) -> tuple[dict[str, Raw], Support | None]:
    """What `separate_reasoning` becomes, as `switched` says of `enable_thinking`.

    Where it is to be in the text, it is brought there when the answer comes (`dialects.chat.thoughts`): no vendor is
    asked for that, since those that can refuse it beside tools. It never goes into an answer in JSON.
    """
    if "reasoning_format" in members:
        return {}, Support.IGNORED
    if not apart:
        return {}, Support.IGNORED if _in_json(members) else Support.EMULATED
    if capabilities.separating == "always":
        return {}, None
    if capabilities.separating == "reasoning_format":
        return {"reasoning_format": Raw(b'"parsed"')}, Support.TRANSLATED
    return {}, Support.IGNORED


class _Format(msgspec.Struct):
    type: str


_format: Final = msgspec.json.Decoder(_Format | None).decode


def _in_json(members: Mapping[str, Raw]) -> bool:
    wanted = _format(members["response_format"]) if "response_format" in members else None
    return wanted is not None and wanted.type != "text"
