"""The items of an input: what each must be, with the path of what is wrong, and the form in which they are kept."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from tests.dialects.responses.request_strategy import conversations

from penstock.core.errors import InvalidRequest
from penstock.dialects.profiles import OPENAI
from penstock.dialects.responses.items import PREFIXES, VENDOR_ITEMS, check, completed, input_items
from penstock.dialects.responses.request import decode
from penstock.settings import Limits

PIXEL = "data:image/png;base64," + base64.b64encode(b"pixel").decode()
TEXT = {"type": "input_text", "text": "Hello"}
IMAGE = {"type": "input_image", "image_url": PIXEL}
FILE = {"type": "input_file", "file_data": "YWJj", "filename": "a.pdf"}
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{"}
OUTPUT = {"type": "function_call_output", "call_id": "call_1", "output": "4"}
CUSTOM = {"type": "custom_tool_call", "call_id": "call_2", "name": "c", "input": "x"}
CUSTOM_OUTPUT = {"type": "custom_tool_call_output", "call_id": "call_2", "output": "y"}


def user(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "user", "content": content} | more


def assistant(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content} | more


def raws(*items: Any) -> list[Raw]:
    return [Raw(json.dumps(item).encode()) for item in items]


def ids() -> Callable[[str], str]:
    count = itertools.count()
    return lambda prefix: f"{prefix}{next(count)}"


def kept(*items: Any) -> list[dict[str, Any]]:
    body = json.dumps({"model": "m", "input": items}).encode()
    return input_items(decode(body, Limits(), profile=OPENAI, strict=False), ids())


@pytest.mark.parametrize(
    "item",
    [
        user(""),
        user([]),
        user([TEXT, IMAGE, FILE]),
        user("a", type="message", id="msg_1", status="completed"),
        user("a", type=None, id=None, status=None),
        {"role": "system", "content": "a"},
        {"role": "developer", "content": [TEXT], "type": "message"},
        user([IMAGE | {"detail": detail} for detail in ("auto", "low", "high", "original", None)]),
        user([{"type": "input_image", "image_url": "https://example.com/a.png", "file_id": None}]),
        user([{"type": "input_image", "file_id": "file_1"}, {"type": "input_file", "file_id": "file_1"}]),
        user([{"type": "input_file", "file_url": "https://example.com/a.pdf", "detail": "high"}]),
        user([{"type": "input_file", "file_data": "data:application/pdf;base64,YWJj"}]),
        user([TEXT | {"prompt_cache_breakpoint": {"mode": "explicit"}}]),
        assistant("a"),
        assistant("a", phase="commentary"),
        assistant([], phase="final_answer", type="message", id="msg_1", status="in_progress"),
        assistant([{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "b"}, TEXT]),
        assistant([{"type": "output_text", "text": "a", "annotations": [{"type": "x"}], "logprobs": []}]),
        assistant([{"type": "output_text", "text": "a", "annotations": None, "logprobs": None}]),
        CALL,
        CALL | {"id": "fc_1", "status": "completed", "namespace": "n", "call_id": "x" * 100, "arguments": ""},
        OUTPUT,
        OUTPUT | {"call_id": "x" * 64, "output": [TEXT, IMAGE, FILE], "status": "incomplete", "name": "f"},
        CUSTOM,
        CUSTOM_OUTPUT,
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "a"}], "encrypted_content": "x"},
        {"type": "reasoning", "content": [{"type": "reasoning_text", "text": "a"}], "encrypted_content": None},
        {"type": "item_reference", "id": "msg_1"},
        {"type": None, "id": "msg_1"},
        {"id": "msg_1"},
        *({"type": kind, "anything": [1]} for kind in VENDOR_ITEMS),
    ],
)
def test_an_item_is_accepted(item: dict[str, Any]) -> None:
    check(raws(item), Limits())


REFUSED: list[tuple[Any, str, str, str]] = [
    (5, "input[1]", "invalid_type", "an object"),
    (None, "input[1]", "invalid_type", "an object"),
    ({}, "input[1].type", "missing_required_parameter", "'function_call_output'"),
    ({"type": 5}, "input[1].type", "invalid_type", "a string"),
    ({"type": "thought"}, "input[1].type", "invalid_value", "'message', 'function_call'"),
    ({"type": "thought" * 999}, "input[1].type", "invalid_value", "a string of 6993 characters"),
    ({"type": "message", "content": "a"}, "input[1].role", "missing_required_parameter", "'assistant'"),
    ({"role": "tool", "content": "a"}, "input[1].role", "invalid_value", "'developer' or 'assistant'"),
    ({"role": "user"}, "input[1].content", "missing_required_parameter", "a string, or an array"),
    (user(None), "input[1].content", "invalid_type", "a string, or an array"),
    (user([{"type": "text", "text": "a"}]), "input[1].content[0].type", "invalid_value", "'input_text'"),
    (user([TEXT, {"text": "a"}]), "input[1].content[1].type", "missing_required_parameter", "'input_image'"),
    (user([{"type": "input_text"}]), "input[1].content[0].text", "missing_required_parameter", "a string"),
    (user([{"type": "output_text", "text": "a"}]), "input[1].content[0].type", "invalid_value", "'input_file'"),
    (assistant([IMAGE]), "input[1].content[0].type", "invalid_value", "'refusal'"),
    (assistant("a", phase="middle"), "input[1].phase", "invalid_value", "'commentary'"),
    (user("a", status="done"), "input[1].status", "invalid_value", "'in_progress'"),
    (user("a", id=""), "input[1].id", "string_below_min_length", "1 to 512"),
    (user([IMAGE | {"detail": "big"}]), "input[1].content[0].detail", "invalid_value", "'original'"),
    (user([{"type": "input_image"}]), "input[1].content[0]", "missing_required_parameter", "'image_url' or 'file_id'"),
    (
        user([IMAGE | {"file_id": "f"}]),
        "input[1].content[0]",
        "invalid_parameter_combination",
        "'image_url' and 'file_id'",
    ),
    (user([{"type": "input_image", "image_url": "a.png"}]), "input[1].content[0].image_url", "invalid_value", "https"),
    (
        user([{"type": "input_image", "image_url": PIXEL + "!"}]),
        "input[1].content[0].image_url",
        "invalid_base64",
        "character 29",
    ),
    (user([{"type": "input_file"}]), "input[1].content[0]", "missing_required_parameter", "'file_url'"),
    (user([FILE | {"file_id": "f"}]), "input[1].content[0]", "invalid_parameter_combination", "'file_data' and"),
    (user([FILE | {"file_data": "a"}]), "input[1].content[0].file_data", "invalid_base64", "base64"),
    (user([FILE | {"file_data": "data:a/b,c"}]), "input[1].content[0].file_data", "invalid_base64", "data:MEDIA"),
    (
        user([{"type": "input_file", "file_url": "ftp://a"}]),
        "input[1].content[0].file_url",
        "invalid_value",
        "https://",
    ),
    (CALL | {"name": "a b"}, "input[1].name", "invalid_value", "a letter"),
    (CALL | {"arguments": {}}, "input[1].arguments", "invalid_type", "a string"),
    (CALL | {"call_id": ""}, "input[1].call_id", "string_below_min_length", "empty"),
    (OUTPUT | {"call_id": "x" * 65}, "input[1].call_id", "string_above_max_length", "1 to 64"),
    (OUTPUT | {"call_id": None}, "input[1].call_id", "invalid_type", "1 to 64"),
    (
        {"type": "function_call_output", "output": "4"},
        "input[1].call_id",
        "missing_required_parameter",
        "1 to 64",
    ),
    (OUTPUT | {"output": 4}, "input[1].output", "invalid_type", "a string, or an array"),
    (OUTPUT | {"output": [{"type": "input_image"}]}, "input[1].output[0]", "missing_required_parameter", "image_url"),
    (CUSTOM | {"input": {}}, "input[1].input", "invalid_type", "a string"),
    (CUSTOM_OUTPUT | {"call_id": ""}, "input[1].call_id", "string_below_min_length", "1 to 64"),
    ({"type": "reasoning", "summary": "a"}, "input[1].summary", "invalid_type", "an array"),
    (
        {"type": "reasoning", "content": [{"type": "summary_text", "text": "a"}]},
        "input[1].content[0].type",
        "invalid_value",
        "reasoning_text",
    ),
    ({"type": "item_reference"}, "input[1].id", "missing_required_parameter", "a string"),
    ({"type": "compaction", "id": 5}, "input[1].id", "invalid_type", "a string"),
]


@pytest.mark.parametrize(("item", "param", "code", "words"), REFUSED)
def test_an_item_is_refused(item: Any, param: str, code: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        check(raws(user("fine"), item, 7), Limits())
    error = caught.value
    assert (error.param, error.code) == (param, code), error.message
    assert words in error.message
    assert param in error.message
    assert len(error.message) < 1200


def test_the_member_that_items_are_of_is_named() -> None:
    with pytest.raises(InvalidRequest) as caught:
        check(raws({"role": "user"}), Limits(), "items")
    assert caught.value.param == "items[0].content"


def test_items_are_bounded() -> None:
    check(raws(*[user("a")] * 3), Limits(messages=3))
    with pytest.raises(InvalidRequest) as caught:
        check(raws(*[user("a")] * 4), Limits(messages=3))
    assert (caught.value.param, caught.value.code) == ("input", "array_above_max_length")


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.sampled_from(["user", "message", "function_call"]),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["type", "role", "content", "id", "call_id", "output", "text"]), inner)
        ),
    )
)
def test_any_json_is_an_item_or_refused_at_its_place(anything: Any) -> None:
    param = "input[0]"
    try:
        check(raws(anything), Limits())
    except InvalidRequest as error:
        param = error.param or ""
    assert param.startswith("input[0]")


# the form in which items are kept


def test_a_string_is_a_message_of_the_user() -> None:
    body = json.dumps({"model": "m", "input": "Hello"}).encode()
    assert input_items(decode(body, Limits(), profile=OPENAI, strict=False), ids()) == [
        {"id": "msg_0", "type": "message", "status": "completed", "role": "user", "content": [TEXT]}
    ]


def test_no_input_is_no_items() -> None:
    body = json.dumps({"model": "m", "previous_response_id": "r"}).encode()
    assert input_items(decode(body, Limits(), profile=OPENAI, strict=False), ids()) == []


def test_every_item_gets_id_type_and_status() -> None:
    items = kept(user("a"), CALL, OUTPUT, CUSTOM, CUSTOM_OUTPUT, {"type": "reasoning"}, {"type": "web_search_call"})
    assert [(item["id"], item["type"]) for item in items] == [
        ("msg_0", "message"),
        ("fc_1", "function_call"),
        ("fco_2", "function_call_output"),
        ("ctc_3", "custom_tool_call"),
        ("ctco_4", "custom_tool_call_output"),
        ("rs_5", "reasoning"),
        ("ws_6", "web_search_call"),
    ]
    assert {item["status"] for item in items[:-1]} == {"completed"}
    assert set(PREFIXES) > {item["type"] for item in items}


def test_what_an_item_says_is_kept() -> None:
    given_item = {**CALL, "id": "fc_x", "status": "incomplete", "caller": {"type": "direct"}}
    assert kept(given_item) == [given_item]
    assert kept({"type": "item_reference", "id": "msg_9"}, {"id": "msg_8"}) == [
        {"type": "item_reference", "id": "msg_9"},
        {"type": "item_reference", "id": "msg_8"},
    ]


def test_parts_get_what_the_official_schema_asks() -> None:
    (message,) = kept(user([IMAGE | {"file_id": None}, FILE | {"file_url": None}, TEXT]))
    assert message["content"] == [IMAGE | {"detail": "auto"}, FILE, TEXT]
    (answer,) = kept(assistant([TEXT, {"type": "refusal", "refusal": "No."}], phase=None))
    written = {"type": "output_text", "text": "Hello", "annotations": [], "logprobs": []}
    assert answer["content"] == [written, {"type": "refusal", "refusal": "No."}]
    assert "phase" not in answer


@given(conversations())
def test_kept_items_are_stable(items: list[dict[str, Any]]) -> None:
    once = kept(*items)
    assert [completed(item, ids()) for item in once] == once


def test_kept_items_fit_the_official_schema(shared: Path) -> None:
    document = json.loads((shared / "spec" / "openai-openapi.json").read_text("utf-8"))
    validator = jsonschema_rs.validator_for(
        {"$ref": "#/components/schemas/ItemResource", "components": document["components"]}
    )

    @given(conversations())
    def fit(items: list[dict[str, Any]]) -> None:
        for item in kept(*items):
            validator.validate(item)

    fit()
