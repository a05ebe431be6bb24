"""The response resource as it begins: what was asked, with a value for everything."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from penstock.dialects.profiles import Profile
from penstock.dialects.responses.request import Asked, ResponsesRequest

_SECRETS: Final = ("authorization", "headers")
"""members of an MCP tool that go to its server and are not said again"""


def resource(asked: Asked, *, id: str, created: int, model: str, profile: Profile) -> dict[str, Any]:
    """The response `id`, in progress, with nothing in its `output` yet; `created` in Unix seconds, `model` the name
    that answers say.

    It has every member that the official schema and Open Responses require and that OpenAI always sends, and where the
    request says nothing the default that holds: no number, no choice of tools and no tier is null. As at OpenAI, `user`
    and the `description` of a schema are null where there is none, though the official schema has no null for them.
    """
    wire, found = asked.wire, asked.members
    temperature, top_p = wire.temperature, wire.top_p
    made: dict[str, Any] = {
        "id": id,
        "object": "response",
        "created_at": created,
        "completed_at": None,
        "status": "in_progress",
        "background": bool(wire.background),
        "error": None,
        "incomplete_details": None,
        "instructions": wire.instructions,
        "max_output_tokens": wire.max_output_tokens,
        "max_tool_calls": wire.max_tool_calls,
        "metadata": wire.metadata or {},
        "model": model,
        "output": [],
        "output_text": "",
        "parallel_tool_calls": wire.parallel_tool_calls is not False,
        "presence_penalty": wire.presence_penalty or 0.0,
        "frequency_penalty": wire.frequency_penalty or 0.0,
        "previous_response_id": wire.previous_response_id,
        "conversation": {"id": asked.conversation} if asked.conversation is not None else None,
        "prompt": msgspec.json.decode(found["prompt"]) if wire.prompt is not None else None,
        "prompt_cache_key": wire.prompt_cache_key,
        "prompt_cache_retention": wire.prompt_cache_retention,
        "reasoning": _reasoning(wire),
        "safety_identifier": wire.safety_identifier,
        "service_tier": wire.service_tier or "auto",
        "store": wire.store if wire.store is not None else profile.store_responses,
        "temperature": 1.0 if temperature is None else temperature,
        "text": _text(asked),
        "tool_choice": msgspec.json.decode(found["tool_choice"]) if wire.tool_choice is not None else "auto",
        "tools": _tools(asked) if wire.tools else [],
        "top_logprobs": wire.top_logprobs or 0,
        "top_p": 1.0 if top_p is None else top_p,
        "truncation": wire.truncation or "disabled",
        "usage": None,
        "user": wire.user,
    }
    # The official schema has it, but not as null, and OpenAI does not send that either.
    if wire.prompt_cache_options is not None:
        made["prompt_cache_options"] = {
            "mode": wire.prompt_cache_options.mode or "implicit",
            "ttl": wire.prompt_cache_options.ttl or "30m",
        }
    return made


def _reasoning(wire: ResponsesRequest) -> dict[str, Any]:
    given = wire.reasoning
    if given is None:
        return {"effort": None, "summary": None}
    made: dict[str, Any] = {"effort": given.effort, "summary": given.summary or given.generate_summary}
    if given.mode is not None:
        made["mode"] = given.mode
    if given.context is not None:
        made["context"] = given.context
    return made


def _text(asked: Asked) -> dict[str, Any]:
    text = asked.wire.text
    form: dict[str, Any] = {"type": "text"}
    if text is not None and text.format is not None:
        given = msgspec.json.decode(asked.members["text"])["format"]
        form = {name: value for name, value in given.items() if value is not None}
        if form["type"] == "json_schema":
            form = {"description": None, "strict": False} | form
    return {"format": form, "verbosity": (text.verbosity if text is not None else None) or "medium"}


def _tools(asked: Asked) -> list[dict[str, Any]]:
    return [_tool(tool) for tool in msgspec.json.decode(asked.members["tools"])]


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in tool.items() if value is not None}
    if tool["type"] == "function":  # Open Responses wants all five, null or not
        return {"description": None, "parameters": None, "strict": None, **told}
    if tool["type"] == "mcp":
        for name in _SECRETS:
            told.pop(name, None)
    return told
