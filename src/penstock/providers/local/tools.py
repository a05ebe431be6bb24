"""Which functions a local model may call, which it must, and in which form it is asked to."""

from __future__ import annotations

import enum
from typing import Any

import msgspec

from penstock.core.call import Call
from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.request import ChatCompletionRequest, ResponseFormatText
from penstock.dialects.chat.tools import (
    ChatCompletionAllowedToolChoice,
    ChatCompletionFunctionCallOption,
    ChatCompletionNamedToolChoice,
    ChatCompletionNamedToolChoiceCustom,
    ToolChoiceOption,
)
from penstock.providers.local import schema


class Mode(enum.Enum):
    """How calls come about."""

    NONE = "none"
    """no call: there are no functions, or `tool_choice` is none"""
    FREE = "free"
    """the model may call, in the form of its own chat template, which llama.cpp reads"""
    FORCED = "forced"
    """the model must call: a grammar of ours lets it write nothing else"""
    EITHER = "either"
    """the model may call or answer, and its answer must be JSON: a grammar of ours lets it write either"""


class Tools(msgspec.Struct, frozen=True):
    """The functions of a request. `offered` is what the chat template shows, `callable` what may be called.

    `legacy` is true where the request has the deprecated `functions`, and so has its answer.
    """

    mode: Mode
    offered: list[dict[str, Any]] = []
    callable: list[dict[str, Any]] = []
    parallel: bool = True
    legacy: bool = False

    @property
    def names(self) -> list[str]:
        """Names of what may be called."""
        return [function["name"] for function in self.callable]


def chosen(call: Call) -> Tools:
    """The functions of `call`. Raises InvalidRequest for custom tools, and for parameters that no grammar can hold."""
    wire: ChatCompletionRequest = call.wire
    legacy = not wire.tools and bool(wire.functions)
    functions = _legacy(call) if legacy else _functions(call)
    if not functions:
        return Tools(Mode.NONE)
    choice: ToolChoiceOption | str = (_modern(wire) if legacy else wire.tool_choice) or "auto"
    if isinstance(choice, ChatCompletionNamedToolChoiceCustom):
        raise _custom("tool_choice")
    must = choice == "required"
    callable_ = functions
    if isinstance(choice, ChatCompletionNamedToolChoice):
        must, callable_ = True, _only({choice.function.name}, functions)
    elif isinstance(choice, ChatCompletionAllowedToolChoice):
        must = choice.allowed_tools.mode == "required"
        named = [n for n in choice.allowed_tools.tools if isinstance(n, ChatCompletionNamedToolChoice)]
        callable_ = _only({n.function.name for n in named}, functions)
    if choice == "none" or not callable_:
        return Tools(Mode.NONE, functions, legacy=legacy)
    _check(functions, "functions[{}].parameters" if legacy else "tools[{}].function.parameters", must)
    parallel = wire.parallel_tool_calls is not False
    if must:
        return Tools(Mode.FORCED, functions, callable_, parallel, legacy)
    if wire.response_format is None or isinstance(wire.response_format, ResponseFormatText):
        return Tools(Mode.FREE, callable_, callable_, parallel, legacy)
    return Tools(Mode.EITHER, functions, callable_, parallel, legacy)


def shown(function: dict[str, Any]) -> dict[str, Any]:
    """A function as chat templates know it."""
    known = {"name": function["name"], "parameters": schema.parameters(function)}
    return known if function.get("description") is None else known | {"description": function["description"]}


def _functions(call: Call) -> list[dict[str, Any]]:
    tools = msgspec.json.decode(call.members["tools"]) if call.wire.tools else []
    for position, tool in enumerate(tools):
        if tool["type"] != "function":
            raise _custom(f"tools[{position}].type")
    return [tool["function"] for tool in tools]


def _legacy(call: Call) -> list[dict[str, Any]]:
    functions: list[dict[str, Any]] = msgspec.json.decode(call.members["functions"])
    return functions


def _modern(wire: ChatCompletionRequest) -> ToolChoiceOption | None:
    """`function_call` as the `tool_choice` that it is today."""
    choice = wire.function_call
    if isinstance(choice, ChatCompletionFunctionCallOption):
        return msgspec.convert({"type": "function", "function": {"name": choice.name}}, ChatCompletionNamedToolChoice)
    return choice


def _only(names: set[str], functions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [function for function in functions if function["name"] in names]


def _check(functions: list[dict[str, Any]], path: str, must: bool) -> None:
    for position, function in enumerate(functions):
        at = path.format(position)
        parameters = schema.parameters(function)
        schema.check(parameters, at, strict=must and function.get("strict") is True)
        if parameters.get("type", "object") != "object":
            raise InvalidRequest(f"'{at}.type' must be 'object': arguments are an object", param=f"{at}.type")


def _custom(param: str) -> InvalidRequest:
    return InvalidRequest(
        f"'{param}' asks for a custom tool; local models call functions only", param=param, code="unsupported_value"
    )
