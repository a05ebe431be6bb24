from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw
from tests.store.stored import message, raw

from penstock.store.content import BLOB_BYTES, Packer, split, unpack, unpack_items

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_members = st.dictionaries(
    st.sampled_from(["id", "type", "a", "b", "é", '"']) | st.text(max_size=6), _values, max_size=6
)
_long = st.sampled_from([0, BLOB_BYTES - 40, BLOB_BYTES, 3 * BLOB_BYTES])


def _again(items: list[Raw]) -> list[bytes]:
    packer, hashes = Packer(), dict[bytes, int]()
    packed = packer.items(items, hashes)
    contents = {digest: packer.blob(digest) for digest in hashes}
    return [bytes(item) for item in unpack_items(packed, b"".join(hashes), contents)]


def _pairs(item: bytes) -> Any:
    """The JSON with the members of every object in their order."""
    return json.loads(item, object_pairs_hook=list)


@given(st.lists(st.tuples(_members, _long, st.booleans()), max_size=5))
def test_items_come_back_as_they_were(drawn: list[tuple[dict[str, Any], int, bool]]) -> None:
    items = []
    for members, length, spaced in drawn:
        text = json.dumps({**members, "text": "x" * length}, indent=1 if spaced else None)
        items.append(text.encode())
    assert [_pairs(item) for item in _again([Raw(item) for item in items])] == [_pairs(item) for item in items]


@pytest.mark.parametrize(
    "item",
    [
        message("msg_1"),
        message("msg_1", "long " * 1000),
        raw({"role": "user", "content": "without an id " * 100}),
        raw({"content": "id last " * 200, "id": "msg_1"}),
        raw({"content": "id of another type " * 100, "id": {"a": [1, 2.50, None]}, "after": 1}),
        raw("a text of its own " * 100),
        raw(["a list", "of its own " * 100]),
        Raw(
            b'{"id":"msg_1","number":1.50,"big":123456789012345678901234567890,"text":"'
            + b"\\u0000\\ud83e" * 100
            + b'"}'
        ),
        Raw(b'{"id":"msg_1","\\ud800":"a name that is no text","text":"' + b"x" * 2000 + b'"}'),
        Raw(b'{"id":"msg_1","text":"' + "🦆\\n".encode() * 500 + b'"}'),
    ],
    ids=lambda item: bytes(item)[:30].decode(errors="replace"),
)
def test_compact_json_comes_back_byte_for_byte(item: Raw) -> None:
    assert _again([item, message("other"), item]) == [bytes(item), bytes(message("other")), bytes(item)]


def test_long_items_are_referred_to_by_what_they_say_and_not_by_their_ids() -> None:
    packer, hashes = Packer(), dict[bytes, int]()
    text = "the same long text " * 100
    packer.items(
        [message("msg_1", text), message("msg_2"), message("msg_3", text), message("msg_4", text + "!")], hashes
    )
    packer.items([message("msg_5", text)], hashes)
    assert len(hashes) == 2
    assert split(b"".join(hashes)) == list(hashes)


def test_content_is_compressed_and_nothing_costs_nothing() -> None:
    packer = Packer()
    events = json.dumps([{"type": "response.output_text.delta", "delta": "word", "n": n} for n in range(500)]).encode()
    packed = packer.whole(events)
    assert len(packed) * 10 < len(events)
    assert unpack(packed) == events
    assert packer.items([], {}) == packer.whole(b"") == unpack(b"") == b""
    many = packer.items([message(f"msg_{number}") for number in range(1000)], {})
    assert len(many) < 20 * 1000


@pytest.mark.parametrize("data", [b"", b"[1]", b"x" * 1023, b"x" * 1024, b"\x28\xb5\x2f\xfd and no frame"])
def test_what_is_short_is_kept_as_it_is_and_comes_back(data: bytes) -> None:
    packed = Packer().whole(data)
    assert unpack(packed) == data
    assert (packed == data) is (len(data) < 1024 and not data.startswith(b"\x28"))
