from __future__ import annotations

import copy
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from penstock.core.errors import InvalidRequest
from penstock.dialects.conversations import INCLUDABLE, kept, shown
from penstock.settings import Limits

SHOWN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what include adds: an item, and what a list shows of it without
    "file_search_call.results": ({"type": "file_search_call", "results": [1]}, {"type": "file_search_call"}),
    "web_search_call.results": ({"type": "web_search_call", "results": [1]}, {"type": "web_search_call"}),
    "web_search_call.action.sources": (
        {"type": "web_search_call", "action": {"query": "x", "sources": [1]}},
        {"type": "web_search_call", "action": {"query": "x"}},
    ),
    "message.input_image.image_url": (
        {"type": "message", "content": [{"type": "input_image", "image_url": "data:", "detail": "low"}]},
        {"type": "message", "content": [{"type": "input_image", "detail": "low"}]},
    ),
    "computer_call_output.output.image_url": (
        {"type": "computer_call_output", "output": {"type": "computer_screenshot", "image_url": "data:"}},
        {"type": "computer_call_output", "output": {"type": "computer_screenshot"}},
    ),
    "code_interpreter_call.outputs": (
        {"type": "code_interpreter_call", "outputs": [1]},
        {"type": "code_interpreter_call", "outputs": None},
    ),
    "reasoning.encrypted_content": (
        {"type": "reasoning", "summary": [], "encrypted_content": "x"},
        {"type": "reasoning", "summary": []},
    ),
    "message.output_text.logprobs": (
        {"type": "message", "content": [{"type": "output_text", "text": "x", "logprobs": [1]}]},
        {"type": "message", "content": [{"type": "output_text", "text": "x", "logprobs": []}]},
    ),
}


@pytest.mark.parametrize("name", INCLUDABLE)
def test_include_alone_decides_and_the_item_stays_as_it_is(name: str) -> None:
    item, without = SHOWN[name]
    before = copy.deepcopy(item)
    others = [other for other in INCLUDABLE if other != name]
    assert shown(item, others) == without
    assert shown(item, [name]) == item
    assert shown(item, INCLUDABLE) == item
    assert item == before


@pytest.mark.parametrize("kind", ["item_reference", "compaction_trigger"])
def test_what_stands_for_something_else_is_refused(kind: str) -> None:
    items = [Raw(msgspec.json.encode(item)) for item in ({"role": "user", "content": "x"}, {"type": kind, "id": "i"})]
    with pytest.raises(InvalidRequest) as raised:
        kept(items, Limits())
    assert raised.value.param == "items[1].type"


def test_ids_that_are_given_stay_and_others_are_made() -> None:
    given = {"type": "message", "role": "user", "content": "x"}
    first, second = kept([Raw(msgspec.json.encode(item)) for item in ({**given, "id": "msg_own"}, given)], Limits())
    assert first["id"] == "msg_own"
    assert second["id"].startswith("msg_")
    assert second["id"] != first["id"]
