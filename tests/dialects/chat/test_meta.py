from __future__ import annotations

import msgspec
import pytest

from penstock.dialects.chat.meta import with_meta

OURS = b'{"usage":{"credits_used":1764,"usd_spent":0.000882}}'


@pytest.mark.parametrize("end", [b"", b" ", b"\r\n"])
def test_it_becomes_the_last_member_and_nothing_else_changes(end: bytes) -> None:
    answer = b'{"id": "a", "n": 1.50, "text": "\\u00e9 }"}'
    assert with_meta(answer + end, OURS, False) == answer[:-1] + b',"meta":' + OURS + b"}"


@pytest.mark.parametrize(
    ("answer", "rest"),
    [
        (b'{"id":"a","meta":{"usage":{"credits_used":1},"region":"eu"},"n":1.50}', {"region": "eu"}),
        (b'{"meta":null,"id":"a","n":1.50}', {}),
        (b'{"meta":"theirs","id":"a","n":1.50}', {}),
        (b'{"id":"a","n":1.50,"choices":[{"meta":{"usage":1}}]}', {}),
        (b'{"id":"a","n":1.50,"text":"meta"}', {}),
    ],
)
def test_a_meta_of_the_vendors_is_kept_but_for_usage(answer: bytes, rest: dict[str, str]) -> None:
    made = with_meta(answer, OURS, True)
    assert b'"n":1.50' in made  # what is not ours stays to the byte
    assert made.count(b'"credits_used"') == 1
    before = {name: value for name, value in msgspec.json.decode(answer).items() if name != "meta"}
    assert msgspec.json.decode(made) == before | {"meta": rest | msgspec.json.decode(OURS)}
