"""The tools of a chat completion request, and the choice among them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Raw

from penstock.dialects.chat.messages import FunctionName, WireObject


class FunctionObject(WireObject):
    """A function: `parameters` is a JSON schema, its members still raw; without it the function takes no arguments."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, Raw] | None = None
    strict: bool | None = None


class ChatCompletionTool(WireObject, tag_field="type"):
    """A tool; `type` says of which kind."""


class ChatCompletionFunctionTool(ChatCompletionTool, tag="function"):
    """A function that the model may call with JSON arguments."""

    type: ClassVar[str] = "function"
    function: FunctionObject


class CustomToolFormat(WireObject, tag_field="type"):
    """What a custom tool takes."""


class CustomToolFormatText(CustomToolFormat, tag="text"):
    """Any text."""

    type: ClassVar[str] = "text"


class Grammar(WireObject):
    """A grammar: `definition` is written in `syntax`."""

    definition: str
    syntax: Literal["lark", "regex"]


class CustomToolFormatGrammar(CustomToolFormat, tag="grammar"):
    """Text that fits a grammar."""

    type: ClassVar[str] = "grammar"
    grammar: Grammar


class CustomTool(WireObject):
    """A tool that takes free text instead of JSON."""

    name: FunctionName
    description: str | None = None
    format: CustomToolFormatText | CustomToolFormatGrammar | None = None


class ChatCompletionCustomTool(ChatCompletionTool, tag="custom"):
    """A tool that the model may call with free text."""

    type: ClassVar[str] = "custom"
    custom: CustomTool


class NamedTool(WireObject):
    """A tool by its name."""

    name: str


class ToolChoice(WireObject, tag_field="type"):
    """A choice of tools that is more than a word."""


class ChatCompletionNamedToolChoice(ToolChoice, tag="function"):
    """The model must call this function."""

    type: ClassVar[str] = "function"
    function: NamedTool


class ChatCompletionNamedToolChoiceCustom(ToolChoice, tag="custom"):
    """The model must call this custom tool."""

    type: ClassVar[str] = "custom"
    custom: NamedTool


class AllowedTools(WireObject):
    """The model may (`auto`) or must (`required`) call one of these tools, and no other."""

    mode: Literal["auto", "required"]
    tools: Annotated[
        list[ChatCompletionNamedToolChoice | ChatCompletionNamedToolChoiceCustom], Meta(min_length=1, max_length=128)
    ]


class ChatCompletionAllowedToolChoice(ToolChoice, tag="allowed_tools"):
    """A choice among some of the tools."""

    type: ClassVar[str] = "allowed_tools"
    allowed_tools: AllowedTools


class ChatCompletionFunctionCallOption(WireObject):
    """The model must call this function; deprecated, now `tool_choice`."""

    name: str


class Function(WireObject):
    """A function of `functions`; deprecated, now `tools`."""

    name: FunctionName
    description: str | None = None
    parameters: dict[str, Raw] | None = None


ToolChoiceOption = (
    Literal["none", "auto", "required"]
    | ChatCompletionNamedToolChoice
    | ChatCompletionNamedToolChoiceCustom
    | ChatCompletionAllowedToolChoice
)
FunctionCallOption = Literal["none", "auto"] | ChatCompletionFunctionCallOption
