"""What must hold between the fields of a chat completion request, and what their types cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.tools import (
    ChatCompletionAllowedToolChoice,
    ChatCompletionCustomTool,
    ChatCompletionFunctionCallOption,
    ChatCompletionFunctionTool,
    ChatCompletionNamedToolChoice,
    ChatCompletionNamedToolChoiceCustom,
)
from penstock.settings import Limits

if TYPE_CHECKING:
    from penstock.dialects.chat.request import ChatCompletionRequest

METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 64, 512
LOGIT_BIAS = 100


def check(request: ChatCompletionRequest, limits: Limits, *, strict: bool) -> None:
    """Raises InvalidRequest for the first rule that is broken. `strict`: nothing may be passed over in silence."""
    if not request.model.isprintable():
        raise InvalidRequest(
            "'model' holds characters that cannot be printed; no model has such a name.", param="model"
        )
    if request.stream_options is not None and not request.stream:
        raise InvalidRequest(
            "'stream_options' is allowed only with 'stream' set to true; leave it out or stream.",
            param="stream_options",
        )
    if request.top_logprobs is not None and not request.logprobs:
        raise InvalidRequest("'top_logprobs' is allowed only with 'logprobs' set to true.", param="top_logprobs")
    if request.tools is not None or request.tool_choice is not None:
        _check_tools(request, limits)
    if request.function_call is not None:
        _check_function_call(request)
    if request.logit_bias:
        _check_logit_bias(request.logit_bias)
    if request.metadata:
        _check_metadata(request.metadata)
    if request.modalities is not None and "audio" in request.modalities and request.audio is None:
        raise InvalidRequest(
            "'audio' is missing: 'modalities' asks for audio, so 'audio' must give a 'voice' and a 'format'.",
            param="audio",
            code="missing_required_parameter",
        )
    if strict and request.max_tokens is not None and request.max_completion_tokens is not None:
        raise InvalidRequest(
            "'max_tokens' and 'max_completion_tokens' are both given; X-Strict-Params allows only one of them "
            "(otherwise 'max_completion_tokens' wins).",
            param="max_tokens",
            code="invalid_parameter_combination",
        )


def _check_tools(request: ChatCompletionRequest, limits: Limits) -> None:
    tools = request.tools or []
    if len(tools) > limits.tools:
        raise InvalidRequest(
            f"'tools' is an array of {len(tools)}; at most {limits.tools} tools are allowed.",
            param="tools",
            code="array_above_max_length",
        )
    choice = request.tool_choice
    if choice is None or choice == "none" or choice == "auto":
        return
    if not tools:
        raise InvalidRequest(
            "'tool_choice' asks for a tool, but 'tools' is missing or empty; give 'tools', or choose 'none' or 'auto'.",
            param="tool_choice",
        )
    if isinstance(choice, ChatCompletionNamedToolChoice | ChatCompletionNamedToolChoiceCustom):
        _check_named(choice, tools, "tool_choice")
    elif isinstance(choice, ChatCompletionAllowedToolChoice):
        for i, named in enumerate(choice.allowed_tools.tools):
            _check_named(named, tools, f"tool_choice.allowed_tools.tools[{i}]")


def _check_named(
    named: ChatCompletionNamedToolChoice | ChatCompletionNamedToolChoiceCustom,
    tools: list[ChatCompletionFunctionTool | ChatCompletionCustomTool],
    path: str,
) -> None:
    if isinstance(named, ChatCompletionNamedToolChoice):
        name = named.function.name
        there = any(isinstance(tool, ChatCompletionFunctionTool) and tool.function.name == name for tool in tools)
    else:
        name = named.custom.name
        there = any(isinstance(tool, ChatCompletionCustomTool) and tool.custom.name == name for tool in tools)
    if not there:
        raise InvalidRequest(
            f"'{path}' names the {named.type} tool '{name[:64]}', which is not among 'tools'.",
            param=path,
        )


def _check_function_call(request: ChatCompletionRequest) -> None:
    call = request.function_call
    if isinstance(call, ChatCompletionFunctionCallOption) and all(
        function.name != call.name for function in request.functions or []
    ):
        raise InvalidRequest(
            f"'function_call' names the function '{call.name[:64]}', which is not among 'functions'.",
            param="function_call",
        )


def _check_logit_bias(bias: dict[str, float]) -> None:
    for token, value in bias.items():
        if not -LOGIT_BIAS <= value <= LOGIT_BIAS:
            raise InvalidRequest(
                f"'logit_bias' gives {value:g} to the token '{token[:64]}'; "
                f"each bias must be a number from -{LOGIT_BIAS} to {LOGIT_BIAS}.",
                param=f"logit_bias.{token[:64]}",
                code="decimal_above_max_value" if value > 0 else "decimal_below_min_value",
            )


def _check_metadata(metadata: dict[str, str]) -> None:
    for key, value in metadata.items():
        if len(key) > METADATA_KEY_LENGTH:
            raise InvalidRequest(
                f"'metadata' has a key of {len(key)} characters ('{key[:32]}...'); "
                f"at most {METADATA_KEY_LENGTH} are allowed.",
                param="metadata",
                code="string_above_max_length",
            )
        if len(value) > METADATA_VALUE_LENGTH:
            raise InvalidRequest(
                f"'metadata.{key}' is a string of {len(value)} characters; "
                f"at most {METADATA_VALUE_LENGTH} are allowed.",
                param=f"metadata.{key}",
                code="string_above_max_length",
            )
