"""The choice among tools: every form, what it needs, and tools that are not there."""

from __future__ import annotations

from typing import Any

import pytest
from tests.dialects.responses.test_tools import MCP, C, F, read

from penstock.core.errors import InvalidRequest


def allowed(*tools: Any, **more: Any) -> dict[str, Any]:
    return {"type": "allowed_tools", "mode": "auto", "tools": list(tools)} | more


@pytest.mark.parametrize(
    "choice",
    [
        "none",
        "auto",
        "required",
        F,
        C,
        MCP | {"name": "ask"},
        allowed(F, C, MCP, {"type": "image_generation"}, {"type": "web_search"}),
        allowed(*[F] * 128, mode="required"),
        *(
            {"type": kind}
            for kind in (
                "file_search",
                "web_search_preview",
                "web_search_preview_2025_03_11",
                "computer",
                "computer_use",
                "computer_use_preview",
                "code_interpreter",
                "image_generation",
                "programmatic_tool_calling",
                "apply_patch",
                "shell",
            )
        ),
    ],
)
def test_a_choice_is_accepted(choice: Any) -> None:
    assert read(tools=[F, C], tool_choice=choice).wire.tool_choice is not None


@pytest.mark.parametrize(
    ("choice", "param", "code", "words"),
    [
        ("any", "tool_choice", "invalid_value", "'required'"),
        (1, "tool_choice", "invalid_type", "an object"),
        ({}, "tool_choice.type", "missing_required_parameter", "'allowed_tools'"),
        ({"type": "telepathy"}, "tool_choice.type", "invalid_value", "'function'"),
        ({"type": "function"}, "tool_choice.name", "missing_required_parameter", "'function' needs it"),
        ({"type": "function", "function": {"name": "f"}}, "tool_choice.name", "missing_required_parameter", "needs"),
        ({"type": "custom"}, "tool_choice.name", "missing_required_parameter", "'custom' needs it"),
        ({"type": "mcp"}, "tool_choice.server_label", "missing_required_parameter", "'mcp' needs it"),
        ({"type": "allowed_tools", "tools": [F]}, "tool_choice.mode", "missing_required_parameter", "needs it"),
        ({"type": "allowed_tools", "mode": "auto"}, "tool_choice.tools", "missing_required_parameter", "needs it"),
        (allowed(), "tool_choice.tools", "array_below_min_length", "1 to 128"),
        (allowed(*[F] * 129), "tool_choice.tools", "array_above_max_length", "1 to 128"),
        (allowed(F, mode="none"), "tool_choice.mode", "invalid_value", "'auto' or 'required'"),
        (allowed(F, {"type": "function"}), "tool_choice.tools[1].name", "missing_required_parameter", "needs it"),
        (allowed(F, allowed(F)), "tool_choice.tools[1].type", "invalid_value", "'function'"),
        (allowed(C, F | {"name": "g"}), "tool_choice.tools[1]", "invalid_value", "'g', which is not among"),
        (F | {"name": "c"}, "tool_choice", "invalid_value", "the function tool 'c'"),
        (C | {"name": "f"}, "tool_choice", "invalid_value", "the custom tool 'f'"),
    ],
)
def test_a_choice_is_refused(choice: Any, param: str, code: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(tools=[F, C], tool_choice=choice)
    assert (caught.value.param, caught.value.code) == (param, code), caught.value.message
    assert words in caught.value.message


@pytest.mark.parametrize("choice", ["required", F, allowed(F), {"type": "shell"}])
@pytest.mark.parametrize("tools", [[], None])
def test_a_choice_needs_tools(choice: Any, tools: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(tools=tools, tool_choice=choice)
    assert caught.value.param == "tool_choice"
    assert "'tools' is missing or empty" in caught.value.message


def test_a_choice_may_name_a_tool_that_others_bring() -> None:
    brings = {"type": "namespace", "name": "crm", "description": "d", "tools": [F]}
    assert read(tools=[brings], tool_choice=F).wire.tool_choice
