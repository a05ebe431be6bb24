"""The tools of a request: every kind, and what it needs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.core.errors import InvalidRequest
from penstock.dialects.profiles import OPENAI
from penstock.dialects.responses.request import Asked, decode
from penstock.settings import Limits

F = {"type": "function", "name": "f"}
C = {"type": "custom", "name": "c"}
MCP = {"type": "mcp", "server_label": "deep"}
HOSTED: list[dict[str, Any]] = [
    MCP | {"server_url": "https://example.com", "require_approval": "never", "headers": {"a": "b"}},
    {"type": "file_search", "vector_store_ids": ["vs_1"]},
    {"type": "computer"},
    {"type": "computer_use_preview", "environment": "linux", "display_width": 800, "display_height": 600},
    {"type": "web_search", "search_context_size": "low"},
    {"type": "web_search_2025_08_26"},
    {"type": "web_search_preview"},
    {"type": "web_search_preview_2025_03_11"},
    {"type": "code_interpreter", "container": "cntr_1"},
    {"type": "code_interpreter", "container": {"type": "auto"}},
    {"type": "programmatic_tool_calling"},
    {"type": "image_generation", "size": "auto"},
    {"type": "local_shell"},
    {"type": "shell"},
    {"type": "namespace", "name": "crm", "description": "d", "tools": [F, C]},
    {"type": "tool_search"},
    {"type": "apply_patch"},
]


def read(**fields: Any) -> Asked:
    return decode(json.dumps({"model": "m", "input": "a"} | fields).encode(), Limits(), profile=OPENAI, strict=False)


@pytest.mark.parametrize(
    "tool",
    [
        F,
        F | {"description": None, "parameters": None, "strict": None, "output_schema": {}, "defer_loading": True},
        F | {"name": "A-z_0" * 12, "parameters": {"type": "object"}, "strict": True, "anything": 1},
        C,
        C | {"format": {"type": "text"}, "description": "d"},
        C | {"format": {"type": "grammar", "syntax": "lark", "definition": "start: A"}},
        *HOSTED,
    ],
)
def test_a_tool_is_accepted(tool: dict[str, Any]) -> None:
    (got,) = read(tools=[tool]).wire.tools or []
    assert got.type == tool["type"]


@pytest.mark.parametrize(
    ("tool", "param", "code", "words"),
    [
        (1, "tools[1]", "invalid_type", "an object"),
        ({}, "tools[1].type", "missing_required_parameter", "'web_search'"),
        ({"type": "telepathy"}, "tools[1].type", "invalid_value", "'apply_patch'"),
        ({"type": "telepathy"}, "tools[1].type", "invalid_value", "'function'"),
        ({"type": "function"}, "tools[1].name", "missing_required_parameter", "1 to 64"),
        ({"type": "function", "function": {"name": "f"}}, "tools[1].name", "missing_required_parameter", "1 to 64"),
        (F | {"name": "a b"}, "tools[1].name", "invalid_value", "a letter"),
        (F | {"parameters": []}, "tools[1].parameters", "invalid_type", "an object"),
        (F | {"strict": "yes"}, "tools[1].strict", "invalid_type", "true or false"),
        (C | {"format": {"type": "json"}}, "tools[1].format.type", "invalid_value", "'grammar'"),
        (
            C | {"format": {"type": "grammar", "syntax": "peg", "definition": ""}},
            "tools[1].format.syntax",
            "invalid_value",
            "'lark' or 'regex'",
        ),
        ({"type": "mcp"}, "tools[1].server_label", "missing_required_parameter", "a string"),
        ({"type": "file_search"}, "tools[1].vector_store_ids", "missing_required_parameter", "an array"),
        ({"type": "code_interpreter"}, "tools[1].container", "missing_required_parameter", "a string, or an object"),
        (
            {"type": "namespace", "name": "n", "description": "d", "tools": [{"type": "mcp"}]},
            "tools[1].tools[0].type",
            "invalid_value",
            "'function' or 'custom'",
        ),
    ],
)
def test_a_tool_is_refused(tool: Any, param: str, code: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(tools=[F, tool])
    assert (caught.value.param, caught.value.code) == (param, code), caught.value.message
    assert words in caught.value.message
