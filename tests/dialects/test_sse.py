from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vendor_calls import split

from penstock.core.errors import UpstreamBroke
from penstock.dialects import sse
from penstock.dialects.sse import EventDecoder


def decode(parts: list[bytes], limit: int = sse.MAX_EVENT) -> list[bytes]:
    decoder = EventDecoder(limit)
    found = [data for part in parts for data in decoder.feed(part)]
    return found + list(decoder.close())


CASES = {
    "one event": (b"data: a\n\n", [b"a"]),
    "two events": (b"data: a\n\ndata: b\n\n", [b"a", b"b"]),
    "no space": (b"data:a\n\n", [b"a"]),
    "one space of two is data": (b"data:  a\n\n", [b" a"]),
    "crlf": (b"data: a\r\n\r\ndata: b\r\n\r\n", [b"a", b"b"]),
    "cr": (b"data: a\r\rdata: b\r\r", [b"a", b"b"]),
    "line ends mixed": (b"data: a\r\n\ndata: b\n\r\ndata: c\r\r\n", [b"a", b"b", b"c"]),
    "several lines": (b"data: a\ndata: b\n\n", [b"a\nb"]),
    "comments": (b": keep-alive\n\n:x\ndata: a\n: in between\n\n: end\n\n", [b"a"]),
    "other fields": (b"event: error\nid: 7\nretry: 10\ndata: a\n\nevent: ping\n\n", [b"a"]),
    "a field that only begins so": (b"database: a\n data: b\ndata : c\n\n", []),
    "empty data": (b"data:\n\ndata\n\n", [b"", b""]),
    "blank lines": (b"\n\n\ndata: a\n\n\n\n", [b"a"]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\ndata: b\n\n", [b"a", b"b"]),
    "byte order mark later is none": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [b"a"]),
    "only a mark": (b"\xef\xbb\xbf\n\n", []),
    "no blank line at the end": (b"data: a\n\ndata: b\n", [b"a", b"b"]),
    "no line end at the end": (b"data: a\n\ndata: b", [b"a", b"b"]),
    "lines that Unicode ends are one": ("data: a\u2028b\x0bc\x85d\n\n".encode(), ["a\u2028b\x0bc\x85d".encode()]),
    "nothing": (b"", []),
}


@pytest.mark.parametrize(("stream", "events"), CASES.values(), ids=CASES.keys())
def test_events_are_cut_at_blank_lines(stream: bytes, events: list[bytes]) -> None:
    assert decode([stream]) == events


@pytest.mark.parametrize(("stream", "events"), CASES.values(), ids=CASES.keys())
def test_byte_by_byte_is_the_same(stream: bytes, events: list[bytes]) -> None:
    assert decode([stream[at : at + 1] for at in range(len(stream))]) == events


LINES = st.sampled_from(
    [b"", b"data: {}", b"data: " + "é漢🎉".encode(), b"data", b": c", b"event: x", b"\xef\xbb\xbfdata: m"]
)
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@settings(deadline=None)
@given(
    st.lists(st.tuples(LINES, ENDS), max_size=20).map(lambda pairs: b"".join(line + end for line, end in pairs)),
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
def test_no_split_changes_the_events(stream: bytes, sizes: list[int]) -> None:
    assert decode(split(stream, sizes)) == decode([stream])


@pytest.mark.parametrize(
    "stream",
    [b"data: " + b"x" * 200, b": " + b"x" * 200, b"data: " + b"x" * 200 + b"\n\n", b"data: xxxxxxxxx\n" * 20],
    ids=["a line without an end", "a comment", "a line", "many lines"],
)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_over_the_limit_the_stream_is_broken(stream: bytes, size: int) -> None:
    with pytest.raises(UpstreamBroke, match="more than 100 bytes"):
        decode(split(stream, [size]), limit=100)


def test_empty_lines_of_data_count_too() -> None:
    with pytest.raises(UpstreamBroke):
        decode([b"data:\n" * 101], limit=100)


def test_events_before_the_limit_are_given() -> None:
    decoder = EventDecoder(100)
    events = decoder.feed(b"data: a\n\ndata: " + b"x" * 200 + b"\n\n")
    assert next(events) == b"a"
    with pytest.raises(UpstreamBroke):
        next(events)


def test_many_events_of_the_largest_size_pass() -> None:
    assert len(decode([b"data: " + b"x" * 90 + b"\n\n"] * 50, limit=100)) == 50


def test_what_we_write_is_what_we_read() -> None:
    assert decode([sse.event(b'{"a":1}'), sse.KEEP_ALIVE, sse.DONE]) == [b'{"a":1}', b"[DONE]"]
