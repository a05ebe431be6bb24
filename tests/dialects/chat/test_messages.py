"""Every form of a message: read as it is, or refused with the place and what is allowed there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.request import decode
from penstock.settings import Limits

USER = {"role": "user", "content": "Hello"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CUSTOM_CALL = {"id": "call_2", "type": "custom", "custom": {"name": "c", "input": "free text"}}
TEXT = {"type": "text", "text": "x"}


def read(messages: list[Any]) -> Any:
    body = json.dumps({"model": "m", "messages": messages}).encode()
    return decode(body, Limits(), id="chatcmpl-1", request_id="req_1", now=0, strict=False).wire.messages


def part(kind: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": kind, kind: value} | more]}


def answer(call_id: str, **more: Any) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": "42"} | more


READ: dict[str, list[dict[str, Any]]] = {
    "developer": [{"role": "developer", "content": "x"}],
    "developer with parts and a name": [{"role": "developer", "content": [TEXT], "name": "n"}],
    "system": [{"role": "system", "content": ""}],
    "system with parts": [{"role": "system", "content": [TEXT, TEXT], "name": None}],
    "user": [{"role": "user", "content": "x", "name": "n"}],
    "user with nothing to say": [{"role": "user", "content": ""}],
    "text part": [part("text", "x")],
    "text part with a breakpoint": [part("text", "x", prompt_cache_breakpoint={"mode": "explicit"})],
    "text part with a vendor's field": [part("text", "x", cache_control={"type": "ephemeral"})],
    "image by https": [part("image_url", {"url": "https://example.com/a.png"})],
    "image by http": [part("image_url", {"url": "http://example.com/a.png", "detail": None})],
    "image by scheme in capitals": [part("image_url", {"url": "HTTPS://example.com/a.png", "detail": "auto"})],
    "image by data": [part("image_url", {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"})],
    "image by data, high": [part("image_url", {"url": "DATA:image/jpeg;q=1;BASE64,/9j/", "detail": "high"})],
    "wav": [part("input_audio", {"data": "UklGRg==", "format": "wav"})],
    "mp3": [part("input_audio", {"data": "SUQz", "format": "mp3"})],
    "file by id": [part("file", {"file_id": "file-1"})],
    "file by base64": [part("file", {"file_data": "JVBERi0=", "filename": "a.pdf"})],
    "file by data URL": [part("file", {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": None})],
    "file by address": [part("file", {"file_data": "https://example.com/a.pdf"})],
    "video by https": [part("video_url", {"url": "https://example.com/a.mp4"})],
    "video by data": [part("video_url", {"url": "data:video/mp4;base64,AAAA"})],
    "several parts": [{"role": "user", "content": [TEXT, *part("image_url", {"url": "https://a"})["content"], TEXT]}],
    "assistant": [{"role": "assistant", "content": "x", "name": "n"}],
    "assistant with nothing to say": [{"role": "assistant", "content": ""}],
    "assistant with parts": [{"role": "assistant", "content": [TEXT, {"type": "refusal", "refusal": "no"}]}],
    "assistant with a refusal": [{"role": "assistant", "content": None, "refusal": "no"}],
    "assistant with audio": [{"role": "assistant", "audio": {"id": "audio_1"}}],
    "assistant with reasoning": [{"role": "assistant", "reasoning_content": "hm"}],
    "assistant with nulls": [
        dict.fromkeys(["refusal", "name", "audio", "tool_calls", "function_call", "reasoning_content"])
        | {"role": "assistant", "content": "x"}
    ],
    "assistant with what an answer has": [{"role": "assistant", "content": "x", "annotations": [], "tool_calls": []}],
    "assistant with a function_call": [
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "42"},
    ],
    "function without content": [{"role": "function", "name": "f", "content": None}],
    "tool call": [{"role": "assistant", "content": None, "tool_calls": [CALL]}, answer("call_1")],
    "tool call beside text": [{"role": "assistant", "content": "x", "tool_calls": [CALL]}, answer("call_1", name="f")],
    "tool call beside no parts": [{"role": "assistant", "content": [], "tool_calls": [CALL]}, answer("call_1")],
    "tool call with broken arguments": [
        {"role": "assistant", "tool_calls": [CALL | {"function": {"name": "f", "arguments": '{"a'}}]},
        answer("call_1", name=None),
    ],
    "custom tool call": [
        {"role": "assistant", "tool_calls": [CALL, CUSTOM_CALL]},
        answer("call_2", content=[TEXT]),
        answer("call_1"),
    ],
}

REFUSED: dict[str, tuple[Any, str, str, str]] = {
    # the messages, param, code, words of the message
    "none": ([], "messages", "array_below_min_length", "an empty array"),
    "null": (None, "messages", "invalid_type", "is null"),
    "a string": ("Hello", "messages", "invalid_type", "an array of at least 1 item"),
    "an object": (USER, "messages", "invalid_type", "an object of 2 members"),
    "a message that is a string": (["Hello"], "messages[0]", "invalid_type", "must be an object"),
    "a message that is null": ([USER, None], "messages[1]", "invalid_type", "is null"),
    "no role": ([{"content": "x"}], "messages[0].role", "missing_required_parameter", "'developer', 'system', 'user'"),
    "unknown role": (
        [USER, {"role": "king", "content": "x"}],
        "messages[1].role",
        "invalid_value",
        "is 'king'; it must be one of 'developer', 'system', 'user', 'assistant', 'tool' or 'function'",
    ),
    "role in capitals": ([{"role": "User", "content": "x"}], "messages[0].role", "invalid_value", "'User'"),
    "role of the wrong type": ([{"role": 1, "content": "x"}], "messages[0].role", "invalid_type", "is 1"),
    "no content": ([{"role": "user"}], "messages[0].content", "missing_required_parameter", "a string, or an array"),
    "null content": ([{"role": "system", "content": None}], "messages[0].content", "invalid_type", "is null"),
    "content of the wrong type": ([{"role": "user", "content": 7}], "messages[0].content", "invalid_type", "is 7"),
    "content that is an object": ([{"role": "user", "content": TEXT}], "messages[0].content", "invalid_type", "object"),
    "no parts": ([{"role": "user", "content": []}], "messages[0].content", "array_below_min_length", "at least 1 item"),
    "a part that is a string": (
        [{"role": "user", "content": [TEXT, "x"]}],
        "messages[0].content[1]",
        "invalid_type",
        "must be an object",
    ),
    "a part without a type": (
        [{"role": "user", "content": [{"text": "x"}]}],
        "messages[0].content[0].type",
        "missing_required_parameter",
        "'text', 'image_url', 'input_audio', 'file' or 'video_url'",
    ),
    "an unknown part": ([part("smell", 1)], "messages[0].content[0].type", "invalid_value", "is 'smell'"),
    "a text part without text": (
        [{"role": "user", "content": [{"type": "text"}]}],
        "messages[0].content[0].text",
        "missing_required_parameter",
        "a string",
    ),
    "a text part of a number": ([part("text", 1)], "messages[0].content[0].text", "invalid_type", "is 1"),
    "an image for the system": (
        [{"role": "system", "content": part("image_url", {"url": "https://a"})["content"]}],
        "messages[0].content[0].type",
        "invalid_value",
        "it must be 'text'",
    ),
    "an image of the assistant": (
        [{"role": "assistant", "content": part("image_url", {"url": "https://a"})["content"]}],
        "messages[0].content[0].type",
        "invalid_value",
        "'text' or 'refusal'",
    ),
    "a refusal of the user": ([part("refusal", "no")], "messages[0].content[0].type", "invalid_value", "'refusal'"),
    "an image that is a string": (
        [part("image_url", "https://a")],
        "messages[0].content[0].image_url",
        "invalid_type",
        "must be an object",
    ),
    "an image without an address": (
        [part("image_url", {"detail": "low"})],
        "messages[0].content[0].image_url.url",
        "missing_required_parameter",
        "a string",
    ),
    "an image of unknown detail": (
        [part("image_url", {"url": "https://a", "detail": "huge"})],
        "messages[0].content[0].image_url.detail",
        "invalid_value",
        "'auto', 'high' or 'low'",
    ),
    "audio of an unknown format": (
        [part("input_audio", {"data": "AAAA", "format": "ogg"})],
        "messages[0].content[0].input_audio.format",
        "invalid_value",
        "'mp3' or 'wav'",
    ),
    "audio without data": (
        [part("input_audio", {"format": "wav"})],
        "messages[0].content[0].input_audio.data",
        "missing_required_parameter",
        "a string",
    ),
    "a name of the wrong type": ([USER | {"name": 5}], "messages[0].name", "invalid_type", "is 5"),
    "a tool message without an id": (
        [{"role": "tool", "content": "x"}],
        "messages[0].tool_call_id",
        "missing_required_parameter",
        "is missing",
    ),
    "a tool message without content": (
        [{"role": "tool", "tool_call_id": "x"}],
        "messages[0].content",
        "missing_required_parameter",
        "is missing",
    ),
    "a function message without a name": (
        [{"role": "function", "content": "x"}],
        "messages[0].name",
        "missing_required_parameter",
        "1 to 64 characters",
    ),
    "a function message without content": (
        [{"role": "function", "name": "f"}],
        "messages[0].content",
        "missing_required_parameter",
        "a string",
    ),
    "tool_calls of the wrong type": (
        [{"role": "assistant", "tool_calls": CALL}],
        "messages[0].tool_calls",
        "invalid_type",
        "it must be an array",
    ),
    "a tool call without an id": (
        [{"role": "assistant", "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": ""}}]}],
        "messages[0].tool_calls[0].id",
        "missing_required_parameter",
        "is missing",
    ),
    "a tool call without a type": (
        [{"role": "assistant", "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": ""}}]}],
        "messages[0].tool_calls[0].type",
        "missing_required_parameter",
        "'function' or 'custom'",
    ),
    "arguments that are an object": (
        [{"role": "assistant", "tool_calls": [CALL | {"function": {"name": "f", "arguments": {}}}]}],
        "messages[0].tool_calls[0].function.arguments",
        "invalid_type",
        "an empty object; it must be a string",
    ),
    "a called function with a dot in its name": (
        [{"role": "assistant", "tool_calls": [CALL | {"function": {"name": "a.b", "arguments": ""}}]}],
        "messages[0].tool_calls[0].function.name",
        "invalid_value",
        "a digit, '_' or '-'",
    ),
    "audio of the assistant without an id": (
        [{"role": "assistant", "audio": {}}],
        "messages[0].audio.id",
        "missing_required_parameter",
        "is missing",
    ),
}


@pytest.mark.parametrize("case", READ)
def test_a_form_is_read(case: str) -> None:
    sent = READ[case]
    got = read(sent)
    assert [message.role for message in got] == [message["role"] for message in sent]
    for message, source in zip(got, sent, strict=True):
        content = source.get("content")
        if isinstance(content, list):
            assert [each.type for each in message.content] == [each["type"] for each in content]
        else:
            assert message.content == content
        for call, calling in zip(message.tool_calls or [], source["tool_calls"], strict=True) if _calls(source) else ():
            assert (call.id, call.type) == (calling["id"], calling["type"])


def _calls(message: dict[str, Any]) -> bool:
    return message["role"] == "assistant" and bool(message.get("tool_calls"))


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_is_refused(case: str) -> None:
    messages, param, code, words = REFUSED[case]
    with pytest.raises(InvalidRequest) as caught:
        read(messages)
    assert (caught.value.param, caught.value.code) == (param, code), caught.value.message
    assert words in caught.value.message
