"""A call that was written as JSON, read as it comes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.providers.local.forced import Arguments, ForcedCall, Named, Text


def read(pieces: list[str], names: tuple[str, ...] = ("f", "fo")) -> tuple[str | None, str, str]:
    """The name of the call, its arguments, and the text."""
    forced, parts = ForcedCall(names), []
    for piece in pieces:
        parts += forced.feed(piece)
    waiting = forced.close()
    called = [part.name for part in parts if isinstance(part, Named)]
    arguments = "".join(part.text for part in parts if isinstance(part, Arguments))
    text = "".join(part.text for part in parts if isinstance(part, Text))
    assert len(called) <= 1
    return (called[0] if called else None), arguments, text + waiting


@pytest.mark.parametrize(
    ("text", "name", "arguments"),
    [
        ('{"name":"f","arguments":{}}', "f", "{}"),
        ('{"name":"fo","arguments": {"a": 1}}', "fo", '{"a": 1}'),
        ('{ "name" : "f" ,\n "arguments" :\n {"a": [1, {"b": "}\\"]"}]} }\n', "f", '{"a": [1, {"b": "}\\"]"}]}'),
        ('{"name":"f","arguments":{"a": "cut', "f", '{"a": "cut'),
    ],
)
def test_a_call_in_any_split(text: str, name: str, arguments: str) -> None:
    assert read([text]) == (name, arguments, "")
    assert read(list(text)) == (name, arguments, "")


@pytest.mark.parametrize("text", ['{"a": 1}', '{"name": "other", "arguments": {}}', "hello", '{"name": "f"}', '{"na'])
def test_anything_else_is_text(text: str) -> None:
    assert read([text]) == (None, "", text)
    assert read(list(text)) == (None, "", text)


def test_the_name_is_told_before_the_arguments_are_there() -> None:
    forced = ForcedCall(["f"])
    assert forced.feed('{"name":"f",') == []
    assert forced.feed('"arguments":') == [Named("f")]
    assert forced.feed(" ") == []
    assert forced.feed('{"a"') == [Arguments('{"a"')]


objects = st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text() | st.lists(st.text()), max_size=4)


@settings(max_examples=50)
@given(objects, st.lists(st.integers(1, 7)), st.sampled_from([None, 1]))
def test_arguments_come_out_as_they_went_in(arguments: dict[str, object], cuts: list[int], indent: int | None) -> None:
    text = json.dumps({"name": "f", "arguments": arguments}, indent=indent)
    pieces = []
    for cut in cuts:
        pieces.append(text[:cut])
        text = text[cut:]
    name, said, rest = read([*pieces, text])
    assert (name, rest) == ("f", "")
    assert json.loads(said) == arguments
