"""Conversations on the wire, and their items: which may be kept, and what a list shows of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from penstock.core.errors import InvalidRequest
from penstock.core.ids import new_id
from penstock.dialects.chat.messages import WireObject
from penstock.dialects.responses.items import check, completed
from penstock.dialects.stored import Metadata
from penstock.settings import Limits

MOST_ITEMS: Final = 20
"""The most items that one request may bring."""

INCLUDABLE: Final = (
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "message.input_image.image_url",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
    "reasoning.encrypted_content",
    "message.output_text.logprobs",
)
"""What `include` may name: parts of items that are long, and not shown unless they are asked for."""

Items = Annotated[list[Raw], Meta(max_length=MOST_ITEMS)]


class CreateConversation(WireObject):
    """The body of `POST /v1/conversations`; an empty one will do."""

    metadata: Metadata | None = None
    items: Items | None = None


class CreateConversationItems(WireObject):
    """The body of `POST /v1/conversations/{id}/items`."""

    items: Items


class Conversation(Struct):
    """A conversation; `created_at` is a Unix time in seconds."""

    id: str
    object: Literal["conversation"]
    created_at: int
    metadata: dict[str, str]


class DeletedConversation(Struct):
    """What the deletion of a conversation is answered with."""

    object: Literal["conversation.deleted"]
    id: str
    deleted: bool


class ConversationItem(Struct):
    """An item, with the members that the official API gives it by its `type`; one of a message is shown."""

    id: str
    type: str
    status: str | msgspec.UnsetType = msgspec.UNSET
    role: str | msgspec.UnsetType = msgspec.UNSET
    content: list[dict[str, Any]] | msgspec.UnsetType = msgspec.UNSET


class ConversationItemList(Struct):
    """A page of items; the next one begins after `last_id`."""

    object: Literal["list"]
    data: list[ConversationItem]
    first_id: str
    last_id: str
    has_more: bool


# What stands for something else: a conversation holds the thing itself.
_NOT_KEPT: Final = {
    "item_reference": "send the item itself",
    "compaction_trigger": "it belongs into a request for a response",
}


def kept(items: Sequence[Raw], limits: Limits) -> list[dict[str, Any]]:
    """The items in the form in which they are stored, each with an id. Raises InvalidRequest."""
    check(items, limits, "items")
    found: list[dict[str, Any]] = []
    places: dict[str, int] = {}
    for index, raw in enumerate(items):
        item = completed(msgspec.json.decode(raw), new_id)
        if item["type"] in _NOT_KEPT:
            raise InvalidRequest(
                f"'items[{index}]' is of the type '{item['type']}', which no conversation keeps; "
                f"{_NOT_KEPT[item['type']]}.",
                param=f"items[{index}].type",
            )
        other = places.setdefault(item["id"], index)
        if other != index:
            raise InvalidRequest(
                f"'items[{index}].id' is that of 'items[{other}]' too; each item has an id of its own.",
                param=f"items[{index}].id",
            )
        found.append(item)
    return found


def shown(item: Mapping[str, Any], include: Collection[str]) -> dict[str, Any]:
    """The item as a list shows it: what only `include` adds is left out, or empty where it must be there."""
    shown = dict(item)
    match item["type"]:
        case "message":
            shown["content"] = [_shown_part(part, include) for part in item["content"]]
        case "reasoning" if "reasoning.encrypted_content" not in include:
            shown.pop("encrypted_content", None)
        case "code_interpreter_call" if "code_interpreter_call.outputs" not in include:
            shown["outputs"] = None
        case "file_search_call" if "file_search_call.results" not in include:
            shown.pop("results", None)
        case "web_search_call":
            if "web_search_call.results" not in include:
                shown.pop("results", None)
            if "web_search_call.action.sources" not in include:
                _leave_out(shown, "action", "sources")
        case "computer_call_output" if "computer_call_output.output.image_url" not in include:
            _leave_out(shown, "output", "image_url")
    return shown


def _shown_part(part: Mapping[str, Any], include: Collection[str]) -> dict[str, Any]:
    shown = dict(part)
    if part["type"] == "output_text" and "message.output_text.logprobs" not in include:
        shown["logprobs"] = []
    elif part["type"] == "input_image" and "message.input_image.image_url" not in include:
        shown.pop("image_url", None)
    return shown


def _leave_out(shown: dict[str, Any], name: str, inner: str) -> None:
    if isinstance(shown.get(name), dict):
        shown[name] = {key: value for key, value in shown[name].items() if key != inner}
