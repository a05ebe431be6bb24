"""Messages of a request as llama.cpp's chat templates take them: text, four roles, calls of functions."""

from __future__ import annotations

from typing import Any

import msgspec

from penstock.core.errors import InvalidRequest


def translated(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """`messages`, already validated by the dialect, in llama.cpp's form. Raises InvalidRequest for what is not text."""
    result = []
    last_call = ""
    for position, message in enumerate(messages):
        at = f"messages[{position}]"
        match message["role"]:
            case "system" | "developer":
                role = "system"
            case "user":
                role = "user"
            case "assistant":
                answer = _assistant(message, at)
                if "function_call" in message and message["function_call"] is not None:
                    last_call = answer["tool_calls"][0]["id"]
                result.append(answer)
                continue
            case "tool":
                result.append(_of("tool", message, at) | {"tool_call_id": message["tool_call_id"]})
                continue
            case "function":  # deprecated: the answer to the `function_call` before it, which had no id
                result.append(_of("tool", message, at) | {"tool_call_id": last_call})
                continue
            case unknown:
                raise InvalidRequest(f"'{at}.role' is '{unknown}', which a local model cannot take", param=f"{at}.role")
        result.append(_of(role, message, at))
    return result


def _of(role: str, message: dict[str, Any], at: str) -> dict[str, Any]:
    translated = {"role": role, "content": _content(message.get("content"), f"{at}.content")}
    if message.get("name") is not None:
        translated["name"] = message["name"]
    return translated


def _assistant(message: dict[str, Any], at: str) -> dict[str, Any]:
    if message.get("audio") is not None:
        raise InvalidRequest(
            f"'{at}.audio' refers to a spoken answer; a local model has none",
            param=f"{at}.audio",
            code="unsupported_value",
        )
    translated = _of("assistant", message, at)
    if not translated["content"] and message.get("refusal"):
        translated["content"] = message["refusal"]
    if message.get("reasoning_content"):
        translated["reasoning_content"] = message["reasoning_content"]
    calls = [_call(call, f"{at}.tool_calls[{i}]") for i, call in enumerate(message.get("tool_calls") or ())]
    function = message.get("function_call")
    if function is not None:
        calls.append(_function_call(f"call_{at[9:-1]}", function))
    if calls:
        translated["tool_calls"] = calls
    return translated


def _call(call: dict[str, Any], at: str) -> dict[str, Any]:
    if call["type"] != "function":
        raise InvalidRequest(
            f"'{at}.type' is '{call['type']}'; local models know calls of functions only",
            param=f"{at}.type",
            code="unsupported_value",
        )
    return _function_call(call["id"], call["function"])


def _function_call(id: str, function: dict[str, Any]) -> dict[str, Any]:
    return {"id": id, "type": "function", "function": function | {"arguments": _arguments(function["arguments"])}}


def _arguments(text: str) -> str:
    """JSON, as llama.cpp needs it: what is not (a model may have broken it) becomes a JSON string of the same text."""
    try:
        msgspec.json.decode(text)
    except msgspec.DecodeError:
        return msgspec.json.encode(text).decode() if text.strip() else "{}"
    return text


def _content(content: Any, at: str) -> Any:
    """Text, or parts that are all text."""
    if not isinstance(content, list):
        return content if content is not None else ""
    parts = []
    for position, part in enumerate(content):
        match part["type"]:
            case "text":
                parts.append({"type": "text", "text": part["text"]})
            case "refusal":
                parts.append({"type": "text", "text": part["refusal"]})
            case kind:
                raise InvalidRequest(
                    f"'{at}[{position}].type' is '{kind}'; local models read text only",
                    param=f"{at}[{position}].type",
                    code="unsupported_value",
                )
    return parts
