"""The tools of a responses request, and the choice among them, in the order of the official document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Raw

from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.messages import FunctionName, WireObject
from penstock.settings import Limits


class Tool(WireObject, tag_field="type"):
    """A tool; `type` says of which kind."""


class FunctionTool(Tool, tag="function"):
    """A function that the model may call; `parameters` is a JSON schema, its members still raw."""

    type: ClassVar[str] = "function"
    name: FunctionName
    description: str | None = None
    parameters: dict[str, Raw] | None = None
    strict: bool | None = None
    output_schema: dict[str, Raw] | None = None
    defer_loading: bool | None = None
    allowed_callers: list[str] | None = None


class CustomToolFormat(WireObject, tag_field="type"):
    """What a custom tool takes."""


class CustomToolFormatText(CustomToolFormat, tag="text"):
    """Any text."""

    type: ClassVar[str] = "text"


class CustomToolFormatGrammar(CustomToolFormat, tag="grammar"):
    """Text that fits a grammar: `definition` is written in `syntax`."""

    type: ClassVar[str] = "grammar"
    definition: str
    syntax: Literal["lark", "regex"]


class CustomTool(Tool, tag="custom"):
    """A tool that the model may call with free text."""

    type: ClassVar[str] = "custom"
    name: FunctionName
    description: str | None = None
    format: CustomToolFormatText | CustomToolFormatGrammar | None = None
    defer_loading: bool | None = None
    allowed_callers: list[str] | None = None


class FileSearchTool(Tool, tag="file_search"):
    """The vendor searches its vector stores. This tool and those below run at a vendor, which says what else may be
    in them."""

    type: ClassVar[str] = "file_search"
    vector_store_ids: list[str]


class ComputerTool(Tool, tag="computer"):
    """The model works a computer of the client's."""

    type: ClassVar[str] = "computer"


class ComputerUsePreviewTool(Tool, tag="computer_use_preview"):
    """The model works a computer of the client's; older form."""

    type: ClassVar[str] = "computer_use_preview"
    environment: str
    display_width: int
    display_height: int


class WebSearchTool(Tool, tag="web_search"):
    """The vendor searches the web."""

    type: ClassVar[str] = "web_search"


class WebSearch20250826Tool(Tool, tag="web_search_2025_08_26"):
    """`web_search` as of one day."""

    type: ClassVar[str] = "web_search_2025_08_26"


class MCPTool(Tool, tag="mcp"):
    """The vendor calls the tools of an MCP server."""

    type: ClassVar[str] = "mcp"
    server_label: str


class CodeInterpreterTool(Tool, tag="code_interpreter"):
    """The vendor runs Python; `container` is an id or an object."""

    type: ClassVar[str] = "code_interpreter"
    container: str | dict[str, Raw]


class ProgrammaticToolCallingTool(Tool, tag="programmatic_tool_calling"):
    """The vendor runs programs that call tools."""

    type: ClassVar[str] = "programmatic_tool_calling"


class ImageGenerationTool(Tool, tag="image_generation"):
    """The vendor makes images."""

    type: ClassVar[str] = "image_generation"


class LocalShellTool(Tool, tag="local_shell"):
    """The model gives commands to a shell of the client's."""

    type: ClassVar[str] = "local_shell"


class FunctionShellTool(Tool, tag="shell"):
    """The model gives commands to a shell."""

    type: ClassVar[str] = "shell"


class NamespaceTool(Tool, tag="namespace"):
    """Functions and custom tools under one name."""

    type: ClassVar[str] = "namespace"
    name: Annotated[str, Meta(min_length=1)]
    description: str
    tools: Annotated[list[FunctionTool | CustomTool], Meta(min_length=1)]


class ToolSearchTool(Tool, tag="tool_search"):
    """The model looks for tools whose loading was deferred."""

    type: ClassVar[str] = "tool_search"


class WebSearchPreviewTool(Tool, tag="web_search_preview"):
    """The vendor searches the web; older form."""

    type: ClassVar[str] = "web_search_preview"


class WebSearchPreview20250311Tool(Tool, tag="web_search_preview_2025_03_11"):
    """`web_search_preview` as of one day."""

    type: ClassVar[str] = "web_search_preview_2025_03_11"


class ApplyPatchTool(Tool, tag="apply_patch"):
    """The model gives patches that the client applies."""

    type: ClassVar[str] = "apply_patch"


AnyTool = (
    FunctionTool
    | CustomTool
    | FileSearchTool
    | ComputerTool
    | ComputerUsePreviewTool
    | WebSearchTool
    | WebSearch20250826Tool
    | MCPTool
    | CodeInterpreterTool
    | ProgrammaticToolCallingTool
    | ImageGenerationTool
    | LocalShellTool
    | FunctionShellTool
    | NamespaceTool
    | ToolSearchTool
    | WebSearchPreviewTool
    | WebSearchPreview20250311Tool
    | ApplyPatchTool
)


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
