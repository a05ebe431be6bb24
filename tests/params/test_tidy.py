from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.core.call import Call
from penstock.core.errors import UnsupportedParameter
from penstock.dialects.chat.request import decode
from penstock.dialects.profiles import PROFILES
from penstock.params.tidy import tidy
from penstock.settings import Limits


def tidied(strict: bool = False, dialect: str = "openai", **request: Any) -> Call:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a"}], **request}).encode()
    call = decode(body, Limits(), id="i", request_id="r", now=1, strict=strict, profile=PROFILES[dialect])
    tidy(call)
    return call


def member(call: Call, name: str) -> Any:
    return json.loads(bytes(call.members[name]))


@pytest.mark.parametrize("key", ["ANY_ADDITIONAL_PROPERTY", "", "-1", "1.0", "٣"])
def test_biases_of_what_is_no_token(key: str) -> None:
    call = tidied(logit_bias={key: 1, "15": 2})
    assert member(call, "logit_bias") == {"15": 2}
    assert call.wire.logit_bias == {"15": 2}
    assert call.noted == call.changed == {f"logit_bias.{key}": "ignored"}
    with pytest.raises(UnsupportedParameter) as caught:
        tidied(strict=True, logit_bias={key: 1})
    assert caught.value.param == f"logit_bias.{key}"


def test_many_strange_keys_are_not_all_named() -> None:
    call = tidied(logit_bias={f"k{number}" * 20: 1 for number in range(40)})
    assert len(call.noted) == 17
    assert max(map(len, call.noted)) < 100
    assert call.wire.logit_bias == {}


def test_functions_without_parameters() -> None:
    odd = {"name": "f", "parameters": None, "strict": None, "required": ["a"]}
    plain = {"name": "g", "description": "null", "parameters": {"type": "object", "required": ["a"]}}
    tools = [{"type": "function", "function": odd}, {"type": "function", "function": plain}]
    call = tidied(tools=tools, functions=[odd])
    assert [tool["function"] for tool in member(call, "tools")] == [{"name": "f"}, plain]
    assert member(call, "functions") == [{"name": "f"}]
    assert call.noted == {"tools[0].function.required": "ignored", "functions[0].required": "ignored"}


def test_a_null_alone_is_no_matter_for_a_report() -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": None}}
    assert tidied(strict=True, tools=[tool]).noted == {}


def test_plain_requests_stay_to_the_byte() -> None:
    body = b'{"model":"m","messages":[{"role":"user","content":"a"}],"logit_bias":{"1": 2.0},"tools":[ ]}'
    call = decode(body, Limits(), id="i", request_id="r", now=1, strict=False)
    tidy(call)
    assert (bytes(call.members["logit_bias"]), bytes(call.members["tools"])) == (b'{"1": 2.0}', b"[ ]")


def test_a_dialect_whose_stops_stay_in_the_text_says_so() -> None:
    assert member(tidied(dialect="tokensmind", stop="a"), "include_stop_str_in_output") is True
    assert "include_stop_str_in_output" not in tidied(dialect="tokensmind").members
    assert "include_stop_str_in_output" not in tidied(stop="a").members
    said = tidied(dialect="tokensmind", stop="a", include_stop_str_in_output=False)
    assert member(said, "include_stop_str_in_output") is False
