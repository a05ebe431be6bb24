"""The tools of a responses request, in the order of the official document."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Raw

from penstock.dialects.chat.messages import FunctionName, WireObject


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
