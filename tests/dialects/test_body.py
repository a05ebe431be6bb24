"""From bytes to checked members: what is refused, with which words, and that the nesting scan is exact."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock.core.errors import InvalidRequest
from penstock.dialects.body import check_unread, deeper_than, members
from penstock.settings import Limits

LIMITS = Limits()

REFUSED: dict[str, tuple[bytes, str, str]] = {
    # what is sent, the code, words of the message
    "nothing": (b"", "invalid_json", "is empty"),
    "blanks": (b" \r\n\t", "invalid_json", "is empty"),
    "an array": (b"[1]", "invalid_type", "it is an array"),
    "a string": (b' "x"', "invalid_type", "it is a string"),
    "a number": (b"-1", "invalid_type", "it is a number"),
    "null": (b"null", "invalid_type", "it is null"),
    "true": (b"true", "invalid_type", "it is true"),
    "false": (b"false", "invalid_type", "it is false"),
    "bad byte in a value": (b'{"a":"\xff"}', "invalid_json", "byte 0xff at byte 6 (line 1, column 7)"),
    "bad byte in a name": (b'{"\xc3":1}', "invalid_json", "byte 0xc3 at byte 2"),
    "bad byte on the second line": (b'{"a":\n "\xe9"}', "invalid_json", "(line 2, column 3)"),
    "UTF-16": ('{"a":1}'.encode("utf-16"), "invalid_json", "not valid UTF-8"),
    "a surrogate in UTF-8": (b'{"a":"\xed\xa0\x80"}', "invalid_json", "not valid UTF-8"),
    "byte order mark": (b"\xef\xbb\xbf{}", "invalid_json", "byte order mark"),
    "no end": (b'{"a":1', "invalid_json", "ends too early, after 6 bytes"),
    "no end of a string": (b'{"a":"x', "invalid_json", "ends too early"),
    "trailing data": (b"{} x", "invalid_json", "trailing characters"),
    "two objects": (b"{}{}", "invalid_json", "trailing characters"),
    "trailing comma": (b'{"a":[1,]}', "invalid_json", "trailing comma in array, at byte 8 (line 1, column 9)"),
    "single quotes": (b"{'a':1}", "invalid_json", "keys must be strings, at byte 1"),
    "a control character": (b'{"a":"\x01"}', "invalid_json", "invalid character, at byte 6"),
    "a leading zero": (b'{"a":01}', "invalid_json", "invalid number"),
    "NaN": (b'{"a":NaN}', "invalid_json", "NaN is not a JSON number, at byte 5"),
    "Infinity": (b'{"a":Infinity}', "invalid_json", "Infinity is not a JSON number"),
    "-Infinity": (b'{"a": -Infinity}', "invalid_json", "-Infinity is not a JSON number"),
    "a high surrogate alone": (b'{"a":"\\ud800 and more"}', "invalid_json", "surrogate pair"),
    "a high surrogate alone at the end": (b'{"a":"\\ud800"}', "invalid_json", "surrogate pair"),
    "a high surrogate before another letter": (b'{"a":"\\ud800\\u0041bcdefgh"}', "invalid_json", "surrogate pair"),
    "a low surrogate alone": (b'{"a":"\\udc00"}', "invalid_json", "surrogate pair"),
    "a surrogate alone in a name": (b'{"\\udbff":1}', "invalid_json", "surrogate pair"),
    "no surrogate, but no end": (b'{"a":"\\\\ud800"', "invalid_json", "ends too early"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    body, code, words = REFUSED[case]
    with pytest.raises(InvalidRequest) as caught:
        members(body, LIMITS)
    assert caught.value.code == code
    assert caught.value.param is None
    assert words in caught.value.message


def test_members_are_the_raw_bytes() -> None:
    found = members('{"a": [1, "é"] , "b":1.50,"\\u0063": "x"}'.encode(), LIMITS)
    assert {name: bytes(raw) for name, raw in found.items()} == {
        "a": '[1, "é"]'.encode(),
        "b": b"1.50",
        "c": b'"x"',
    }


def test_of_a_name_that_is_there_twice_the_last_one_counts() -> None:
    assert bytes(members(b'{"a":1,"a":2}', LIMITS)["a"]) == b"2"


@pytest.mark.parametrize("number", ["1e999", "-1e999", " 1e999", "9" * 5000])
def test_an_unread_number_out_of_range_is_refused(number: str) -> None:
    found = members(f'{{"known":1e999,"other":{number}}}'.encode(), LIMITS)
    with pytest.raises(InvalidRequest) as caught:
        check_unread(found, frozenset({"known"}))
    assert caught.value.param == "other"
    assert "out of range" in caught.value.message


def test_other_unread_members_are_left_alone() -> None:
    check_unread(members(b'{"a":"1e999","b":[1e999],"c":-1.5e300,"d":null}', LIMITS), frozenset())


# nesting


@pytest.mark.parametrize("pair", [(b"[", b"]"), (b'{"x":', b"}")], ids=["arrays", "objects"])
def test_nesting_is_allowed_up_to_the_limit_and_not_beyond(pair: tuple[bytes, bytes]) -> None:
    def body(levels: int) -> bytes:
        inner = levels - 1  # the outermost object is one level
        return b'{"a":1,"deep":' + pair[0] * inner + b"1" + pair[1] * inner + b"}"

    assert "deep" in members(body(LIMITS.nesting), LIMITS)
    with pytest.raises(InvalidRequest) as caught:
        members(body(LIMITS.nesting + 1), LIMITS)
    assert caught.value.code == "nesting_too_deep"
    assert "in 'deep'; at most 64 levels" in caught.value.message


def test_nesting_beyond_the_decoder_is_refused_alike() -> None:
    with pytest.raises(InvalidRequest, match="at most 64 levels"):
        members(b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", LIMITS)


@pytest.mark.parametrize(
    "text", ["[" * 200, '"' * 101 + "[" * 200, "\\" * 101 + "[" * 200, '\\"[' * 100, "\\" * 100 + '"' + "{" * 99]
)
def test_brackets_in_strings_do_not_count(text: str) -> None:
    assert members(json.dumps({"a": text, text: [{}]}).encode(), LIMITS)


def test_many_shallow_brackets_are_no_nesting() -> None:
    body = json.dumps({"a": [[], {"b": "[\\"}] * 50_000, "c": '"' * 70_000}).encode()  # more than a window of the scan
    assert members(body, LIMITS)
    assert not deeper_than(body, 3)
    assert deeper_than(body, 2)


def depth(value: Any) -> int:
    """The oracle: plain recursion over the decoded value."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


TEXT = st.text(st.sampled_from('[]{}"\\/bnux ,:\u00e9\u2028'), max_size=12) | st.text(max_size=4)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=40,
)


@settings(deadline=None)
@given(JSON, st.booleans(), st.sampled_from([None, 1]))
@example({'\\"': ["\\\\", '"', "}"]}, True, None)
def test_the_nesting_scan_equals_a_naive_one(value: Any, ascii_only: bool, indent: int | None) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only, indent=indent).encode()
    exact = depth(value)
    assert not deeper_than(body, exact)
    if exact:
        assert deeper_than(body, exact - 1)


@settings(deadline=None)
@given(st.binary(max_size=200) | st.text(st.sampled_from('{}[]",:\\ud8001eNa-.x \n'), max_size=60).map(str.encode))
def test_any_bytes_are_members_or_an_invalid_request(body: bytes) -> None:
    try:
        found = members(body, LIMITS)
    except InvalidRequest:
        return
    assert found.keys() == json.loads(body).keys()
    assert json.loads(msgspec.json.encode(found)) == json.loads(body)
