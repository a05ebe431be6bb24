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


SCHEMA = {
    "type": "object",
    "properties": {"a": {"enum": ["required", None]}, "required": {"type": ["string", "null"]}},
    "required": ["a"],
    "nullable": True,
}


def spaced(**function: Any) -> tuple[bytes, bytes]:
    """A tool and a function of `functions`, written with spaces, which no second writing keeps."""
    function = {"name": "f", "description": 'caf\u00e9 "required"', "parameters": SCHEMA, **function}
    tools = [{"type": "function", "function": function}, {"type": "custom", "custom": {"name": "c"}}]
    return json.dumps(tools, indent=1).encode(), json.dumps([function], indent=1).encode()


def read(tools: bytes, functions: bytes) -> Call:
    body = b'{"model":"m","messages":[{"role":"user","content":"a"}],"tools":%b,"functions":%b}' % (tools, functions)
    call = decode(body, Limits(), id="i", request_id="r", now=1, strict=False)
    tidy(call)
    return call


def test_what_stands_in_a_schema_is_at_home_there() -> None:
    """Plain tools, whose schemas say what is required, are not written anew, so neither were they read anew."""
    tools, functions = spaced()
    call = read(tools, functions)
    assert (bytes(call.members["tools"]), bytes(call.members["functions"])) == (tools, functions)
    assert call.noted == {}


@pytest.mark.parametrize("more", [{"required": ["a"]}, {"strict": None}, {"required": None}, {"parameters": None}])
@pytest.mark.parametrize("hidden", [False, True])
def test_beside_a_schema_it_is_found(more: dict[str, Any], hidden: bool) -> None:
    tools, functions = spaced(**more)
    if hidden:  # the member itself comes last, after its namesakes in the schema
        tools, functions = (b'"\\u0072equired":'.join(text.rsplit(b'"required":', 1)) for text in (tools, functions))
    call = read(tools, functions)
    expected = {"name": "f", "description": 'caf\u00e9 "required"', "parameters": SCHEMA, **more}
    expected = {name: value for name, value in expected.items() if value is not None and name != "required"}
    assert member(call, "tools")[0]["function"] == member(call, "functions")[0] == expected
    noted = {"tools[0].function.required": "ignored", "functions[0].required": "ignored"}
    assert call.noted == (noted if "required" in more else {})


@pytest.mark.parametrize("name", ['x"required', "x\\u0022required", "null", '\\"required'])
def test_a_name_in_a_schema_does_not_hide_what_is_beside_it(name: str) -> None:
    schema = json.dumps({name: True}).encode().replace(b"\\\\u0022", b"\\u0022")
    function = b'{"name":"f","required":["a"],"strict":null,"parameters":%b}' % schema
    call = read(b'[{"type":"function","function":%b}]' % function, b"[%b]" % function)
    assert call.noted == {"tools[0].function.required": "ignored", "functions[0].required": "ignored"}
    assert member(call, "tools")[0]["function"].keys() == {"name", "parameters"}


def test_a_schema_stays_to_the_byte_where_something_beside_it_goes() -> None:
    schema = b'{"type": "object", "required": ["a"], "maximum": 1.50}'
    function = b'{"name":"f","required":["a"],"parameters":%b}' % schema
    call = read(b'[{"type":"function","function":%b}]' % function, b"[%b]" % function)
    assert schema in bytes(call.members["tools"])
    assert schema in bytes(call.members["functions"])


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
