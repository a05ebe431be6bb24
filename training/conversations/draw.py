"""Random choices for conversations, with some of every choice kept back for the evaluation.

What fills a sentence in (a name, a word, a pair of numbers, a tool) is kept back in an eighth of all cases: the scores
are of such fill-ins alone. Of the wordings themselves every 32nd is kept back, for a figure of its own.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

T = TypeVar("T")

_POOLS: Final = Path(__file__).parent.parent / "pools"
_KEPT_BACK: Final = 8
"""One of this many options is never seen in training."""
_WORDINGS_KEPT_BACK: Final = 32
"""The same of wordings; a multiple of the other, so that none of them was ever seen when fill-ins were not."""
_FEWEST: Final = 8
"""Fewer options than this are all seen in training: there is nothing to generalise from."""
_ONSETS: Final = [
    "b",
    "br",
    "c",
    "ch",
    "cl",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "pr",
    "qu",
    "r",
    "s",
    "sh",
    "sk",
    "sl",
    "st",
    "t",
    "th",
    "tr",
    "v",
    "w",
    "y",
    "z",
]
_VOWELS: Final = ["a", "a", "a", "e", "e", "e", "i", "i", "o", "o", "u", "ai", "ea", "ee", "ia", "io", "oo", "ou", "y"]
_CODAS: Final = ". . . b ck d g k l ll m n nd ng nt p r rd rn s sh ss st t th x".replace(".", "-").split()


@cache
def pool(name: str) -> tuple[str, ...]:
    """The lines of `training/pools/NAME.txt`, without empty ones and those that begin with '#'."""
    lines = (_POOLS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def kept_back(option: object, one_of: int = _KEPT_BACK) -> bool:
    """Whether an option belongs to the evaluation alone: the same answer in every process."""
    return zlib.crc32(repr(option).encode()) % one_of == 0


class Draw:
    """A source of choices. `held_out`: for the evaluation, which draws fill-ins that training never does;
    `new_wordings`: and wordings, where one was kept back. `unseen` is the number of those that were drawn so far."""

    def __init__(self, seed: int | str, *, held_out: bool = False, new_wordings: bool = False) -> None:
        self.random = random.Random(seed)
        self.held_out = held_out
        self.new_wordings = new_wordings
        self.unseen = 0

    def any(self, options: Sequence[T]) -> T:
        """One of `options`, none kept back: for facts, which must all be learnt."""
        return options[int(self.random.random() * len(options))]

    def pick(self, options: Sequence[T]) -> T:
        """One of `options`; an eighth of them (of 8 and more) are kept back for the evaluation."""
        if len(options) < _FEWEST:
            return self.any(options)
        for _ in range(64):
            option = self.any(options)
            if kept_back(option) == self.held_out:
                return option
        return self.any(options)

    def wording(self, options: Sequence[T]) -> T:
        """One of `options`, which are ways to say a thing; a 32nd of them (of 8 and more) are kept back."""
        if len(options) < _FEWEST:
            return self.any(options)
        if self.new_wordings and (new := [option for option in options if kept_back(option, _WORDINGS_KEPT_BACK)]):
            self.unseen += 1
            return self.any(new)
        while kept_back(option := self.any(options), _WORDINGS_KEPT_BACK):
            pass
        return option

    def pool(self, name: str) -> str:
        """One line of a pool, by the rule of `pick`."""
        return self.pick(pool(name))

    def several(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different ones of `options`, each by the rule of `pick`; fewer where there are not as many."""
        found: list[T] = []
        for _ in range(count * 40):
            if len(found) == count:
                break
            option = self.pick(options)
            if option not in found:
                found.append(option)
        return found

    def chance(self, share: float) -> bool:
        """True in `share` (0-1) of all cases."""
        return self.random.random() < share

    def number(self, low: int, high: int) -> int:
        """An integer, both ends included."""
        return self.random.randint(low, high)

    def made_up_word(self, syllables: int | None = None) -> str:
        """A lower-case word of no language, 2 to about 12 letters. Nobody has seen most of them before."""
        parts = []
        for _ in range(syllables or self.any((1, 2, 2, 2, 3))):
            coda = self.any(_CODAS) if self.chance(0.5) else "-"
            parts.append(self.any(_ONSETS) + self.any(_VOWELS) + coda.replace("-", ""))
        return "".join(parts)

    def made_up_name(self) -> str:
        """A made-up word with a capital letter."""
        return self.made_up_word(self.any((1, 2, 2, 3))).capitalize()

    def first_name(self) -> str:
        """A first name: from the pool, or made up in a third of all cases."""
        return self.made_up_name() if self.chance(0.33) else self.pool("first_names")

    def last_name(self) -> str:
        """A last name: from the pool, or made up in a third of all cases."""
        return self.made_up_name() if self.chance(0.33) else self.pool("last_names")

    def city(self) -> str:
        """A city: from the pool, or made up in a third of all cases."""
        return self.made_up_name() if self.chance(0.33) else self.pool("cities")

    def word(self) -> str:
        """A lower-case word: from the pool of common words, or made up in a third of all cases."""
        return self.made_up_word() if self.chance(0.33) else self.pool("common_words")
