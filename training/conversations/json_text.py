"""Sentences with facts that can be taken out of them as JSON, and the keys under which people want them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from training.conversations.draw import Draw, pool

_FIRST_PERSON: Final = (
    "My name", "I am", "I'm", "Hi,", "Hello,", "I live", "People call", "You can call me", "I was born",
)  # fmt: skip
_THEIR_EXTRAS: Final = (
    "{He} has {n} dogs.", "{He} works as a {job}.", "{He} likes {colour} cars.", "{He} has been married for {n} years.",
    "{He} has {n} children.", "{His} favourite colour is {colour}.", "{He} plays {sport} every week.",
    "{He} speaks {n} languages.", "{His} sister is called {other}.", "{He} once visited {elsewhere}.",
    "{He} drives a {colour} car.", "{He} has worked there for {n} years.", "{He} is a {job}.", "{He} loves {sport}.",
    "{His} house has {n} rooms.", "{His} cat is {n} years old.", "{He} owns {n} books and a {colour} bike.",
)  # fmt: skip
_MY_EXTRAS: Final = (
    "I have {n} dogs.", "I work as a {job}.", "I like {colour} cars.", "I have been married for {n} years.",
    "I have {n} children.", "My favourite colour is {colour}.", "I play {sport} every week.", "I speak {n} languages.",
    "My brother is called {other}.", "I once visited {elsewhere}.", "My house has {n} rooms.", "I love {sport}.",
)  # fmt: skip
_OPENINGS: Final = (
    "It was a cold day.", "Here is the entry.", "The phone rang {n} times.", "Good morning everybody.",
    "News of today:",
    "A short note.", "We have {n} new members.", "Entry {n}:", "The list is long.", "Let me introduce somebody.",
    "From our newspaper:", "There are {n} people in the room.",
)  # fmt: skip

KEYS: Final[dict[str, tuple[str, ...]]] = {
    "name": ("name", "name", "name", "full_name", "fullName", "person", "Name", "person_name", "customer"),
    "first": ("first_name", "firstName", "given_name", "first"),
    "last": ("last_name", "lastName", "surname", "family_name", "last"),
    "age": ("age", "age", "age", "years", "Age", "age_in_years", "years_old"),
    "city": ("city", "city", "city", "town", "location", "home", "place", "City", "residence", "hometown", "home_town"),
    "product": ("product", "item", "article", "product_name"),
    "colour": ("colour", "color"),
    "price": ("price", "cost", "amount"),
    "quantity": ("quantity", "count", "amount", "number", "qty"),
    "email": ("email", "mail", "email_address", "address"),
    "event": ("event", "title", "what"),
    "day": ("day", "date", "weekday", "when"),
    "time": ("time", "start", "start_time", "hour"),
    "title": ("title", "book", "book_title"),
    "author": ("author", "writer", "written_by"),
    "year": ("year", "published", "publication_year"),
    "job": ("job", "profession", "occupation", "role"),
    "country": ("country", "nation", "home_country"),
    "animal": ("animal", "species", "pet", "kind"),
    "name1": ("name", "pet_name"),
    "age1": ("age", "years"),
    "flight": ("flight", "number", "flight_number"),
    "from": ("from", "origin", "departure", "start"),
    "to": ("to", "destination", "arrival"),
}
"""What people call each fact, the usual first."""


@dataclass(frozen=True)
class Record:
    """A sentence and the facts in it, by the names that `KEYS` has."""

    text: str
    facts: dict[str, Any]


def person_name(draw: Draw) -> str:
    """Mostly a first and a last name."""
    if draw.chance(0.2):
        return draw.first_name()
    middle = f" {draw.first_name()}" if draw.chance(0.06) else ""
    joint = f"-{draw.last_name()}" if draw.chance(0.03) else ""
    return f"{draw.first_name()}{middle} {draw.last_name()}{joint}"


def email(draw: Draw) -> str:
    """An address at a host that does not exist."""
    name = draw.first_name().lower() + draw.any(("", "", f".{draw.last_name().lower()}", str(draw.number(1, 99))))
    host = draw.any(("example", "mail", draw.made_up_word(), draw.word()))
    return f"{name}@{host}.{draw.any(('com', 'org', 'net', 'de', 'io'))}"


def clock(draw: Draw) -> str:
    """A time of the day."""
    if draw.chance(0.2):
        return f"{draw.number(1, 12)} {draw.any(('am', 'pm'))}"
    return f"{draw.number(0, 23)}:{draw.any(('00', '00', '15', '30', '45', f'{draw.number(1, 59):02}'))}"


def title(draw: Draw) -> str:
    """A title of one to three words with capitals."""
    return " ".join(draw.word().capitalize() for _ in range(draw.number(1, 3)))


def price(draw: Draw) -> int | float:
    """An amount of money; never with a zero at the end of a fraction, which JSON would lose."""
    if draw.chance(0.7):
        return draw.number(1, 999)
    return draw.number(1, 200) + draw.any((0.5, 0.25, 0.75, 0.99, 0.95))


def _event(draw: Draw) -> str:
    kind = draw.pick(("concert", "meeting", "party", "workshop", "lecture", "market", "race", "exhibition", "festival",
                      "match", "seminar", "auction", "wedding", "show", "course", "fair"))  # fmt: skip
    return f"{draw.word()} {kind}" if draw.chance(0.4) else kind


_MAKERS: Final[dict[str, Callable[[Draw], Any]]] = {
    "name": person_name,
    "age": lambda draw: draw.number(2, 99) if draw.chance(0.9) else draw.number(100, 120),
    "city": lambda draw: draw.city(),
    "product": lambda draw: draw.made_up_word() if draw.chance(0.3) else draw.pool("json_products"),
    "colour": lambda draw: draw.pool("colours"),
    "price": price,
    "quantity": lambda draw: draw.number(2, 500),
    "email": email,
    "event": _event,
    "day": lambda draw: draw.any(pool("weekdays")),
    "time": clock,
    "title": title,
    "author": person_name,
    "year": lambda draw: draw.number(1700, 2029),
    "job": lambda draw: draw.pool("jobs"),
    "country": lambda draw: draw.pool("countries"),
    "animal": lambda draw: draw.pool("animals"),
    "name1": lambda draw: draw.first_name(),
    "age1": lambda draw: draw.number(2, 19),
    "flight": lambda draw: f"{draw.any('ABDEFKLNSTUX')}{draw.any('ABCFHKLRS')}{draw.number(10, 9999)}",
    "from": lambda draw: draw.city(),
    "to": lambda draw: draw.city(),
}


def person(draw: Draw) -> Record:
    """Somebody's name, age and city, now and then with other facts around."""
    facts = {slot: _MAKERS[slot](draw) for slot in ("name", "age", "city")}
    template = draw.wording(pool("json_people"))
    mine = template.startswith(_FIRST_PERSON)
    if draw.chance(0.3) and template[-1] in '.!"':
        template += " " + draw.wording(_MY_EXTRAS if mine else _THEIR_EXTRAS)
    if draw.chance(0.1):
        template = draw.wording(_OPENINGS) + " " + template
    he, his = draw.any((("he", "his"), ("she", "her")))
    first, _, last = facts["name"].partition(" ")
    text = template.format(
        **facts,
        first=first,
        he=he,
        his=his,
        He=he.capitalize(),
        His=his.capitalize(),
        n=draw.any((draw.number(2, 30), "two", "three", "four", "five")),
        job=draw.pool("jobs"),
        colour=draw.pool("colours"),
        sport=draw.pool("sports"),
        other=draw.first_name(),
        elsewhere=draw.city(),
    )
    if " " not in last and last:
        facts |= {"first": first, "last": last}
    return Record(_articles(text), facts)


def record(draw: Draw) -> Record:
    """Facts about something else."""
    kinds = tuple(dict.fromkeys(line.partition(": ")[0] for line in pool("json_records")))
    kind = draw.any(kinds)
    template = draw.wording([line.partition(": ")[2] for line in pool("json_records") if line.startswith(kind + ":")])
    facts = {slot: _MAKERS[slot](draw) for slot in KEYS if f"{{{slot}}}" in template}
    return Record(_articles(template.format(**facts)), facts)


def keyed(draw: Draw, slots: list[str], *, usual: bool = False) -> dict[str, str]:
    """The key for each fact, all different."""
    keys: dict[str, str] = {}
    for slot in slots:
        key = KEYS[slot][0] if usual or draw.chance(0.4) else draw.any(KEYS[slot])
        keys[slot] = key if key not in keys.values() else KEYS[slot][0]
    # Somebody who writes one key with a capital writes all of them so.
    if any(key[0].isupper() for key in keys.values()):
        keys = {slot: key.capitalize() for slot, key in keys.items()}
    return keys


def _articles(text: str) -> str:
    """`a` and `an` put right before numbers and words."""
    text = re.sub(r"\b([Aa]) (8|11|18|8\d)(?=[ -])", r"\1n \2", text)
    return re.sub(r"\b([Aa]) (?=[aeiou])(?!uni|use|eur|one)", r"\1n ", text)
