"""From msgspec's words to ours, for shapes that the chat dialect does not have; its own are in tests/dialects/chat."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
import pytest
from msgspec import Meta, Struct

from penstock.core.errors import InvalidRequest
from penstock.dialects.mismatch import explain

Key = Annotated[str, Meta(max_length=3)]


class Inner(Struct):
    count: Annotated[int, Meta(multiple_of=5)] = 0
    keys: dict[Key, int] | None = None
    pair: tuple[int, str] | None = None


class Outer(Struct):
    inner: list[Inner]
    by_name: dict[str, Inner] | None = None


def explained(body: bytes, kind: Any = Outer) -> InvalidRequest:
    members = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(body, type=kind)
    return explain(caught.value, members, msgspec.inspect.type_info(kind))


@pytest.mark.parametrize(
    ("body", "param", "code", "message"),
    [
        (
            b'{"inner":[{},{"count":"x"}]}',
            "inner[1].count",
            "invalid_type",
            "a string of 1 character; it must be an integer",
        ),
        (
            b'{"inner":[{"keys":{"long":1}}]}',
            "inner[0].keys",
            "string_above_max_length",
            "A key of 'inner[0].keys' does",
        ),
        (b'{"inner":[{"keys":{"a":1,"b":"x"}}]}', "inner[0].keys.b", "invalid_type", "it must be an integer"),
        (b'{"inner":[{"pair":[1,2]}]}', "inner[0].pair[1]", "invalid_type", "Expected `str`, got `int`"),
        (b'{"inner":[],"by_name":{"a":{},"b":1}}', "by_name.b", "invalid_type", "is 1; it must be an object"),
        (b'{"inner":[],"by_name":{"a":{"count":"x"}}}', "by_name", "invalid_type", "Expected `int`, got `str`"),
        (b'{"inner":[{"count":1e999}]}', "inner[0].count", "invalid_value", "out of range"),
        (b"{}", "inner", "missing_required_parameter", "'inner' is missing. It must be an array."),
    ],
)
def test_what_is_wrong_and_where(body: bytes, param: str, code: str, message: str) -> None:
    error = explained(body)
    assert (error.param, error.code) == (param, code), error.message
    assert message in error.message


def test_a_value_cannot_pass_for_a_path() -> None:
    class Word(Struct):
        word: Annotated[str, Meta(pattern="^a$")]
        kind: Any = None

    error = explained(b'{"word":"x - at `$.kind`"}', Word)
    assert error.param == "word"


def test_words_of_a_future_msgspec_still_make_an_error() -> None:
    error = explain(msgspec.ValidationError("Something new"), {}, msgspec.inspect.type_info(Outer))
    assert error.param is None
    assert "Something new" in error.message
    error = explain(msgspec.ValidationError("Something new - at `$.gone[3].x`"), {}, msgspec.inspect.type_info(Outer))
    assert error.param == "gone[3].x"
    assert "Something new" in error.message
