"""What must hold between the messages of a conversation, and what their types cannot say."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.core.errors import InvalidRequest
from penstock.dialects.allowed import counted
from penstock.dialects.chat import media
from penstock.dialects.chat.messages import (
    ChatCompletionAssistantMessage,
    ChatCompletionContentPartText,
    ChatCompletionMessage,
    ChatCompletionToolMessage,
    ChatCompletionUserMessage,
    UserContentPart,
)
from penstock.settings import Limits


def check(messages: Sequence[ChatCompletionMessage], limits: Limits) -> None:
    """Raises InvalidRequest for the first message that breaks a rule.

    A tool message answers a call of the assistant message before it, with only tool messages between them; every
    call is answered before anything else follows, the end included.
    """
    if len(messages) > limits.messages:
        raise InvalidRequest(
            f"'messages' is an array of {len(messages)}; at most {limits.messages} messages are allowed.",
            param="messages",
            code="array_above_max_length",
        )
    nothing: dict[str, int] = {}
    called = nothing  # the ids of the last assistant message's calls, with their places in it
    waiting: set[str] = set()  # those of them without an answer yet
    caller = 0
    for i, message in enumerate(messages):
        # Conversations are long, and isinstance() is slow where the answer is no.
        if type(message) is ChatCompletionToolMessage:
            if message.tool_call_id not in called:
                raise _unasked(i, message.tool_call_id, bool(called))
            waiting.discard(message.tool_call_id)
            continue
        if waiting:
            raise _unanswered(caller, called, waiting)
        called = nothing
        if type(message) is ChatCompletionUserMessage:
            if type(message.content) is list:
                _check_parts(message.content, i)
        elif type(message) is ChatCompletionAssistantMessage:
            if message.tool_calls:
                called = {call.id: j for j, call in enumerate(message.tool_calls)}
                waiting, caller = set(called), i
            elif message.content is None or message.content == []:
                _check_substance(message, i)
    if waiting:
        raise _unanswered(caller, called, waiting)


def _check_parts(parts: Sequence[UserContentPart], i: int) -> None:
    for j, part in enumerate(parts):
        if type(part) is not ChatCompletionContentPartText:
            media.check(part, f"messages[{i}].content[{j}]")


def _check_substance(message: ChatCompletionAssistantMessage, i: int) -> None:
    """An assistant message without text must hold something else."""
    if all(
        other is None for other in (message.function_call, message.audio, message.refusal, message.reasoning_content)
    ):
        raise InvalidRequest(
            f"'messages[{i}].content' is missing: an assistant message needs content (a string or an array of at least "
            "1 part) unless it has 'tool_calls', 'function_call', 'audio', 'refusal' or 'reasoning_content'.",
            param=f"messages[{i}].content",
            code="missing_required_parameter",
        )


def _unasked(i: int, tool_call_id: str, calls: bool) -> InvalidRequest:
    asked = (
        "the assistant message before it made no such call" if calls else "no assistant message before it made a call"
    )
    return InvalidRequest(
        f"'messages[{i}]' answers the tool call '{tool_call_id[:64]}', but {asked}; a message with role 'tool' must "
        "follow an assistant message whose 'tool_calls' hold its 'tool_call_id'.",
        param=f"messages[{i}].tool_call_id",
    )


def _unanswered(caller: int, called: dict[str, int], waiting: set[str]) -> InvalidRequest:
    ids = [each for each in called if each in waiting]
    shown = ", ".join(f"'{each[:64]}'" for each in ids[:8]) + (", ..." if len(ids) > 8 else "")
    return InvalidRequest(
        f"'messages[{caller}].tool_calls' has {counted(len(ids), 'call')} without an answer: {shown}. Each must be "
        "answered by a message with role 'tool' and its 'tool_call_id', before any other message and before the end.",
        param=f"messages[{caller}].tool_calls[{called[ids[0]]}].id",
    )
