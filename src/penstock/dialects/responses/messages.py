"""Items of a conversation as the messages of a chat completion, with all that was said, called and answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from penstock.core.errors import InvalidRequest
from penstock.dialects.responses.links import CALLS, OUTPUTS, answers, cut_off, param, place

TRACES: Final = frozenset(
    (
        "web_search_call",
        "file_search_call",
        "code_interpreter_call",
        "image_generation_call",
        "mcp_list_tools",
        "mcp_call",
    )
)
"""Items that tell what a vendor did on its way to an answer, and that the answer can be read without."""

_NO_TEXT: Final = "(not text: see the next message)"


class _Turn(Struct):
    """One assistant message in the making, with the places of its calls among the items."""

    thoughts: list[str] = []
    said: list[dict[str, Any]] = []
    calls: list[int] = []


def chat_messages(
    items: Sequence[Mapping[str, Any]], *, history: int = 0, all_reasoning: bool = False, noted: dict[str, str]
) -> list[dict[str, Any]]:
    """`items`, oldest first, as messages; the first `history` of them were stored before.

    The items of one turn of the model become one assistant message: reasoning, text, calls. Outputs stand right behind
    their calls, and what of them is no text in a user message behind these. Reasoning before the last message of the
    user goes only with `all_reasoning`: most models are not made to see it. What is not carried as it is gets into
    `noted`. Raises InvalidRequest for calls and outputs that do not fit together, and for what a chat completion
    cannot say.
    """
    return _Conversation(items, history, all_reasoning, noted).messages()


class _Conversation:
    def __init__(
        self, items: Sequence[Mapping[str, Any]], history: int, all_reasoning: bool, noted: dict[str, str]
    ) -> None:
        self._items = items
        self._history = history
        self._noted = noted
        self._answers = answers(items, history)
        self._made: list[dict[str, Any]] = []
        self._turn: _Turn | None = None
        self._thinks_from = 0
        if not all_reasoning:
            users = (i for i in range(len(items) - 1, -1, -1) if items[i].get("role") == "user")
            self._thinks_from = next(users, 0)

    def messages(self) -> list[dict[str, Any]]:
        for i, item in enumerate(self._items):
            kind = item["type"]
            if kind == "message":
                self._message(i, item)
            elif kind == "reasoning":
                self._reasoning(i, item)
            elif kind in CALLS:
                self._call(i, item)
            elif kind in OUTPUTS:
                self._end_turn()  # which said the output already: it stands behind its call
            elif kind in TRACES:
                self._noted[f"input.{kind}"] = "ignored"
            else:
                raise self._cannot(i, kind)
        self._end_turn()
        return self._made

    def _message(self, i: int, item: Mapping[str, Any]) -> None:
        role, content = item["role"], item["content"]
        if role != "assistant":
            self._end_turn()
            self._made.append({"role": role, "content": self._content(i, content, role)})
            return
        if item.get("phase"):
            self._noted["input.phase"] = "ignored"
        turn = self._turn
        if turn is not None and turn.said and not turn.calls:
            self._end_turn()
        said = self._open().said
        if said:  # behind calls there is no room for another message, since their outputs follow
            said.append({"type": "text", "text": "\n\n"})
        if isinstance(content, str):
            said.append({"type": "text", "text": content})
        else:
            said.extend([_written(part) for part in content] or [{"type": "text", "text": ""}])

    def _reasoning(self, i: int, item: Mapping[str, Any]) -> None:
        if i < self._thinks_from:
            return
        texts = [part["text"] for part in item.get("content") or item.get("summary") or ()]
        if texts:
            turn = self._turn
            if turn is not None and turn.said and not turn.calls:
                self._end_turn()
            self._open().thoughts.extend(texts)
        elif item.get("encrypted_content"):
            self._noted["input.reasoning.encrypted_content"] = "ignored"

    def _call(self, i: int, item: Mapping[str, Any]) -> None:
        if i not in self._answers and cut_off(item):
            return
        if item.get("namespace"):
            self._noted["input.namespace"] = "ignored"
        self._open().calls.append(i)

    def _open(self) -> _Turn:
        if self._turn is None:
            self._turn = _Turn()
        return self._turn

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is None:
            return
        message: dict[str, Any] = {"role": "assistant", "content": None}
        if turn.said and all(part["type"] == "refusal" for part in turn.said):
            message["refusal"] = "\n\n".join(part["refusal"] for part in turn.said)
        elif turn.said or not turn.calls:
            message["content"] = _joined(turn.said)
        if turn.thoughts:
            message["reasoning_content"] = "\n\n".join(turn.thoughts)
        if turn.calls:
            message["tool_calls"] = [_tool_call(self._items[i]) for i in turn.calls]
        self._made.append(message)
        beside: list[dict[str, Any]] = []
        for i in turn.calls:
            self._output(self._answers[i], beside)
        if beside:
            self._made.append({"role": "user", "content": beside})

    def _output(self, i: int, beside: list[dict[str, Any]]) -> None:
        """Says the output at `i`; what of it is no text goes `beside`, since a tool message holds text alone."""
        item = self._items[i]
        content = item["output"]
        if not isinstance(content, str):
            parts = [self._part(i, part) for part in content]
            others = [part for part in parts if part["type"] != "text"]
            texts = [part["text"] for part in parts if part["type"] == "text"]
            content = "\n".join(texts) if texts or not others else _NO_TEXT
            if others:
                self._noted[f"input.{item['type']}.output"] = "emulated"
                beside += [{"type": "text", "text": f"Output of the tool call {item['call_id']}:"}, *others]
        self._made.append({"role": "tool", "tool_call_id": item["call_id"], "content": content})

    def _content(self, i: int, content: Any, role: str) -> str | list[dict[str, Any]]:
        if isinstance(content, str):
            return content
        parts = [self._part(i, part) for part in content]
        if role != "user" and any(part["type"] != "text" for part in parts):
            raise self._refused(i, f"has the role '{role}' and content that is not text", "only the user can send that")
        if not parts:
            return ""
        # More members than type and text: a mark for the vendor's cache.
        plain = len(parts) == 1 and parts[0].keys() == {"type", "text"}
        return str(parts[0]["text"]) if plain else parts

    def _part(self, i: int, part: Mapping[str, Any]) -> dict[str, Any]:
        """A part of input in the chat form; members that the dialect does not know stay in it."""
        if part["type"] == "input_text":
            return {**part, "type": "text"}
        if part["type"] == "input_image":
            if part.get("image_url") is None:
                raise self._refused(i, "has an image by its 'file_id'", "give its 'image_url' instead")
            image: dict[str, Any] = {"url": part["image_url"]}
            if part.get("detail") == "original":
                image["detail"] = "high"
                self._noted["input_image.detail"] = "translated"
            elif part.get("detail"):
                image["detail"] = part["detail"]
            return {"type": "image_url", "image_url": image, **_rest(part, "image_url", "file_id", "detail")}
        file = {name: part[name] for name in ("file_data", "file_id", "filename") if part.get(name) is not None}
        if part.get("file_url") is not None:  # some vendors read an address there, and others say that they do not
            file["file_data"] = part["file_url"]
            self._noted["input_file.file_url"] = "translated"
        if part.get("detail") not in (None, "auto"):
            self._noted["input_file.detail"] = "ignored"
        return {"type": "file", "file": file, **_rest(part, "file_data", "file_id", "filename", "file_url", "detail")}

    def _cannot(self, i: int, kind: str) -> InvalidRequest:
        if kind == "item_reference":
            where = f"{place(self._items, i, self._history)} refers to the item '{str(self._items[i]['id'])[:64]}'"
            return InvalidRequest(
                f"{where[0].upper()}{where[1:]}, and no such item is stored here.", param=param(i, self._history, ".id")
            )
        return self._refused(i, f"is an item of type '{kind}'", "leave it out, or ask for such a vendor's model")

    def _refused(self, i: int, what: str, instead: str) -> InvalidRequest:
        where = place(self._items, i, self._history)
        return InvalidRequest(
            f"{where[0].upper()}{where[1:]} {what}: this model is asked in the form of chat completions, which cannot "
            f"say that, and only vendors with a responses API of their own can; {instead}.",
            param=param(i, self._history),
            code="unsupported_value",
        )


def _written(part: Mapping[str, Any]) -> dict[str, Any]:
    """A part that a model wrote; annotations and log probabilities are of no use to a model."""
    if part["type"] == "refusal":
        return {"type": "refusal", "refusal": part["refusal"]}
    return {"type": "text", "text": part["text"]}


def _joined(said: Sequence[dict[str, Any]]) -> str | list[dict[str, Any]]:
    """Text as a string, which every vendor takes; parts only where there is a refusal among them."""
    if any(part["type"] == "refusal" for part in said):
        return list(said)
    return "".join(part["text"] for part in said)


def _tool_call(item: Mapping[str, Any]) -> dict[str, Any]:
    if item["type"] == "function_call":
        function = {"name": item["name"], "arguments": item["arguments"]}
        return {"id": item["call_id"], "type": "function", "function": function}
    return {"id": item["call_id"], "type": "custom", "custom": {"name": item["name"], "input": item["input"]}}


def _rest(part: Mapping[str, Any], *known: str) -> dict[str, Any]:
    return {name: value for name, value in part.items() if name != "type" and name not in known}
