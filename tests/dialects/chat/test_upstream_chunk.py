from __future__ import annotations

import json

import msgspec
import pytest

from penstock.dialects.chat.upstream_chunk import Delta, mend, read_chunk


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        (rb'"\ud83d"', '"\ufffd"'),
        (rb'"\udf89 x"', '"\ufffd x"'),
        (rb'"\ud83d\ud83c\udf89"', '"\ufffd\U0001f389"'),
        (rb'"\uD83C\uDF89"', '"\U0001f389"'),
        (rb'"\\ud83d"', '"\\\\ud83d"'),
        (rb'"\\\ud83d\n"', '"\\\\\ufffd\\n"'),
        (b'"\xf0\x9f\x8e"', '"\ufffd"'),
        ('"é漢🎉"'.encode(), '"é漢🎉"'),
    ],
)
def test_what_is_no_unicode_is_replaced(text: bytes, mended: str) -> None:
    assert msgspec.json.decode(mend(text)) == json.loads(mended)


def test_a_chunk_is_read_whatever_else_is_in_it() -> None:
    chunk = read_chunk(
        b'{"choices":[{"delta":{"content":[{"type":"text"}],"x":1},"finish_reason":null}],"usage":null,"new":{"a":[1]}}'
    )
    assert chunk.choices is not None
    assert chunk.choices[0].index is None
    assert chunk.usage is None


@pytest.mark.parametrize(
    ("delta", "says"),
    [
        (Delta(), False),
        (Delta(role="assistant", content=""), False),
        (Delta(content="a"), True),
        (Delta(reasoning_content="a"), True),
        (Delta(reasoning="a"), True),
        (Delta(refusal="a"), True),
        (Delta(tool_calls=[]), False),
        (Delta(tool_calls=[{"index": 0}]), True),
        (Delta(function_call={"name": "f"}), True),
        (Delta(audio={"data": "x"}), True),
    ],
)
def test_a_delta_says_something_or_nothing(delta: Delta, says: bool) -> None:
    assert delta.says_something is says
