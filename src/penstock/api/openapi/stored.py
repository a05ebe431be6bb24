"""The endpoints of what is stored: conversations and chat completions."""

from __future__ import annotations

from typing import Any, Final, Literal

from penstock.api.openapi.answers import CALL, JSON, Answer
from penstock.api.openapi.operation import Operation
from penstock.api.openapi.parameters import DIALECT, Parameter
from penstock.api.public.arguments import MOST
from penstock.api.public.completions import EXPORT_TYPE
from penstock.dialects import conversations, stored_chat
from penstock.dialects.conversations import INCLUDABLE
from penstock.dialects.stored import UpdateMetadata

READING: Final = {status: CALL[status] for status in ("400", "401", "403", "422", "431", "500", "503")} | {
    "404": Answer("the key's project has no such thing", CALL["404"].bodies)
}
_WRITING: Final = READING | {status: CALL[status] for status in ("408", "413", "415")}

_CONVERSATION: Final = Parameter("conversation_id", "path", "the id of a conversation")
_ITEM: Final = Parameter("item_id", "path", "the id of an item of it")
_COMPLETION: Final = Parameter("completion_id", "path", "the id of a stored completion")

_ORDER: Final = {"type": "string", "enum": ["asc", "desc"]}
_PAGE: Final = (
    Parameter("after", "query", "begin after the object of this id", {"type": "string", "minLength": 1}),
    Parameter(
        "limit", "query", "objects of one page, 20 by default", {"type": "integer", "minimum": 1, "maximum": MOST}
    ),
)
_ASCENDING: Final = (*_PAGE, Parameter("order", "query", "by time, `asc` by default", _ORDER))
DESCENDING: Final = (*_PAGE, Parameter("order", "query", "by time, `desc` by default", _ORDER))
_INCLUDE: Final = Parameter(
    "include",
    "query",
    "parts of items to add, as `include[]=...` or separated by commas",
    {"type": "array", "items": {"type": "string", "enum": list(INCLUDABLE)}},
)
_FILTERS: Final = (
    Parameter("model", "query", "only answers of this model", {"type": "string", "minLength": 1}),
    Parameter("metadata[KEY]", "query", "only completions with this value under KEY; of several, all must hold"),
)


def _stored(
    id: str,
    method: Literal["get", "post", "delete"],
    path: str,
    summary: str,
    description: str,
    answer: Any,
    *parameters: Parameter,
    request: Any = None,
    media_type: str = JSON,
) -> Operation:
    bodies: dict[str, tuple[Any, ...]] = {media_type: () if answer is None else (answer,)}
    return Operation(
        id,
        method,
        path,
        "conversations" if path.startswith("/v1/conv") else "stored completions",
        summary,
        description,
        {"200": Answer("what was asked for", bodies)} | (READING if request is None else _WRITING),
        twins=(path.removeprefix("/v1"),),
        parameters=(*parameters, DIALECT),
        request=request,
        key=True,
    )


_ONE: Final = "/v1/conversations/{conversation_id}"
_CHAT: Final = "/v1/chat/completions"

STORED: Final = (
    _stored(
        "createConversation",
        "post",
        "/v1/conversations",
        "Begin a conversation",
        "With metadata and up to 20 items, if any.",
        conversations.Conversation,
        request=conversations.CreateConversation,
    ),
    _stored(
        "getConversation",
        "get",
        _ONE,
        "Show a conversation",
        "Its metadata; its items are listed at `/items`.",
        conversations.Conversation,
        _CONVERSATION,
    ),
    _stored(
        "updateConversation",
        "post",
        _ONE,
        "Change a conversation's metadata",
        "The new metadata takes the place of all that was there.",
        conversations.Conversation,
        _CONVERSATION,
        request=UpdateMetadata,
    ),
    _stored(
        "deleteConversation",
        "delete",
        _ONE,
        "Delete a conversation",
        "Its items are deleted with it.",
        conversations.DeletedConversation,
        _CONVERSATION,
    ),
    _stored(
        "listConversationItems",
        "get",
        _ONE + "/items",
        "List the items of a conversation",
        "What `include` does not name of long parts is left out.",
        conversations.ConversationItemList,
        _CONVERSATION,
        *DESCENDING,
        _INCLUDE,
    ),
    _stored(
        "createConversationItems",
        "post",
        _ONE + "/items",
        "Add items to a conversation",
        "Up to 20 at a time; one whose id is there already takes the place of that one. Answers with those added.",
        conversations.ConversationItemList,
        _CONVERSATION,
        _INCLUDE,
        request=conversations.CreateConversationItems,
    ),
    _stored(
        "getConversationItem",
        "get",
        _ONE + "/items/{item_id}",
        "Show an item",
        "What `include` does not name of long parts is left out.",
        conversations.ConversationItem,
        _CONVERSATION,
        _ITEM,
        _INCLUDE,
    ),
    _stored(
        "deleteConversationItem",
        "delete",
        _ONE + "/items/{item_id}",
        "Delete an item",
        "Answers with the conversation.",
        conversations.Conversation,
        _CONVERSATION,
        _ITEM,
    ),
    _stored(
        "listChatCompletions",
        "get",
        _CHAT,
        "List stored chat completions",
        "Those that were asked for with `store`.",
        stored_chat.ChatCompletionList,
        *_FILTERS,
        *_ASCENDING,
    ),
    _stored(
        "exportChatCompletions",
        "get",
        _CHAT + "/export",
        "Export stored chat completions",
        "All of them, or those that the filters let through, as lines of JSON in the format that chat models are "
        "fine-tuned with. An export that breaks has no end: the connection is cut.",
        None,
        *_FILTERS,
        media_type=EXPORT_TYPE,
    ),
    _stored(
        "getChatCompletion",
        "get",
        _CHAT + "/{completion_id}",
        "Show a stored chat completion",
        "The answer, with metadata and what the request asked of it.",
        stored_chat.StoredChatCompletion,
        _COMPLETION,
    ),
    _stored(
        "updateChatCompletion",
        "post",
        _CHAT + "/{completion_id}",
        "Change a stored chat completion's metadata",
        "The new metadata takes the place of all that was there.",
        stored_chat.StoredChatCompletion,
        _COMPLETION,
        request=UpdateMetadata,
    ),
    _stored(
        "deleteChatCompletion",
        "delete",
        _CHAT + "/{completion_id}",
        "Delete a stored chat completion",
        "Its messages are deleted with it.",
        stored_chat.ChatCompletionDeleted,
        _COMPLETION,
    ),
    _stored(
        "getChatCompletionMessages",
        "get",
        _CHAT + "/{completion_id}/messages",
        "List the messages of a stored chat completion",
        "Those that were sent; the answer is with the completion.",
        stored_chat.ChatCompletionMessageList,
        _COMPLETION,
        *_ASCENDING,
    ),
)
"""The endpoints of conversations and of stored completions, in the order of the documents."""
