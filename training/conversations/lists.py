"""Short lists: so many names, colours, animals and other things, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from training.conversations import lists_wording as say
from training.conversations.draw import Draw, pool
from training.conversations.example import Answer, Example, Skill, ask
from training.conversations.texts import phrasing
from training.conversations.wording import question, request

_COMMON: Final = 40
"""Items are drawn from this many at the head of a pool, the commonest; an answer may name any."""


@dataclass(frozen=True)
class Kind:
    """A kind of thing: its pool, how often it is asked for, and what people call it (one, many)."""

    pool: str
    weight: int
    nouns: tuple[tuple[str, str], ...]
    ordered: bool = False
    """The list always starts at the beginning: days, numbers."""


def _kind(pool_name: str, weight: int, *many: str, ordered: bool = False) -> Kind:
    return Kind(pool_name, weight, tuple((_singular(noun), noun) for noun in many), ordered)


_IRREGULAR: Final = {"people's names": "person's name", "fish": "fish", "clothes": "piece of clothing"}
_BARE: Final = {"pieces of furniture": "piece of furniture", "parts of the body": "part of the body"}


def _singular(noun: str) -> str:
    for known in (_IRREGULAR, _BARE):
        if noun in known:
            return known[noun]
    if " of " in noun:
        head, rest = noun.split(" of ", 1)
        return f"{_singular(head)} of {rest}"
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    return noun[:-2] if noun.endswith(("sses", "ches", "shes")) else noun.removesuffix("s")


KINDS: Final = (
    _kind("first_names", 34, "names", "first names", "names", "people's names", "given names", "human names",
          "person names", "baby names", "names of people", "names for a character", "English names"),
    _kind("girl_names", 3, "girl names", "female names", "names for girls", "women names"),
    _kind("boy_names", 3, "boy names", "male names", "names for boys", "men names"),
    _kind("last_names", 3, "last names", "surnames", "family names"),
    _kind("colours", 24, "colours", "colors", "colour names", "color names"),
    _kind("animals", 24, "animals", "animals", "animal names", "kinds of animals"),
    _kind("fruits", 24, "fruits", "fruits", "kinds of fruit", "pieces of fruit", "types of fruit"),
    _kind("vegetables", 8, "vegetables", "vegetables", "kinds of vegetables"),
    _kind("cities", 6, "cities", "city names", "towns", "cities of the world"),
    _kind("countries", 6, "countries", "country names", "countries of the world"),
    _kind("sports", 5, "sports", "kinds of sport"),
    _kind("jobs", 5, "jobs", "professions", "occupations"),
    _kind("tools", 4, "tools", "hand tools"),
    _kind("instruments", 4, "musical instruments", "instruments"),
    _kind("drinks", 4, "drinks", "beverages"),
    _kind("flowers", 4, "flowers", "kinds of flowers"),
    _kind("trees", 4, "trees", "kinds of trees", "tree species"),
    _kind("planets", 3, "planets", "planets of the solar system", ordered=True),
    _kind("clothes", 3, "pieces of clothing", "garments", "items of clothing"),
    _kind("furniture", 3, "pieces of furniture", "furniture items"),
    _kind("metals", 3, "metals", "kinds of metal"),
    _kind("languages", 3, "languages", "spoken languages"),
    _kind("vehicles", 3, "vehicles", "means of transport"),
    _kind("desserts", 3, "desserts", "sweet dishes"),
    _kind("shapes", 3, "shapes", "geometric shapes"),
    _kind("body_parts", 3, "body parts", "parts of the body"),
    _kind("months", 2, "months", "months of the year", ordered=True),
    _kind("weekdays", 2, "weekdays", "days of the week", ordered=True),
    _kind("numbers", 3, "numbers", "integers"),
    _kind("letters", 2, "letters", "letters of the alphabet"),
    _kind("plain_words", 4, "words", "English words", "nouns"),
    _kind("birds", 3, "birds", "kinds of birds"),
    _kind("fish", 2, "fish", "kinds of fish"),
    _kind("insects", 2, "insects", "bugs"),
    _kind("spices", 2, "spices", "herbs and spices"),
    _kind("foods", 4, "foods", "things to eat", "food items"),
    _kind("hobbies", 2, "hobbies", "pastimes"),
    _kind("subjects", 2, "school subjects", "subjects at school"),
    _kind("rivers", 2, "rivers", "rivers of the world"),
    _kind("mountains", 2, "mountains", "famous mountains"),
    _kind("programming_languages", 2, "programming languages", "coding languages"),
    _kind("toys", 2, "toys", "things to play with"),
    _kind("emotions", 2, "emotions", "feelings"),
    _kind("adjectives", 2, "adjectives"),
    _kind("verbs", 2, "verbs"),
    _kind("seasons", 1, "seasons", "seasons of the year", ordered=True),
    _kind("continents", 1, "continents", ordered=True),
    _kind("oceans", 1, "oceans", ordered=True),
    _kind("elements", 2, "chemical elements", "elements"),
    _kind("rooms", 2, "rooms", "rooms in a house"),
    _kind("kitchen_things", 2, "things in a kitchen", "kitchen utensils"),
    _kind("shop_things", 1, "shops", "kinds of shops"),
)  # fmt: skip
_WEIGHED: Final = tuple(kind for kind in KINDS for _ in range(kind.weight))

_OTHER_WORDS: Final = {"a couple of": 2, "a pair of": 2, "a few": 3, "some": 5, "a handful of": 5, "half a dozen": 6}

_Form = Callable[[Sequence[str]], str]
_FORMS: Final[dict[str, tuple[tuple[str, ...], _Form, str]]] = {
    "lines": (say.LINES, "\n".join, r"(.+)"),
    "commas": (say.COMMAS, ", ".join, ""),
    "numbered": (say.NUMBERED, lambda items: "\n".join(f"{i}. {x}" for i, x in enumerate(items, 1)), r"{i}[.)] (.+)"),
    "bulleted": (say.BULLETED, lambda items: "\n".join(f"- {item}" for item in items), r"[-*] (.+)"),
    "json": (say.JSON, lambda items: "[" + ", ".join(f'"{item}"' for item in items) + "]", ""),
}


def parts(text: str, form: str) -> list[str]:
    """The items of a list written in a form; none where it is not in that form."""
    text = text.strip()
    if form == "json":
        return re.findall(r'"([^"]*)"', text) if re.fullmatch(r'\[("[^"]*"(, ?)?)*\]', text) else []
    if form == "commas":
        return text.rstrip(".").split(", ")
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        match = re.fullmatch(_FORMS[form][2].replace("{i}", str(number)), line.strip())
        if match is None:
            return []
        found.append(match[1])
    return found


def _member(kind: Kind, item: str) -> bool:
    if "names" in kind.pool and re.fullmatch(r"[A-Z][a-z]+", item):
        return True
    return item.lower() in {known.lower() for known in pool(kind.pool)}


def _right(kind: Kind, low: int, high: int, form: str, without: Sequence[str] = ()) -> Callable[[Answer], bool]:
    """Whether an answer is a list of so many different members, in that form, and nothing else."""

    def accepts(given: Answer) -> bool:
        found = parts(given.text, form)
        distinct = len({item.lower() for item in (*found, *without)}) == len(found) + len(without)
        return low <= len(found) <= high and distinct and all(_member(kind, item) for item in found)

    return accepts


def _items(draw: Draw, kind: Kind, count: int) -> list[str]:
    """Members in the order of their pool: what was named already is then easy to tell, so nothing is named twice."""
    known = pool(kind.pool)[:_COMMON]
    window = count if kind.ordered else draw.any((count, count, count + 2, 2 * count, _COMMON))
    window = min(max(window, count), len(known))
    return [known[index] for index in sorted(draw.random.sample(range(window), count))]


def _how_many(draw: Draw, kind: Kind) -> int:
    return min(draw.number(1, 10), len(pool(kind.pool)))


def _written(draw: Draw, count: int) -> str:
    """The number as a digit or a word."""
    return str(count) if draw.chance(0.55) else say.NUMBERS[count]


def _an(noun: str) -> str:
    return ("an " if noun[0].lower() in "aeio" else "a ") + noun


def _what(draw: Draw, kind: Kind, noun: tuple[str, str], count: int) -> str:
    """The things asked for, such as "five random colours" or "a colour"."""
    one, many = noun
    purpose = draw.wording(say.PURPOSES[kind.pool]) if kind.pool in say.PURPOSES and draw.chance(0.08) else ""
    if count > 1:
        how = draw.wording(say.HOW) if draw.chance(0.25) and not kind.ordered else ""
        return f"{_written(draw, count)} {how}{many}{purpose}"
    one = (draw.wording(say.HOW_ONE) if draw.chance(0.2) and not kind.ordered else "") + one
    return (_an(one) if draw.chance(0.6) else f"{draw.any(('1', 'one', 'one'))} {one}") + purpose


def _sentence(draw: Draw, what: str, count: int) -> str:
    """A request for the things."""
    roll = draw.random.random()
    if roll < 0.55:
        return request(draw, phrasing(draw, say.MANY).format(what=what).replace("names of one", "name of one"))
    if roll < 0.75:
        return question(draw, phrasing(draw, say.MANY_ASKED if count > 1 else say.ONE_ASKED).format(what=what))
    text = phrasing(draw, say.MANY_PLAIN).format(what=what)
    return text[:1].upper() + text[1:] if draw.chance(0.4) else text


def _formed(draw: Draw, text: str, form: str) -> str:
    """The request and the form that is wanted."""
    said = phrasing(draw, _FORMS[form][0])
    bare = text.rstrip(".!?: ")
    if text.endswith("?") or draw.chance(0.3):
        end = "?" if text.endswith("?") else "."
        return f"{bare}{end} {said[:1].upper()}{said[1:]}" + draw.any((".", ".", ""))
    return draw.any(say.FORM_SAID).format(text=bare, form=said, Form=said[:1].upper() + said[1:])


def plain_list(draw: Draw) -> Example:
    """So many things of a kind, one a line."""
    kind = draw.any(_WEIGHED)
    noun, count = draw.any(kind.nouns), _how_many(draw, kind)
    if count > 1 and draw.chance(0.15):
        number = _written(draw, count)
        text = phrasing(draw, say.COUNTED).format(items=noun[1], Items=noun[1][:1].upper() + noun[1][1:], n=number)
        text = text[:1].upper() + text[1:] if draw.chance(0.7) else text.lower()
    elif draw.chance(0.05) and len(pool(kind.pool)) > 5:
        word = draw.any(tuple(_OTHER_WORDS))
        count = _OTHER_WORDS[word]
        text = _sentence(draw, f"{word} {noun[1]}", count)
    else:
        text = _sentence(draw, _what(draw, kind, noun, count), count)
    return ask(text, "\n".join(_items(draw, kind, count)), accepts=_right(kind, count, count, "lines"))


def uncounted_list(draw: Draw) -> Example:
    """Things of a kind without a number: five of them."""
    kind = draw.any(tuple(kind for kind in _WEIGHED if len(pool(kind.pool)) >= 12 and not kind.ordered))
    many = draw.any(kind.nouns)[1]
    how = draw.wording(say.HOW) if draw.chance(0.25) else ""
    text = _sentence(draw, how + many, 5)
    return ask(text, "\n".join(_items(draw, kind, 5)), accepts=_right(kind, 3, 10, "lines"))


def formed_list(draw: Draw) -> Example:
    """So many things, numbered, bulleted, with commas or as JSON."""
    kind = draw.any(_WEIGHED)
    count = max(2, _how_many(draw, kind))
    form = draw.any(("lines", "commas", "commas", "numbered", "numbered", "bulleted", "json"))
    what = _what(draw, kind, draw.any(kind.nouns), count)
    bare = draw.chance(0.2)  # "Five fruits, one per line"
    text = _formed(draw, draw.any((what, what[:1].upper() + what[1:])) if bare else _sentence(draw, what, count), form)
    return ask(text, _FORMS[form][1](_items(draw, kind, count)), accepts=_right(kind, count, count, form))


def _only(draw: Draw, kind: Kind, noun: tuple[str, str]) -> str:
    one, many = noun
    if kind.pool == "first_names" and draw.chance(0.6):
        one, many = "name", "names"
    text = phrasing(draw, say.ONLY).format(one=one, many=many, Many=many[:1].upper() + many[1:])
    return re.sub(r"\b([Aa]) (?=[aeioAEIO])", r"\1n ", text)


def generator(draw: Draw) -> Example:
    """A system message that wants nothing but things of a kind, and a user who may say little."""
    kind = draw.any(_WEIGHED)
    noun, count = draw.any(kind.nouns), _how_many(draw, kind)
    low = high = count
    roll = draw.random.random()
    if count > 1 and roll < 0.08:
        text = phrasing(draw, say.GO)
        system = draw.wording(say.ONLY_COUNTED).format(n=_written(draw, count), many=noun[1])
        return ask(text, "\n".join(_items(draw, kind, count)), system, accepts=_right(kind, count, count, "lines"))
    if roll < 0.5:
        text = _sentence(draw, _what(draw, kind, noun, count), count)
    elif roll < 0.85 or kind.ordered or len(pool(kind.pool)) < 5:
        text = phrasing(draw, say.TERSE).format(n=_written(draw, count))
        text = text[:1].upper() + text[1:] if draw.chance(0.4) else text
    else:
        text, count, low, high = phrasing(draw, say.GO), 5, 3, 10
    items = "\n".join(_items(draw, kind, count))
    return ask(text, items, _only(draw, kind, noun), accepts=_right(kind, low, high, "lines"))


def more(draw: Draw) -> Example:
    """A first list, then more of the same kind, none of them twice."""
    kind = draw.any(tuple(kind for kind in _WEIGHED if len(pool(kind.pool)) >= 20))
    first, then = draw.number(1, 5), draw.number(1, 5)
    noun = draw.any(kind.nouns)
    known = _items(draw, kind, first + then)
    system = _only(draw, kind, noun) if draw.chance(0.3) else None
    example = ask(
        phrasing(draw, say.MORE if then > 1 else say.ONE_MORE).format(n=_written(draw, then)),
        "\n".join(known[first:]),
        system,
        accepts=_right(kind, then, then, "lines", known[:first]),
    )
    asked = {"role": "user", "content": _sentence(draw, _what(draw, kind, noun, first), first)}
    told = {"role": "assistant", "content": "\n".join(known[:first])}
    example.messages[-1:-1] = [asked, told]
    return example


def whole_set(draw: Draw) -> Example:
    """All planets, days, months, seasons, continents or oceans."""
    kind = draw.any(tuple(kind for kind in KINDS if kind.ordered and len(pool(kind.pool)) <= 12))
    every = pool(kind.pool)
    text = phrasing(draw, say.ALL).format(many=draw.any(kind.nouns)[1])
    if text.endswith("?"):
        text = question(draw, text)
    elif not text.startswith(("all", "the")):
        text = request(draw, text)
    return ask(text, "\n".join(every), accepts=_right(kind, len(every), len(every), "lines"))


SKILLS: Final[dict[str, tuple[str, float, Skill]]] = {
    "plain_list": ("lists", 0.45, plain_list),
    "uncounted_list": ("lists", 0.08, uncounted_list),
    "formed_list": ("lists", 0.15, formed_list),
    "generator": ("lists", 0.24, generator),
    "more": ("lists", 0.05, more),
    "whole_set": ("lists", 0.03, whole_set),
}
