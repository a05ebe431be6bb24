"""Items as the messages of a chat completion: who said what, in which message, and that nothing of it is lost."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from tests.dialects.responses.request_strategy import conversations

from penstock.core.errors import InvalidRequest
from penstock.dialects.profiles import OPENAI
from penstock.dialects.responses.items import VENDOR_ITEMS, input_items
from penstock.dialects.responses.links import answers
from penstock.dialects.responses.messages import TRACES, chat_messages
from penstock.dialects.responses.request import decode
from penstock.settings import Limits

TEXT = {"type": "input_text", "text": "Hello"}
IMAGE = {"type": "input_image", "image_url": "https://example.com/a.png"}
USER = {"role": "user", "content": "Hi"}


def call(call_id: str, **more: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "f", "arguments": "{}"} | more


def output(call_id: str, said: Any = "4") -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": said}


def said(text: str, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": text} | more


def thought(text: str) -> dict[str, Any]:
    return {"type": "reasoning", "content": [{"type": "reasoning_text", "text": text}]}


def tool_call(call_id: str) -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}


def tool(call_id: str, said: str = "4") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": said}


def kept(*items: Any) -> list[dict[str, Any]]:
    count = itertools.count()
    body = json.dumps({"model": "m", "input": items}).encode()
    return input_items(decode(body, Limits(), profile=OPENAI, strict=False), lambda prefix: f"{prefix}{next(count)}")


def translated(
    *items: Any, history: int = 0, all_reasoning: bool = False
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    noted: dict[str, str] = {}
    return chat_messages(kept(*items), history=history, all_reasoning=all_reasoning, noted=noted), noted


def messages(*items: Any, **how: Any) -> list[dict[str, Any]]:
    made, noted = translated(*items, **how)
    assert noted == {}
    return made


# turns


def test_each_says_what_is_theirs() -> None:
    assert messages(
        {"role": "system", "content": "Be kind."}, {"role": "developer", "content": "Now."}, USER, said("Yes.")
    ) == [
        {"role": "system", "content": "Be kind."},
        {"role": "developer", "content": "Now."},
        USER,
        said("Yes."),
    ]


def test_the_calls_of_one_turn_are_one_message_with_the_text_before_them() -> None:
    assert messages(
        USER, thought("Hm."), said("Let me see."), call("a"), call("b"), output("a"), output("b", "5"), said("9")
    ) == [
        USER,
        {**said("Let me see."), "reasoning_content": "Hm.", "tool_calls": [tool_call("a"), tool_call("b")]},
        tool("a"),
        tool("b", "5"),
        said("9"),
    ]


def test_calls_one_after_another_are_messages_of_their_own() -> None:
    assert messages(USER, call("a"), output("a"), thought("More."), call("a"), output("a", "5")) == [
        USER,
        {"role": "assistant", "content": None, "tool_calls": [tool_call("a")]},
        tool("a"),
        {"role": "assistant", "content": None, "reasoning_content": "More.", "tool_calls": [tool_call("a")]},
        tool("a", "5"),
    ]


def test_outputs_stand_right_behind_their_calls() -> None:
    assert messages(call("a"), call("b"), output("b"), call("c"), USER, output("a", "1"), output("c", "2")) == [
        {"role": "assistant", "content": None, "tool_calls": [tool_call("a"), tool_call("b")]},
        tool("a", "1"),
        tool("b"),
        {"role": "assistant", "content": None, "tool_calls": [tool_call("c")]},
        tool("c", "2"),
        USER,
    ]


def test_what_is_said_behind_a_call_joins_its_message() -> None:
    assert messages(said("One."), call("a"), thought("Hm."), said("Two."), output("a")) == [
        {**said("One.\n\nTwo."), "reasoning_content": "Hm.", "tool_calls": [tool_call("a")]},
        tool("a"),
    ]


def test_two_messages_stay_two() -> None:
    assert messages(thought("1"), thought("2"), said("One."), thought("3"), said("Two."), said("")) == [
        {**said("One."), "reasoning_content": "1\n\n2"},
        {**said("Two."), "reasoning_content": "3"},
        said(""),
    ]


def test_a_custom_tool() -> None:
    items = (
        {"type": "custom_tool_call", "call_id": "a", "name": "c", "input": "x"},
        {"type": "custom_tool_call_output", "call_id": "a", "output": "y"},
    )
    made = {"id": "a", "type": "custom", "custom": {"name": "c", "input": "x"}}
    assert messages(*items) == [{"role": "assistant", "content": None, "tool_calls": [made]}, tool("a", "y")]


def test_a_call_that_was_cut_off_is_left_out() -> None:
    assert messages(USER, said("Let"), call("a", status="incomplete", arguments='{"'), USER) == [
        USER,
        said("Let"),
        USER,
    ]


def test_what_does_not_belong_together_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="it has no output"):
        translated(call("a"), USER)


# reasoning


def test_reasoning_goes_with_the_present_turn() -> None:
    items = (USER, thought("Old."), said("Yes."), USER, thought("New."), call("a"), output("a"), thought("Newer."))
    new = {"role": "assistant", "content": None, "reasoning_content": "New.", "tool_calls": [tool_call("a")]}
    newer = {"role": "assistant", "content": "", "reasoning_content": "Newer."}
    assert messages(*items) == [USER, said("Yes."), USER, new, tool("a"), newer]
    old = {**said("Yes."), "reasoning_content": "Old."}
    assert messages(*items, all_reasoning=True) == [USER, old, USER, new, tool("a"), newer]


def test_a_summary_stands_for_reasoning_that_cannot_be_read() -> None:
    summary = {"summary": [{"type": "summary_text", "text": "Short."}]}
    hidden = {"type": "reasoning", "encrypted_content": "secret"}
    assert messages(USER, hidden | summary, said("Yes.")) == [USER, {**said("Yes."), "reasoning_content": "Short."}]
    assert translated(USER, hidden, said("Yes.")) == (
        [USER, said("Yes.")],
        {"input.reasoning.encrypted_content": "ignored"},
    )
    assert messages(hidden, said("Yes."), USER) == [said("Yes."), USER]


# parts


def test_text_is_a_string_where_it_can_be_one() -> None:
    assert messages({"role": "user", "content": [TEXT]}) == [{"role": "user", "content": "Hello"}]
    assert messages({"role": "user", "content": []}) == [{"role": "user", "content": ""}]
    part = {"type": "text", "text": "Hello"}
    assert messages({"role": "user", "content": [TEXT, TEXT]}) == [{"role": "user", "content": [part, part]}]
    mark = {"prompt_cache_breakpoint": {"mode": "explicit"}}
    assert messages({"role": "user", "content": [TEXT | mark]}) == [{"role": "user", "content": [part | mark]}]


def test_images_and_files() -> None:
    content = [
        TEXT,
        IMAGE,
        IMAGE | {"detail": "low"},
        {"type": "input_file", "file_data": "YWJj", "filename": "a.pdf"},
        {"type": "input_file", "file_id": "file_1", "detail": "auto"},
    ]
    assert messages({"role": "user", "content": content})[0]["content"] == [
        {"type": "text", "text": "Hello"},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "auto"}},
        {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
        {"type": "file", "file": {"file_data": "YWJj", "filename": "a.pdf"}},
        {"type": "file", "file": {"file_id": "file_1"}},
    ]


@pytest.mark.parametrize(
    ("part", "made", "noted"),
    [
        (
            IMAGE | {"detail": "original"},
            {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "high"}},
            {"input_image.detail": "translated"},
        ),
        (
            {"type": "input_file", "file_url": "https://example.com/a.pdf"},
            {"type": "file", "file": {"file_data": "https://example.com/a.pdf"}},
            {"input_file.file_url": "translated"},
        ),
        (
            {"type": "input_file", "file_id": "f", "detail": "high"},
            {"type": "file", "file": {"file_id": "f"}},
            {"input_file.detail": "ignored"},
        ),
    ],
)
def test_what_is_said_otherwise_is_noted(part: Any, made: Any, noted: dict[str, str]) -> None:
    assert translated({"role": "user", "content": [part]}) == ([{"role": "user", "content": [made]}], noted)


def test_refusals() -> None:
    no = {"type": "refusal", "refusal": "No."}
    text = {"type": "output_text", "text": "But"}
    assert messages({"role": "assistant", "content": [no]}) == [
        {"role": "assistant", "content": None, "refusal": "No."}
    ]
    assert messages({"role": "assistant", "content": [text, no]}) == [
        {"role": "assistant", "content": [{"type": "text", "text": "But"}, no]}
    ]
    assert messages({"role": "assistant", "content": [text, text]}) == [said("ButBut")]


def test_an_output_that_is_not_text_goes_into_a_message_behind_it() -> None:
    made, noted = translated(call("a"), call("b"), output("a", [TEXT, TEXT]), output("b", [IMAGE, TEXT]), USER)
    assert made[1:] == [
        tool("a", "Hello\nHello"),
        tool("b", "Hello"),
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Output of the tool call b:"},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png", "detail": "auto"}},
            ],
        },
        USER,
    ]
    assert noted == {"input.function_call_output.output": "emulated"}
    assert translated(call("a"), output("a", [IMAGE]))[0][1] == tool("a", "(not text: see the next message)")
    assert messages(call("a"), output("a", []))[1] == tool("a", "")


# what a chat completion cannot say


@pytest.mark.parametrize("kind", sorted(VENDOR_ITEMS))
def test_items_of_a_vendors_own_tools(kind: str) -> None:
    if kind in TRACES:
        assert translated(USER, {"type": kind}, said("Yes.")) == ([USER, said("Yes.")], {f"input.{kind}": "ignored"})
        return
    with pytest.raises(InvalidRequest) as caught:
        translated(USER, {"type": kind})
    assert (caught.value.param, caught.value.code) == ("input[1]", "unsupported_value")
    assert f"'{kind}'" in caught.value.message


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}, "give its 'image_url' instead"),
        ({"role": "system", "content": [IMAGE]}, "the role 'system' and content that is not text"),
    ],
)
def test_content_that_is_refused(item: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words) as caught:
        translated(USER, item)
    assert caught.value.param == "input[1]"
    with pytest.raises(InvalidRequest, match="The item 'msg_1' of the conversation so far") as caught:
        translated(USER, item, history=2)
    assert caught.value.param == "input"


def test_a_reference_that_was_not_resolved() -> None:
    with pytest.raises(InvalidRequest, match="'input\\[1\\]' refers to the item 'msg_9'") as caught:
        translated(USER, {"type": "item_reference", "id": "msg_9"})
    assert (caught.value.param, caught.value.status) == ("input[1].id", 400)


# the way there and back


def told(items: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What items say, in the order in which a chat completion says it: text of everyone, calls, outputs."""
    found = answers(items)
    order: list[tuple[Any, ...]] = []
    turn: list[tuple[Any, ...]] = []
    calls: list[int] = []

    def end() -> None:
        order.extend([*turn, *(entry(items[i]) for i in calls), *(entry(items[found[i]]) for i in calls)])
        order.extend(part for i in calls for part in media(items[found[i]]["output"]))
        turn.clear()
        calls.clear()

    for i, item in enumerate(items):
        if item["type"].endswith("_call"):
            calls.append(i)
        elif item["type"] == "message" and item["role"] == "assistant":
            if turn and not calls:
                end()
            turn.append(entry(item))
        elif item["type"] != "reasoning":
            end()
            if item["type"] == "message":
                order.extend([entry(item), *media(item["content"])])
    end()
    return order


def entry(item: dict[str, Any]) -> tuple[Any, ...]:
    if item["type"] == "message":
        return (item["role"], "".join(part.get("text") or part.get("refusal") or "" for part in item["content"]))
    if item["type"].endswith("_output"):
        content = item["output"]
        text = content if isinstance(content, str) else "\n".join(part["text"] for part in content if "text" in part)
        return ("output", item["call_id"], text)
    return ("call", item["type"], item["call_id"], item["name"], item.get("arguments", item.get("input")))


def media(content: Any) -> list[tuple[Any, ...]]:
    parts = [] if isinstance(content, str) else content
    return [
        ("media", part.get("image_url") or part.get("file_url") or part.get("file_data") or part.get("file_id"))
        for part in parts
        if part["type"] != "input_text"
    ]


def retold(made: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The inverse: what messages say."""
    order: list[tuple[Any, ...]] = []
    for message in made:
        content = message["content"]
        parts = [{"type": "text", "text": content or ""}] if not isinstance(content, list) else content
        text = "".join(part.get("text") or part.get("refusal") or "" for part in parts)
        if message["role"] == "tool":
            order.append(("output", message["tool_call_id"], "" if text.startswith("(not text") else text))
            continue
        if message["role"] == "assistant":
            if content is not None or "refusal" in message:
                order.append(("assistant", text + message.get("refusal", "")))
            for each in message.get("tool_calls", ()):
                given_call = each[each["type"]]
                kind = "function_call" if each["type"] == "function" else "custom_tool_call"
                what = given_call.get("arguments", given_call.get("input"))
                order.append(("call", kind, each["id"], given_call["name"], what))
            continue
        if not text.startswith("Output of the tool call"):
            order.append((message["role"], text))
        for part in parts:
            if part["type"] == "image_url":
                order.append(("media", part["image_url"]["url"]))
            elif part["type"] == "file":
                order.append(("media", part["file"].get("file_data") or part["file"]["file_id"]))
    return order


def joined(order: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Entries with what an assistant says in one go as one, without the space between; those without text left out."""
    made: list[tuple[Any, ...]] = []
    for each in order:
        if each[0] != "assistant":
            made.append(each)
        elif made and made[-1][0] == "assistant":
            made[-1] = ("assistant", made[-1][1] + each[1].replace("\n", ""))
        else:
            made.append(("assistant", each[1].replace("\n", "")))
    return [each for each in made if each != ("assistant", "")]


@given(conversations())
def test_a_conversation_survives_the_way_there_and_back(items: list[dict[str, Any]]) -> None:
    noted: dict[str, str] = {}
    whole = kept(*items)
    made = chat_messages(whole, noted=noted)
    assert joined(retold(made)) == joined(told(whole))


@given(conversations())
def test_all_reasoning_goes_where_all_is_wanted(items: list[dict[str, Any]]) -> None:
    whole = kept(*items)
    texts = [
        part["text"] for item in whole if item["type"] == "reasoning" for part in item.get("content") or item["summary"]
    ]
    made = chat_messages(whole, all_reasoning=True, noted={})
    carried = "".join(message.get("reasoning_content", "") for message in made)
    assert "".join(texts).replace("\n", "") == carried.replace("\n", "")
