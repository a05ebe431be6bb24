"""Skills of memory: what users told of themselves, earlier, in the same turn, or in the system prompt."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from training.conversations import arithmetic, facts, texts
from training.conversations import remembering_wording as say
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example
from training.conversations.talk import FINE, HELLO, WELCOME

UNKNOWN: Final = "You have not told me that."
"""The answer to a question about what was never told."""
_NAME_TOLD: Final = (
    "my name is {0}", "my name is {0}", "I'm {0}", "I am {0}", "I am called {0}", "my name's {0}", "call me {0}",
    "you can call me {0}", "people call me {0}", "this is {0}", "{0} is my name", "everybody calls me {0}", "im {0}",
    "I go by {0}", "it's {0}",
)  # fmt: skip
_NAME_ASKED: Final = (
    "what is my name", "what is my name", "what's my name", "who am I", "what am I called", "what was my name",
    "how am I called", "what did I say my name was", "by what name do I go",
)  # fmt: skip
_NAME_INDIRECT: Final = (
    "my name", "my name", "what my name is", "what I am called", "who I am", "what my name was", "the name I told you",
)  # fmt: skip
_CHAT: Final = (
    ("Hi!", HELLO), ("Thanks.", WELCOME), ("Thank you!", WELCOME), ("How are you?", FINE), ("thanks a lot", WELCOME),
    ("Hello", HELLO), ("Good morning", HELLO), ("Hey there", HELLO), ("ok, thank you", WELCOME),
)  # fmt: skip
_KINDS: Final = (
    "name", "name", "name", "home", "age", "own", "own", "favourite", "favourite", "number", "code", "word", "the",
)  # fmt: skip
# How a fact is told that is an order itself, and so fits after no "remember that".
_ORDER: Final = re.compile("remember|keep|don't|call me")
_ORDERED: Final = ("{s}.", "{s}", "{s}!", "Please {s}.", "Hi! {s}.", "Hello, {s}.", "Now {s}.")
_OWNED: Final = (
    "dog", "cat", "parrot", "horse", "rabbit", "hamster", "brother", "sister", "friend", "best friend", "boss",
    "teacher", "neighbour", "daughter", "son", "wife", "husband", "uncle", "aunt", "cousin", "doctor", "boat",
    "goldfish", "turtle", "mother", "father", "colleague", "pony", "puppy", "kitten", "robot", "partner", "roommate",
    "nephew", "niece",
)  # fmt: skip
_FAVOURITES: Final = (
    "colour", "color", "animal", "fruit", "sport", "vegetable", "word", "number", "city", "drink", "flower", "food",
    "day", "month", "thing", "tree", "place", "toy", "name", "dish", "bird", "game", "book", "song", "hobby", "subject",
    "team",
)  # fmt: skip
_NUMBERED: Final = (
    "number", "lucky number", "locker number", "room number", "seat number", "house number", "ticket number", "PIN",
    "order number", "phone number", "customer number", "account number", "table number", "bus number", "flight number",
)  # fmt: skip
_CODED: Final = (
    "code", "password", "secret code", "booking code", "door code", "access code", "user name", "serial number",
    "login", "reference", "order id", "voucher code", "licence plate", "Wi-Fi password", "tracking code", "ID",
    "customer ID",
)  # fmt: skip
_WORDED: Final = (
    "secret word", "nickname", "magic word", "code word", "safe word", "hobby", "job", "street", "team", "school",
    "company", "project", "car", "middle name", "last name", "surname", "pen name",
)  # fmt: skip
_DISHES: Final = ("pizza", "rice", "soup", "pasta", "salad", "toast", "noodles", "curry", "cheese", "pancakes", "sushi")
_TITLE: Final = ("nickname", "street", "team", "school", "company", "car", "middle name", "last name", "surname",
                 "pen name")  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """Something that a user tells. `subject`: what it is about; two facts of one subject contradict each other.

    `told`: how the user says it ("my name is Ana"), without a capital or mark; `second`: the same said to the user
    ("your name is Ana"); `third`: of the user ("the user's name is Ana"); `question` ("what is my name") and `indirect`
    ("my name"), which fits after "tell me".
    """

    subject: str
    value: str
    told: str
    second: str
    third: str
    question: str
    indirect: str

    @property
    def topic(self) -> str:
        """The thing alone: "favourite:colour" and "the:colour" are both about a colour."""
        return re.sub("color$", "colour", self.subject.partition(":")[2].lower() or self.subject)

    @property
    def reply(self) -> str:
        """What is answered to the question."""
        return f"{self.second[:1].upper()}{self.second[1:]}."


def remember(draw: Draw) -> Example:
    """One or two facts told, nothing or something else in between, and a question about one of them."""
    told = _different(draw, draw.any((1, 1, 1, 2, 2, 3)))
    asked = draw.any(told)
    kind = draw.random.random()
    if kind < 0.14:  # told by the system prompt
        known = " and ".join(fact.third for fact in told[:2])
        asked = draw.any(told[:2])
        system = draw.wording(say.SYSTEM).format(f=known[:1].upper() + known[1:])
        return _conversation([_turn("system", system), *_between(draw, 1)], draw, asked, told)
    if kind < 0.36:  # told and asked in one turn
        both = (
            " and ".join(fact.told for fact in told) if draw.chance(0.7) else ". ".join(_capital(f.told) for f in told)
        )
        said = _tell(draw, both)
        said += "" if said[-1] in ".!?" else "."
        text = f"{said}{draw.any((' ', ' ', chr(10)))}{_ask(draw, asked)}"
        return _conversation([], draw, asked, told, text)
    messages = _between(draw, 1) if draw.chance(0.15) else []
    if len(told) > 1 and draw.chance(0.4):
        together = " and ".join(fact.told for fact in told)
        messages += [_turn("user", _tell(draw, together)), _noted(draw, *told)]
    else:
        for fact in told:
            messages += [_turn("user", _tell(draw, fact.told)), _noted(draw, fact)]
            messages += _between(draw, 1) if draw.chance(0.15) else []
    return _conversation([*messages, *_between(draw, 2)], draw, asked, told)


def acknowledge(draw: Draw) -> Example:
    """The first half of a memory: a fact told, and nothing asked."""
    told = _different(draw, draw.any((1, 1, 1, 2)))
    messages = [*_between(draw, 1), _turn("user", _tell(draw, " and ".join(fact.told for fact in told)))]
    return Example(messages, Answer(_acknowledgement(*told)), accepts=_accepts(*(fact.value for fact in told)))


def corrected(draw: Draw) -> Example:
    """A fact, another of the same subject that replaces it, and the question: the later one counts."""
    first = _fact(draw)
    later = _fact(draw)
    while later.subject != first.subject or later.value.lower() == first.value.lower():
        later = _fact(draw, first.subject)
    text = draw.wording(say.CORRECTED)
    text = ("No, {s}." if _ORDER.match(later.told) else text).format(s=later.told)
    noted = f"I will remember that {later.second}."
    correction = [_turn("user", _capital(text)), _turn("assistant", noted)]
    start = [_turn("user", _tell(draw, first.told)), _noted(draw, first)]
    if draw.chance(0.2):
        return Example([*start, correction[0]], Answer(noted), accepts=_accepts(later.value))
    messages = [*start, *_between(draw, 1), *correction, *_between(draw, 1)]
    return _conversation(messages, draw, later, [first, later])


def never_told(draw: Draw) -> Example:
    """A question about something that nobody told."""
    told = _different(draw, draw.any((1, 2, 2)))
    asked = told.pop()
    messages: list[dict[str, Any]] = []
    for fact in told:
        messages += [_turn("user", _tell(draw, fact.told)), _noted(draw, fact)]
    messages += [*_between(draw, 1), _turn("user", _ask(draw, asked))]
    return Example(messages, Answer(UNKNOWN), accepts=lambda given: "not told" in given.text.lower())


def _conversation(
    messages: list[dict[str, Any]], draw: Draw, asked: Fact, told: list[Fact], text: str | None = None
) -> Example:
    """`messages`, the question about `asked`, and its answer, which must not name what else was told."""
    messages = [*messages, _turn("user", text or _ask(draw, asked))]
    others = [fact.value for fact in told if not _says(fact.value, asked.reply)]
    return Example(messages, Answer(asked.reply), accepts=_accepts(asked.value, without=others))


def _accepts(*values: str, without: list[str] | None = None) -> Callable[[Answer], bool]:
    """Whether an answer says all `values`, none of the others, and not much more."""

    def accepts(given: Answer) -> bool:
        text = given.text
        short = len(text.split()) <= 10 + sum(6 + len(value.split()) for value in values)
        return short and all(_says(value, text) for value in values) and not any(_says(w, text) for w in without or ())

    return accepts


def _says(value: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(value)}(?!\w)", text, re.IGNORECASE) is not None


def _tell(draw: Draw, told: str) -> str:
    text = draw.any(_ORDERED) if _ORDER.match(told) else texts.phrasing(draw, say.TOLD)
    if not text.startswith("{s}") and re.search(r"[.!:] \{s\}", text):
        told = _capital(told) if draw.chance(0.6) else told
    text = text.format(s=told)
    return text if draw.chance(0.12) else _capital(text)


def _ask(draw: Draw, fact: Fact) -> str:
    text = texts.phrasing(draw, say.ASKED)
    asked = _capital(fact.question) if re.search(r"[.] \{q", text) else fact.question
    text = text.format(q=asked, i=fact.indirect)
    return text if draw.chance(0.12) else _capital(text)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _acknowledgement(*told: Fact) -> str:
    if len(told) == 1 and told[0].subject == "name":
        return f"Nice to meet you, {told[0].value}."
    return f"I will remember that {' and '.join(fact.second for fact in told)}."


def _noted(draw: Draw, *told: Fact) -> dict[str, Any]:
    """The assistant's turn after something was told: often what another model says there."""
    other = draw.wording(say.NOTED).format(value=told[0].value, second=told[0].second) if draw.chance(0.5) else ""
    return _turn("assistant", other or _acknowledgement(*told))


def _turn(role: str, content: str) -> dict[str, Any]:
    return {"role": role, "content": content}


def _between(draw: Draw, most: int) -> list[dict[str, Any]]:
    """Up to `most` exchanges about something else."""
    messages = []
    for _ in range(draw.number(0, most)):
        if draw.chance(0.25):
            asked, answer = draw.any(_CHAT)
        else:
            skills = draw.any((arithmetic.SKILLS, facts.SKILLS))
            example = draw.any(tuple(skills.values()))[2](draw)
            asked, answer = example.messages[-1]["content"], example.answer.text
        messages += [_turn("user", asked), _turn("assistant", answer)]
    return messages


def _different(draw: Draw, count: int) -> list[Fact]:
    """Facts of different subjects and values."""
    found: list[Fact] = []
    while len(found) < count:
        fact = _fact(draw)
        if not any(_alike(fact, other) for other in found):
            found.append(fact)
    return found


def _alike(one: Fact, other: Fact) -> bool:
    """Whether a question about one could mean the other ("my code", "the code"), or an answer would name both."""
    first, second = one.topic, other.topic
    same = first.endswith(second) or second.endswith(first)
    return same or _says(one.value, other.second) or _says(other.value, one.second)


def _fact(draw: Draw, subject: str | None = None) -> Fact:
    """A fact about `subject`, or about any."""
    subject = subject or draw.any(_KINDS)
    kind, _, what = subject.partition(":")
    if kind == "name":
        return _name(draw)
    if kind == "home":
        return _home(draw)
    if kind == "age":
        return _age(draw)
    if kind == "own":
        return _owned(draw, what or draw.pick(_OWNED))
    if kind == "favourite":
        what = what or draw.pick(_FAVOURITES)
        return _mine(draw, subject if ":" in subject else f"favourite:{what}", _liked(draw, what))
    if kind == "number":
        what = what or draw.pick(_NUMBERED)
        return _mine(draw, f"number:{what}", str(draw.number(1, 10 ** draw.number(1, 6))))
    if kind == "code":
        return _mine(draw, f"code:{what or draw.pick(_CODED)}", texts.identifier(draw).removeprefix("#"))
    if kind == "the":
        return _bare(
            draw, what or draw.any(("number", "number", "number", "word", "code", "name", "password", "colour"))
        )
    what = what or draw.pick(_WORDED)
    value = draw.made_up_name() if what in _TITLE else draw.word()
    return _mine(draw, f"word:{what}", draw.pool("jobs") if what == "job" else value)


def _name(draw: Draw) -> Fact:
    name = draw.first_name()
    told, question, indirect = draw.any(_NAME_TOLD), draw.any(_NAME_ASKED), draw.any(_NAME_INDIRECT)
    return Fact(
        "name", name, told.format(name), f"your name is {name}", f"the user's name is {name}", question, indirect
    )


def _home(draw: Draw) -> Fact:
    city = draw.city()
    told = draw.any(("I live in {0}", "I live in {0}", "my home is in {0}", "I am living in {0}", "I now live in {0}"))
    question = draw.any(("where do I live", "where do I live", "which city do I live in", "in which city do I live",
                         "what city do I live in", "where is my home"))  # fmt: skip
    indirect = draw.any(("where I live", "which city I live in", "where my home is", "in which city I live"))
    return Fact("home", city, told.format(city), f"you live in {city}", f"the user lives in {city}", question, indirect)


def _age(draw: Draw) -> Fact:
    age = str(draw.number(5, 99))
    told = draw.any(("I am {0} years old", "I'm {0} years old", "my age is {0}", "I am {0}", "I turned {0} today"))
    question = draw.any(("how old am I", "how old am I", "what is my age", "what age am I"))
    indirect = draw.any(("how old I am", "my age", "what my age is"))
    third = f"the user is {age} years old"
    return Fact("age", age, told.format(age), f"you are {age} years old", third, question, indirect)


def _owned(draw: Draw, what: str) -> Fact:
    """Somebody's or some pet's name."""
    name = draw.first_name()
    one = f"{'an' if what[0] in 'aeiou' else 'a'} {what}"
    told = draw.any((f"my {what}'s name is {name}", f"my {what} is called {name}", f"my {what} is named {name}",
                     f"the name of my {what} is {name}", f"I have {one} named {name}",
                     f"I have {one} called {name}"))  # fmt: skip
    if what in ("mother", "father"):
        told = f"my {what}'s name is {name}"
    question = draw.any((f"what is my {what}'s name", f"what is the name of my {what}", f"what is my {what} called",
                         f"how is my {what} called", f"what's my {what}'s name"))  # fmt: skip
    indirect = draw.any((f"my {what}'s name", f"the name of my {what}", f"what my {what} is called"))
    second, third = f"your {what}'s name is {name}", f"the user's {what} is called {name}"
    return Fact(f"own:{what}", name, told, second, third, question, indirect)


def _mine(draw: Draw, subject: str, value: str) -> Fact:
    """The user's something: a number, a code, a word, what they like best."""
    kind, _, what = subject.partition(":")
    what = f"favourite {what}" if kind == "favourite" else what
    if what.endswith(" color"):
        what = what.replace("favourite", "favorite")
    told = f"my {what} is {value}"
    if not value[0].islower() and draw.chance(0.25):  # at the beginning nothing must get a capital
        told = f"{value} is my {what}"
    question = draw.any((f"what is my {what}", f"what is my {what}", f"what's my {what}", f"what was my {what}",
                         f"which {what} did I tell you", f"what did I say my {what} is"))  # fmt: skip
    indirect = draw.any((f"my {what}", f"my {what}", f"what my {what} is", f"what my {what} was"))
    return Fact(subject, value, told, f"your {what} is {value}", f"the user's {what} is {value}", question, indirect)


def _bare(draw: Draw, what: str) -> Fact:
    """A thing to keep in mind that belongs to nobody: "the number is 482"."""
    value = draw.first_name() if what == "name" else draw.word()
    value = str(draw.number(1, 10 ** draw.number(1, 5))) if what == "number" else value
    value = texts.identifier(draw).removeprefix("#") if what == "code" else value
    value = draw.pool("colours") if what == "colour" else value
    tellings = (
        f"the {what} is {value}", f"the {what} is {value}", f"remember the {what} {value}",
        f"remember this {what}: {value}", f"keep the {what} {value} in mind", f"the {what} to keep is {value}",
        f"don't forget the {what} {value}",
    )  # fmt: skip
    told = draw.any(tellings)
    questions = (
        f"what is the {what}", f"which {what} did I tell you", f"what was the {what}", f"what {what} did I say",
        f"what {what} did I ask you to remember", f"which {what} was it",
    )  # fmt: skip
    question = draw.any(questions)
    indirect = draw.any((f"the {what}", f"the {what} I told you", f"what the {what} was", f"the {what} from before"))
    return Fact(f"the:{what}", value, told, f"the {what} is {value}", f"the {what} is {value}", question, indirect)


def _liked(draw: Draw, what: str) -> str:
    pools = {"colour": "colours", "color": "colours", "animal": "animals", "fruit": "fruits", "sport": "sports",
             "vegetable": "vegetables", "drink": "drinks", "flower": "flowers", "tree": "trees"}  # fmt: skip
    if what in pools and draw.chance(0.85):
        return draw.pool(pools[what])
    if what in ("food", "dish"):
        return draw.pick(_DISHES)
    if what in ("city", "name", "place", "team"):
        return draw.city() if what == "city" else draw.made_up_name()
    if what in ("day", "month"):
        return draw.any(facts.DAYS if what == "day" else facts.MONTHS)
    return str(draw.number(1, 999)) if what == "number" else draw.word()
