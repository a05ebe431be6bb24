"""A responses request for a vendor that speaks responses: the whole conversation, nothing kept there, the rest as it
came."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from tests.dialects.responses.request_strategy import requests

from penstock.core.errors import InvalidRequest, UnsupportedParameter
from penstock.dialects.profiles import OPENAI
from penstock.dialects.responses.items import input_items
from penstock.dialects.responses.native import ENCRYPTED, NativeRequest, native_members
from penstock.dialects.responses.request import CHAT_FIELDS, decode
from penstock.settings import Limits

USER = {"role": "user", "content": "Hello"}
STORED = {"id": "msg_1", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Before"}]}


def sent(text: str, history: list[dict[str, Any]] | None = None, *, strict: bool = False, **how: Any) -> NativeRequest:
    asked = decode(text.encode(), Limits(), profile=OPENAI, strict=strict)
    count = itertools.count()
    items = [*(history or []), *input_items(asked, lambda prefix: f"{prefix}{next(count)}")]
    return native_members(asked, items, **how)


def body(**fields: Any) -> str:
    return json.dumps({"model": "m", "input": "Hello"} | fields)


def given_input(*items: Any, history: list[dict[str, Any]] | None = None) -> Any:
    return json.loads(bytes(sent(body(input=items), history).members["input"]))


def test_members_go_as_they_came() -> None:
    text = '{"model":"m", "input":"Hello", "temperature":0.50, "zzz":{"b":1, "a":2}, "metadata":{"k":"\\u0061"}}'
    members, noted = sent(text)
    assert bytes(members["temperature"]) == b"0.50"
    assert bytes(members["zzz"]) == b'{"b":1, "a":2}'
    assert bytes(members["metadata"]) == b'{"k":"\\u0061"}'
    assert bytes(members["input"]) == b'"Hello"'
    assert noted == {"zzz": "passed"}


def test_nothing_is_kept_at_the_vendor() -> None:
    for fields in ({"store": True}, {"conversation": "c"}, {"previous_response_id": "r"}, {"background": True}):
        members = sent(body(**fields)).members
        assert bytes(members["store"]) == b"false"
        assert members.keys() == {"model", "input", "store", "include"}


def test_reasoning_is_asked_for_in_a_form_that_can_be_sent_back() -> None:
    assert json.loads(bytes(sent(body()).members["include"])) == [ENCRYPTED]
    both = body(include=[ENCRYPTED, "web_search_call.results"])
    assert json.loads(bytes(sent(both).members["include"])) == [ENCRYPTED, "web_search_call.results"]
    assert "include" not in sent(body(), encrypted=False).members
    assert json.loads(bytes(sent(both, encrypted=False).members["include"])) == [ENCRYPTED, "web_search_call.results"]


@pytest.mark.parametrize("name", CHAT_FIELDS)
def test_fields_of_chat_completions_stay_here(name: str) -> None:
    value = {"logit_bias": {}, "stop": "a", "provider": "auto", "context_length_exceeded_behavior": "error"}.get(
        name, 1
    )
    value = True if name in ("include_stop_str_in_output", "enable_thinking", "separate_reasoning") else value
    members, noted = sent(body(**{name: value}))
    assert (name in members, noted) == (False, {name: "ignored"})
    assert sent(body(**{name: None})).noted == {}
    with pytest.raises(UnsupportedParameter) as caught:
        sent(body(**{name: value}), strict=True)
    assert caught.value.param == name
    assert sent(body(zzz=1), strict=True).noted == {"zzz": "passed"}


def test_penalties_that_ask_for_nothing_are_left_out() -> None:
    assert "presence_penalty" not in sent(body(presence_penalty=0)).members
    assert bytes(sent(body(presence_penalty=0.5)).members["presence_penalty"]) == b"0.5"


def test_items_of_the_client_go_as_they_came_behind_those_that_were_stored() -> None:
    call = {
        "type": "function_call",
        "id": "fc_1",
        "call_id": "a",
        "name": "f",
        "arguments": "{}",
        "status": "completed",
    }
    output = {"type": "function_call_output", "call_id": "a", "output": "4"}
    assert given_input(output, USER, history=[STORED, call]) == [STORED, call, output, USER]
    assert json.loads(bytes(sent(body(), [STORED]).members["input"]))[0] == STORED
    assert given_input(USER, {"role": "assistant", "content": []}) == [USER, {"role": "assistant", "content": []}]


def test_an_id_that_is_not_of_its_type_stays_here() -> None:
    call = {"type": "function_call", "id": "item_1", "call_id": "a", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "id": "fco_1", "call_id": "a", "output": "4"}
    without = {name: value for name, value in call.items() if name != "id"}
    assert given_input(USER, history=[call, output]) == [without, output, USER]


def test_a_reference_is_replaced_by_what_it_refers_to() -> None:
    asked = decode(
        body(input=[{"type": "item_reference", "id": "msg_1"}, {"id": "msg_1"}, USER]).encode(),
        Limits(),
        profile=OPENAI,
        strict=False,
    )
    user = input_items(asked, lambda prefix: prefix)[2]
    members = native_members(asked, [STORED, STORED, user]).members
    assert json.loads(bytes(members["input"])) == [STORED, STORED, USER]
    with pytest.raises(InvalidRequest, match="refers to the item 'msg_1'") as caught:
        sent(body(input=[{"id": "msg_1"}]))
    assert (caught.value.param, caught.value.status) == ("input[0].id", 400)


def test_only_reasoning_that_a_vendor_can_read_goes_there() -> None:
    ours = {"type": "reasoning", "id": "rs_1", "content": [{"type": "reasoning_text", "text": "Hm."}]}
    theirs = {"type": "reasoning", "id": "rs_2", "summary": [], "encrypted_content": "secret"}
    members, noted = sent(body(input=[USER, ours, theirs, {"role": "assistant", "content": "Yes."}, USER]))
    assert json.loads(bytes(members["input"]))[1] == {"type": "reasoning", "summary": [], "encrypted_content": "secret"}
    assert b"Hm." not in bytes(members["input"])
    assert noted == {"input.reasoning": "ignored"}
    assert given_input({"type": "compaction", "id": "cmp_1", "encrypted_content": "x"}) == [
        {"type": "compaction", "encrypted_content": "x"}
    ]


def test_calls_and_outputs_must_fit_together() -> None:
    with pytest.raises(InvalidRequest) as caught:
        sent(body(input=[{"type": "function_call_output", "call_id": "a", "output": "4"}]))
    assert caught.value.param == "input[0].call_id"


@given(requests())
def test_what_is_sent_is_a_request_of_the_dialect(fields: dict[str, Any]) -> None:
    members, noted = sent(json.dumps(fields), [STORED])
    again = decode(
        json.dumps({name: json.loads(bytes(raw)) for name, raw in members.items()}).encode(),
        Limits(),
        profile=OPENAI,
        strict=False,
    )
    assert again.wire.store is False
    assert set(noted.values()) <= {"ignored", "passed"}
