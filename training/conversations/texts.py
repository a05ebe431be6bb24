"""Short texts without a meaning of their own: to be counted, repeated, quoted or kept in mind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, TypeVar

from training.conversations.draw import Draw

T = TypeVar("T")

_USUAL: Final = 4
_UNITS: Final = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS: Final = (
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
)  # fmt: skip
_FUNCTION_WORDS: Final = (
    "the", "a", "and", "of", "to", "in", "on", "with", "for", "is", "was", "my", "your", "his", "her", "our", "it",
    "we", "they", "you", "I", "at", "by", "but", "or", "not", "this", "that", "from", "are", "will", "can", "very",
)  # fmt: skip
_SHAPES: Final = (
    "the {w} is {w}", "the {w} sat on the {w}", "I like {w} and {w}", "she went to the {w} with a {w}",
    "my {w} is {w}", "we saw a {w} near the {w}", "he has two {w}s", "this is a {w}", "this is my {w} {w}",
    "{n} lives in {c}", "{n} and {n} like {w}", "there is a {w} in the {w}", "they {w} and {w} every day",
    "do you like the {w}", "the {w} {w} runs fast", "a {w} never sleeps", "please open the {w}",
    "it was a {w} and {w} day", "I am {w} today", "never {w} a {w}", "the quick {w} jumps over the lazy {w}",
    "{n} loves {w}", "my {w} has a {w}", "where is the {w}", "two {w}s are better than one", "you can {w} tomorrow",
    "the old {w} was under the {w}", "all {w}s are {w}", "we will {w} at noon", "good morning, {n}", "hello {n}",
    "hello, {w} world", "{n} bought {d} {w}s in {c}", "the train to {c} leaves at {d}", "I have {d} {w}s and a {w}",
    "one {w} and one {w} make two", "what a {w} {w}", "red {w}, blue {w}, green {w}", "our {w} is not for sale",
    "no {w} without {w}", "the {w} of {c}", "time to {w}", "dogs {w} while cats {w}", "I love {w}",
    "yes, the {w} works", "the end of the {w}", "tea with {w} is nice", "stop the {w} now", "how {w} is your {w}",
    "birds sing in the {w} {w}",
)  # fmt: skip


def phrasing(draw: Draw, phrasings: tuple[T, ...]) -> T:
    """One of many phrasings, by the rule of `wording`; but the first few, which most people use, are all learnt."""
    if not draw.new_wordings and draw.chance(0.2):
        return draw.any(phrasings[:_USUAL])
    return draw.wording(phrasings[_USUAL:])


def number_word(number: int) -> str:
    """A number of 0-99 in words: "forty-two"."""
    if number < len(_UNITS):
        return _UNITS[number]
    tens, units = divmod(number, 10)
    return _TENS[tens] + (f"-{_UNITS[units]}" if units else "")


def sentence(draw: Draw) -> str:
    """A sentence in lower case of 2-10 words, without a mark at its end."""
    fill: dict[str, Callable[[], str]] = {
        "{w}": draw.word,
        "{n}": draw.first_name,
        "{c}": draw.city,
        "{d}": lambda: str(draw.number(2, 99)),
    }
    return re.sub(r"\{.\}", lambda slot: fill[slot[0]](), draw.wording(_SHAPES))


def words(draw: Draw, count: int) -> str:
    """`count` words one after another, common, made up and the small ones between them."""
    return " ".join(draw.pick(_FUNCTION_WORDS) if draw.chance(0.3) else draw.word() for _ in range(count))


def marked(draw: Draw, text: str) -> str:
    """A text perhaps with a capital at its beginning and a mark at its end."""
    if draw.chance(0.5):
        text = text[:1].upper() + text[1:]
    return text + (draw.any((".", ".", ".", "!", "?")) if draw.chance(0.4) else "")


def identifier(draw: Draw) -> str:
    """A code that no tokenizer knows: ZX-4821, a7f3k, 90210, order_77."""
    letters = "".join(draw.any("ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(draw.number(1, 4)))
    digits = "".join(draw.any("0123456789") for _ in range(draw.number(2, 5)))
    mixed = "".join(draw.any("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(draw.number(4, 8)))
    forms = (
        f"{letters}-{digits}", f"{letters}{digits}", digits, mixed, f"{draw.word()}{digits}", f"{draw.word()}_{digits}",
        f"#{digits}", f"{letters.lower()}-{digits}-{draw.any('ABCDEF')}", f"{digits[:2]}-{digits}",
    )  # fmt: skip
    return draw.any(forms)


def email(draw: Draw) -> str:
    """An address of mail."""
    first, word = draw.first_name().lower(), draw.word()
    return f"{first}{draw.any(('', '.', '_'))}{draw.word()}@{word}.{draw.any(('com', 'org', 'net', 'io', 'example'))}"
