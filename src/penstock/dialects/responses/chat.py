"""A responses request as a chat completion request, for targets that are asked in that form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Raw

from penstock.core.errors import InvalidRequest, UnsupportedParameter
from penstock.dialects.responses.choice import AllowedTool, ToolChoice
from penstock.dialects.responses.messages import chat_messages
from penstock.dialects.responses.request import CHAT_FIELDS, KNOWN, Asked, ResponseFormatTextJSONSchemaConfig
from penstock.dialects.responses.tools import CustomTool, CustomToolFormatGrammar, FunctionTool

_SAME: Final = frozenset(
    {
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "metadata",
        "user",
        "safety_identifier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "prompt_cache_options",
        "moderation",
        *CHAT_FIELDS,
    }
)
"""Fields that are the same in both dialects: their bytes are sent as they came."""

_LONGEST: Final = 128  # of a name that the client chose, in a report


class ChatRequest(NamedTuple):
    """`body`: a chat completion request; `noted`: what became of parameters that it cannot say as they were sent, by
    name: translated, emulated or ignored."""

    body: bytes
    noted: dict[str, str]


def chat_body(asked: Asked, items: Sequence[Mapping[str, Any]]) -> ChatRequest:
    """The chat completion request that asks the same; `items` are all that the model is shown, oldest first, those of
    the request itself last.

    Raises InvalidRequest for what a chat completion cannot say, and UnsupportedParameter in strict mode for everything
    that it would say otherwise.
    """
    wire, found = asked.wire, asked.members
    noted = dict(asked.noted)
    if wire.prompt is not None:
        raise _refused("prompt", "'prompt' names a template that is kept at a vendor; send its text as 'input'")
    reasoning = wire.reasoning
    messages = chat_messages(
        items,
        history=len(items) - asked.own_items,
        all_reasoning=reasoning is not None and reasoning.context == "all_turns",
        noted=noted,
    )
    if wire.instructions is not None:
        messages.insert(0, {"role": "system", "content": wire.instructions})
    if not messages:
        raise InvalidRequest(
            "'input', with what it continues, holds nothing to answer: no message, no call and no readable reasoning.",
            param="input",
            code="missing_required_parameter",
        )
    made: dict[str, Any] = {"model": wire.model, "messages": messages}
    if wire.stream:
        made["stream"] = True
    made |= {name: raw for name, raw in found.items() if name in _SAME and getattr(wire, name) is not None}
    if wire.max_output_tokens is not None:
        made["max_completion_tokens"] = wire.max_output_tokens
    if asked.logprobs:
        made["logprobs"] = True
        if wire.top_logprobs:
            made["top_logprobs"] = wire.top_logprobs
    if wire.service_tier is not None:
        made["service_tier"] = wire.service_tier
        if wire.service_tier == "ultrafast":
            made["service_tier"], noted["service_tier"] = "fast", "translated"
    if wire.tools:
        _add_tools(asked, made, noted)
    if wire.text is not None:
        _add_text(asked, made)
    if reasoning is not None and reasoning.effort is not None:
        made["reasoning_effort"] = reasoning.effort
    _note_lost(asked, noted)
    if noted and asked.strict:
        listed = "; ".join(f"'{name}' would be {what}" for name, what in noted.items())
        raise UnsupportedParameter(
            "this model is asked in the form of chat completions, which does not have these parameters as they were "
            f"sent, and X-Strict-Params asks that none is changed: {listed}",
            param=next(iter(noted)),
        )
    return ChatRequest(msgspec.json.encode(made), noted)


def _add_tools(asked: Asked, made: dict[str, Any], noted: dict[str, str]) -> None:
    """Without tools, vendors refuse the other two parameters."""
    wire = asked.wire
    made["tools"] = [_tool(tool, i, noted) for i, tool in enumerate(wire.tools or ())]
    choice = wire.tool_choice
    if choice is not None:
        made["tool_choice"] = _choice(choice, "tool_choice") if isinstance(choice, ToolChoice) else choice
    if wire.parallel_tool_calls is not None:
        made["parallel_tool_calls"] = wire.parallel_tool_calls


def _tool(tool: Any, i: int, noted: dict[str, str]) -> dict[str, Any]:
    if not isinstance(tool, FunctionTool | CustomTool):
        raise _refused(f"tools[{i}]", f"'tools[{i}]' is a tool of type '{tool.type}', which runs at a vendor")
    given: dict[str, Any] = {"name": tool.name}
    if tool.description is not None:
        given["description"] = tool.description
    if isinstance(tool, FunctionTool):
        if tool.parameters is not None:
            given["parameters"] = tool.parameters
        if tool.strict is not None:
            given["strict"] = tool.strict
        if tool.output_schema is not None:
            noted["tools.output_schema"] = "ignored"
    elif isinstance(tool.format, CustomToolFormatGrammar):
        grammar = {"definition": tool.format.definition, "syntax": tool.format.syntax}
        given["format"] = {"type": "grammar", "grammar": grammar}
    elif tool.format is not None:
        given["format"] = {"type": "text"}
    if tool.defer_loading:
        noted["tools.defer_loading"] = "ignored"
    if tool.allowed_callers not in (None, ["direct"]):
        noted["tools.allowed_callers"] = "ignored"
    return {"type": tool.type, tool.type: given}


def _choice(choice: ToolChoice | AllowedTool, path: str) -> dict[str, Any]:
    if choice.type in ("function", "custom"):
        return {"type": choice.type, choice.type: {"name": choice.name}}
    if isinstance(choice, ToolChoice) and choice.type == "allowed_tools":
        tools = [_choice(tool, f"{path}.tools[{i}]") for i, tool in enumerate(choice.tools or ())]
        return {"type": "allowed_tools", "allowed_tools": {"mode": choice.mode, "tools": tools}}
    raise _refused(path, f"'{path}' chooses a tool of type '{choice.type}', which runs at a vendor")


def _add_text(asked: Asked, made: dict[str, Any]) -> None:
    text = asked.wire.text
    if text is None:
        return
    if text.verbosity is not None:
        made["verbosity"] = text.verbosity
    form = text.format
    if isinstance(form, ResponseFormatTextJSONSchemaConfig):
        schema: dict[str, Any] = {"name": form.name, "schema": form.schema}
        if form.description is not None:
            schema["description"] = form.description
        if form.strict is not None:
            schema["strict"] = form.strict
        made["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif form is not None and form.type != "text":
        made["response_format"] = {"type": form.type}


def _note_lost(asked: Asked, noted: dict[str, str]) -> None:
    """Notes what nothing in a chat completion says."""
    wire = asked.wire
    if wire.max_tool_calls is not None:
        noted["max_tool_calls"] = "ignored"
    if wire.context_management is not None:
        noted["context_management"] = "ignored"
    if wire.stream_options is not None and wire.stream_options.include_obfuscation:
        noted["stream_options.include_obfuscation"] = "ignored"
    if wire.reasoning is not None:
        if wire.reasoning.summary is not None:
            noted["reasoning.summary"] = "ignored"
        elif wire.reasoning.generate_summary is not None:
            noted["reasoning.generate_summary"] = "ignored"
        if wire.reasoning.mode not in (None, "standard"):
            noted["reasoning.mode"] = "ignored"
    for name, value in asked.members.items():
        if name not in KNOWN and value != _NULL:
            noted[name[:_LONGEST]] = "ignored"


_NULL: Final = Raw(b"null")


def _refused(path: str, what: str) -> InvalidRequest:
    return InvalidRequest(
        f"{what}: this model is asked in the form of chat completions, and only vendors with a responses API of their "
        "own have that.",
        param=path,
        code="unsupported_value",
    )
