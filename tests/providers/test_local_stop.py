"""Stop sequences in text that comes in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.providers.local.stop import Piece, StopMatcher


def run(pieces: list[str], stops: list[str], include: bool = False) -> tuple[list[str], bool]:
    """The pieces that go out, and whether there was a match."""
    matcher, out = StopMatcher(stops, include), []
    for number, text in enumerate(pieces):
        out += matcher.feed(Piece(text, [number]))
        if matcher.matched:
            return [piece.text for piece in out], True
    out += matcher.close()
    return [piece.text for piece in out], False


@pytest.mark.parametrize(
    ("pieces", "stops", "include", "out", "matched"),
    [
        (["a", "b"], [], False, ["a", "b"], False),
        (["a", "b", "c"], ["b"], False, ["a"], True),
        (["a", "b", "c"], ["b"], True, ["a", "b"], True),
        (["xa", "b", "cy"], ["abc"], False, ["x"], True),
        (["xa", "b", "cy"], ["abc"], True, ["xa", "b", "c"], True),
        (["a", "b", "d"], ["abc"], False, ["a", "b", "d"], False),
        (["aa", "ab"], ["ab"], False, ["aa"], True),
        (["ab"], ["abc", "ab"], False, [], True),
        (["STOP"], ["STOP"], False, [], True),
        (["a", "ST"], ["STOP"], False, ["a", "ST"], False),
        (["one two"], ["two", "one"], True, ["one"], True),
    ],
)
def test_cuts_at_the_first_match(
    pieces: list[str], stops: list[str], include: bool, out: list[str], matched: bool
) -> None:
    assert run(pieces, stops, include) == (out, matched)


def test_what_cannot_be_a_beginning_goes_out_at_once() -> None:
    matcher = StopMatcher(["xyz"], include=False)
    assert [piece.text for piece in matcher.feed(Piece("a", []))] == ["a"]
    assert matcher.feed(Piece("x", [])) == []
    assert matcher.feed(Piece("y", [])) == []
    assert [piece.text for piece in matcher.feed(Piece("b", []))] == ["x", "y", "b"]


def test_logprobs_stay_with_their_tokens() -> None:
    matcher = StopMatcher(["bc"], include=False)
    assert matcher.feed(Piece("ab", ["first"])) == []
    assert matcher.feed(Piece("c", ["second"])) == [Piece("a", ["first"])]


@given(st.lists(st.text("ab", max_size=4)), st.lists(st.text("ab", min_size=1, max_size=3), max_size=4), st.booleans())
def test_however_it_is_cut_the_text_is_the_same(pieces: list[str], stops: list[str], include: bool) -> None:
    text = "".join(pieces)
    out, matched = run(pieces, stops, include)
    ends = [text.find(stop) + len(stop) for stop in stops if stop in text]
    assert matched == bool(ends)
    if not matched:
        assert out == pieces if not stops else "".join(out) == text
        return
    said = "".join(out)
    assert text.startswith(said)
    if include:
        assert any(said.endswith(stop) for stop in stops)
    else:
        assert any(text.startswith(stop, len(said)) for stop in stops)
        assert not any(stop in said for stop in stops)
