"""Stored chat completions on the wire: as they are listed, their messages, and their lines of a fine-tuning file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from penstock.dialects.chat.response import ChatCompletion


class StoredChat(Struct):
    """What is kept beside the messages: the chat.completion as it was answered, and the request's other members."""

    completion: dict[str, Raw]
    request: dict[str, Raw] = {}


class StoredChatCompletion(ChatCompletion, kw_only=True):
    """A stored answer, with what the request asked of it."""

    metadata: dict[str, str]
    tools: list[dict[str, Any]] | None
    tool_choice: str | dict[str, Any] | None
    response_format: dict[str, Any] | None
    temperature: float | None
    top_p: float | None
    presence_penalty: float | None
    frequency_penalty: float | None
    seed: int | None
    input_user: str | None


class ChatCompletionList(Struct):
    """A page of stored completions; the next one begins after `last_id`."""

    object: Literal["list"]
    data: list[StoredChatCompletion]
    first_id: str
    last_id: str
    has_more: bool


class ChatCompletionStoreMessage(Struct):
    """A message of the request, with what else it had. `content_parts` is there where its content was no text."""

    id: str
    role: Literal["developer", "system", "user", "assistant", "tool", "function"]
    content: str | None
    refusal: str | None
    content_parts: list[dict[str, Any]] | None
    name: str | UnsetType = UNSET
    tool_calls: list[dict[str, Any]] | UnsetType = UNSET
    tool_call_id: str | UnsetType = UNSET


class ChatCompletionMessageList(Struct):
    """A page of messages; the next one begins after `last_id`."""

    object: Literal["list"]
    data: list[ChatCompletionStoreMessage]
    first_id: str
    last_id: str
    has_more: bool


class ChatCompletionDeleted(Struct):
    """What a deletion is answered with."""

    object: Literal["chat.completion.deleted"]
    id: str
    deleted: bool


_NULL: Final = Raw(b"null")
# Under the names that the official API shows them by.
_ASKED: Final = {
    name: name
    for name in (
        "tools",
        "tool_choice",
        "response_format",
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "seed",
    )
} | {"input_user": "user"}

# What a message of a fine-tuning file may have; there is no developer in one, who is the same as the system.
_SAID: Final = ("role", "content", "name")
_MEMBERS: Final = {
    "system": _SAID,
    "developer": _SAID,
    "user": _SAID,
    "assistant": ("role", "content", "name", "refusal", "audio", "tool_calls", "function_call"),
    "tool": ("role", "content", "tool_call_id"),
    "function": _SAID,
}
_OF_THE_FILE: Final = ("tools", "parallel_tool_calls", "functions")

_stored: Final = msgspec.json.Decoder(StoredChat).decode
_message: Final = msgspec.json.Decoder(dict[str, Raw]).decode


class _Choice(Struct):
    message: dict[str, Raw]


class _Audio(Struct):
    id: str


_choices: Final = msgspec.json.Decoder(list[_Choice]).decode
_audio: Final = msgspec.json.Decoder(_Audio).decode
_text: Final = msgspec.json.Decoder(str).decode


def listed(body: bytes, metadata: Mapping[str, str]) -> dict[str, Any]:
    """The completion as a list shows it. `body` is a StoredChat; what the request did not say is null."""
    stored = _stored(body)
    asked = {name: stored.request.get(said, _NULL) for name, said in _ASKED.items()}
    return {**asked, **stored.completion, "metadata": metadata}


def messages(id: str, sent: Sequence[Raw]) -> list[dict[str, Any]]:
    """The messages `sent` with the request of completion `id`, as a list shows them: each has an id of its own."""
    return [_shown(f"{id}-{index}", _message(raw)) for index, raw in enumerate(sent)]


def fine_tuning_lines(body: bytes, sent: Sequence[Raw]) -> Iterator[bytes]:
    """A line of JSON for each choice of the answer, in the format that chat models are fine-tuned with.

    `body` is a StoredChat, `sent` are the messages of the request.
    """
    stored = _stored(body)
    before = [_learnt(_message(raw)) for raw in sent]
    rest = {name: stored.request[name] for name in _OF_THE_FILE if _given(stored.request, name)}
    for choice in _choices(stored.completion["choices"]):
        line = msgspec.json.encode({"messages": [*before, _learnt(choice.message)], **rest})
        # Strings of JSON hold line ends as escapes alone: one that stands there as it is, a client laid its JSON out.
        yield line.replace(b"\n", b" ").replace(b"\r", b" ") + b"\n"


def _shown(id: str, message: dict[str, Raw]) -> dict[str, Any]:
    content = message.get("content", _NULL)
    in_parts = bytes(content)[:1] == b"["
    others = {name: value for name, value in message.items() if _given(message, name)}
    return {
        "id": id,
        "refusal": _NULL,
        **others,
        "content": _NULL if in_parts else content,
        "content_parts": content if in_parts else _NULL,
    }


def _learnt(message: dict[str, Raw]) -> dict[str, Any]:
    role = _text(message["role"])
    learnt: dict[str, Any] = {name: message[name] for name in _MEMBERS[role] if _given(message, name)}
    learnt.setdefault("content", _NULL)
    if role == "developer":
        learnt["role"] = "system"
    if "audio" in learnt:
        learnt["audio"] = _audio(learnt["audio"])  # a request refers to a spoken answer, and does not repeat it
    return learnt


def _given(found: Mapping[str, Raw], name: str) -> bool:
    return name in found and bytes(found[name]) != b"null"
