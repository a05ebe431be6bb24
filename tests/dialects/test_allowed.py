"""What a type allows, in words, and whether a value is that."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from msgspec import Meta, Struct, inspect

from penstock.dialects.allowed import allowed, fits


class Point(Struct):
    x: int


CASES: list[tuple[Any, str, list[Any], list[Any]]] = [
    # the type, its words, what fits, what does not
    (bool, "true or false", [True, False], [0, 1, None, "true"]),
    (int, "an integer", [0, -1, 10**30], [True, 0.5, "1", None]),
    (float, "a number", [0, 0.5, -1], [True, "1", None, []]),
    (Annotated[int, Meta(ge=1, le=128)], "an integer from 1 to 128", [1, 128], [0, 129, 1.5]),
    (Annotated[float, Meta(ge=-2, le=2.5)], "a number from -2 to 2.5", [-2, 2.5], [-2.1, 2.6]),
    (Annotated[float, Meta(gt=0, lt=2)], "a number between 0 and 2, both excluded", [0.1, 1.9], [0, 2]),
    (str, "a string", ["", "x"], [1, None]),
    (Annotated[str, Meta(min_length=1)], "a string of at least 1 character", ["x"], [""]),
    (Annotated[str, Meta(max_length=2)], "a string of at most 2 characters", ["", "xx"], ["xxx"]),
    (Annotated[str, Meta(pattern="^a+$", description="a row of a")], "a row of a", ["aa"], ["b", ""]),
    (Literal["a"], "'a'", ["a"], ["b", 1]),
    (Literal["a", "b"], "'a' or 'b'", ["a", "b"], ["c", None]),
    (Literal["a", "b", "c"], "one of 'a', 'b' or 'c'", ["c"], [["a"]]),
    (Literal["a"] | None, "'a'", ["a", None], ["b"]),
    (list[str], "an array", [[], [1]], [{}, "x"]),
    (Annotated[list[str], Meta(min_length=1, max_length=4)], "an array of 1 to 4 items", [[1]], [[], [1] * 5]),
    (str | Annotated[list[str], Meta(min_length=2)], "a string, or an array of at least 2 items", ["", [1, 2]], [[1]]),
    (
        Annotated[dict[str, str], Meta(max_length=1)],
        "an object of at most 1 member",
        [{}, {"a": 1}],
        [{"a": 1, "b": 2}],
    ),
    (Point | None, "an object", [{}, None], [[], "x"]),
    (Any, "any JSON value", [None, 1, "x", [], {}], []),
]


@pytest.mark.parametrize(("kind", "words", "right", "wrong"), CASES, ids=[case[1] for case in CASES])
def test_words_and_values(kind: Any, words: str, right: list[Any], wrong: list[Any]) -> None:
    node = inspect.type_info(kind)
    assert allowed(node) == words
    assert [value for value in right if not fits(node, value)] == []
    assert [value for value in wrong if fits(node, value)] == []
