"""The choice among the tools of a responses request, and whether it can be met."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal

from msgspec import Meta

from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.messages import WireObject
from penstock.dialects.responses.tools import MCPTool, NamespaceTool, ToolSearchTool
from penstock.settings import Limits


class ToolChoice(WireObject):
    """A choice of tools that is more than a word. Which members it needs besides `type`, `check` says."""

    type: Literal[
        "function",
        "custom",
        "allowed_tools",
        "mcp",
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
    ]
    name: str | None = None
    server_label: str | None = None
    mode: Literal["auto", "required"] | None = None
    tools: Annotated[list[AllowedTool], Meta(min_length=1, max_length=128)] | None = None


class AllowedTool(WireObject):
    """One of the tools that `allowed_tools` leaves."""

    type: Literal[
        "function",
        "custom",
        "mcp",
        "file_search",
        "web_search",
        "web_search_2025_08_26",
        "web_search_preview",
        "web_search_preview_2025_03_11",
        "computer",
        "computer_use_preview",
        "code_interpreter",
        "image_generation",
        "programmatic_tool_calling",
        "local_shell",
        "shell",
        "apply_patch",
        "namespace",
        "tool_search",
    ]
    name: str | None = None
    server_label: str | None = None


ToolChoiceOption = Literal["none", "auto", "required"] | ToolChoice

_NEEDS: Final[dict[str, tuple[str, ...]]] = {
    "function": ("name",),
    "custom": ("name",),
    "mcp": ("server_label",),
    "allowed_tools": ("mode", "tools"),
}
_BRINGS_OTHERS: Final = (NamespaceTool, ToolSearchTool, MCPTool)  # tools that are not in `tools` themselves


def check(tools: Sequence[Any] | None, choice: str | ToolChoice | None, limits: Limits) -> None:
    """Raises InvalidRequest for too many tools, and for a choice among tools that are not there."""
    tools = tools or []
    if len(tools) > limits.tools:
        raise InvalidRequest(
            f"'tools' is an array of {len(tools)}; at most {limits.tools} tools are allowed.",
            param="tools",
            code="array_above_max_length",
        )
    if choice is None or choice == "none" or choice == "auto":
        return
    if isinstance(choice, ToolChoice):
        _check_members(choice, "tool_choice")
    if not tools:
        raise InvalidRequest(
            "'tool_choice' asks for a tool, but 'tools' is missing or empty; give 'tools', or choose 'none' or 'auto'.",
            param="tool_choice",
        )
    if isinstance(choice, ToolChoice):
        if choice.type != "allowed_tools":
            _check_there(choice, tools, "tool_choice")
        for i, allowed in enumerate(choice.tools or ()):
            _check_members(allowed, f"tool_choice.tools[{i}]")
            _check_there(allowed, tools, f"tool_choice.tools[{i}]")


def _check_members(named: ToolChoice | AllowedTool, path: str) -> None:
    for name in _NEEDS.get(named.type, ()):
        if getattr(named, name, None) is None:
            raise InvalidRequest(
                f"'{path}.{name}' is missing; a choice of type '{named.type}' needs it.",
                param=f"{path}.{name}",
                code="missing_required_parameter",
            )


def _check_there(named: ToolChoice | AllowedTool, tools: Sequence[Any], path: str) -> None:
    """Of tools that run at a vendor, the vendor knows which choice means which."""
    if named.type not in ("function", "custom"):
        return
    for tool in tools:
        if isinstance(tool, _BRINGS_OTHERS) or (tool.type == named.type and tool.name == named.name):
            return
    raise InvalidRequest(
        f"'{path}' names the {named.type} tool '{(named.name or '')[:64]}', which is not among 'tools'.", param=path
    )
