"""Skills with facts to know: capitals, opposites, plurals, days of the week, months."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from typing import Final

from training.conversations.draw import Draw, pool
from training.conversations.example import Answer, Example, Skill, ask, plain
from training.conversations.texts import phrasing
from training.conversations.wording import question, request

DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_CAPITAL: Final = (
    "What is the capital of {x}?", "What's the capital of {x}?", "Capital of {x}?", "Name the capital of {x}.",
    "Which city is the capital of {x}?", "What is the capital city of {x}?", "Tell me the capital of {x}.",
    "What is {p} capital?", "{p} capital?", "{p} capital city?", "Capital: {x}", "Capital city: {x}",
    "Country: {x}. Capital:", "Do you know the capital of {x}?", "Can you tell me the capital of {x}?",
    "Give me the capital of {x}.", "{x}: capital?", "Which city is {p} capital?", "The capital of {x} is",
    "The capital of {x} is ...", "What city is the capital of {x}?", "I forgot the capital of {x}. What is it?",
    "What do they call the capital of {x}?", "{x} - what is its capital?",
    "I am doing a geography quiz. What is the capital of {x}?", "Geography: capital of {x}", "Name {p} capital city.",
    "Complete the sentence: The capital of {x} is", "If I want to visit the capital of {x}, which city do I go to?",
    "In which city is the government of {x} based, that is, the capital?", "What would be the capital of {x}?",
    "My friend is from {x}. What is the capital there?", "{x} has which capital?",
    "What is the name of the capital of {x}?", "Which is the capital of {x}?",
    "We are flying to {x}. Which city is the capital?", "Say the capital of {x}.", "What capital does {x} have?",
    "Capital for {x}?", "Identify the capital of {x}.", "Please name the capital city of {x}.", "capital of {x}",
    "capital of {x}?", "{x} capital", "{p} capital is?", "{x}, capital city?", "capital city of {x}?",
    "capital city of {x}", "what is the capital of {x}", "whats the capital of {x}", "what is {p} capital",
    "the capital of {x}?", "the capital of {x}", "Do you happen to know the capital of {x}?",
    "Could you tell me the capital of {x}?", "What is the capital of the country {x}?", "{x} - capital?",
    "Which city serves as the capital of {x}?", "I need the capital of {x}.", "I want to know the capital of {x}.",
    "{x}: which city is the capital?", "For {x}, what is the capital?", "Quiz: the capital of {x}?",
    "{x} has its capital in which city?", "What's the name of {p} capital?", "Remind me, what is the capital of {x}?",
    "Let me know the capital of {x}.", "What do you call the capital of {x}?", "Answer with the capital of {x}.",
)  # fmt: skip
_COUNTRY: Final = (
    "{c} is the capital of which country?", "Of which country is {c} the capital?",
    "Which country has {c} as its capital?", "Which country's capital is {c}?", "What country is {c} the capital of?",
    "Name the country whose capital is {c}.", "{c} is the capital of what country?", "{c} is the capital of",
    "Which country has the capital {c}?", "The capital is {c}. Which country is it?", "Country with the capital {c}?",
    "Whose capital is {c}?", "If the capital is {c}, what is the country?",
    "Tell me which country {c} is the capital of.", "{c} is which country's capital?",
    "What is the country that has {c} as its capital?", "I am in {c}, the capital. Which country am I in?",
    "Give me the country whose capital city is {c}.", "Capital: {c}. Country:", "Which nation has its capital in {c}?",
    "{c} is capital of which country?", "which country has {c} as capital", "Capital city {c}: which country?",
    "country whose capital is {c}", "{c} is the capital city of which country?",
    "What country has {c} for its capital?", "Find the country with the capital {c}.",
    "To which country does the capital {c} belong?", "The city of {c} is the capital of",
    "Name the country that has {c} as its capital.", "Do you know which country has {c} as its capital?",
    "I know the capital, {c}. What is the country?", "{c}: capital of which country?",
)  # fmt: skip
_OPPOSITE: Final = (
    "What is the opposite of {q}?", "What's the opposite of {q}?", "Opposite of {q}?", "Opposite of {q}",
    "Antonym of {q}?", "Give me the opposite of {q}.", "What is the antonym of {q}?", "Give an antonym for {q}.",
    "Name the opposite of {q}.", "What is the contrary of {q}?", "{q} is the opposite of what?",
    "Which word is the opposite of {q}?", "Opposite: {q}", "Tell me the opposite of {q}.",
    "Which word means the opposite of {q}?", "What word means the reverse of {q} in meaning?", "Antonym: {q}",
    "The opposite of {q} is", "Not {q}, but the opposite. Which word?", "{q} vs. what? Give the opposite.",
    "Find an antonym for {q}.", "The antonym of {q} is ...", "What would be the opposite of the word {q}?",
    "{q}: opposite?", "If it is not {q} but the very opposite, what is it?", "Which word is the antonym of {q}?",
    "Say the opposite of {q}.", "Complete: {q} is the opposite of", "What is the exact opposite of {q}?",
    "How do you call the opposite of {q}?", "I need a word that means the opposite of {q}.",
    "Can you give me the opposite of the word {q}?", "Opposite word for {q}?", "Do you know the opposite of {q}?",
    "What is the word opposite in meaning to {q}?", "{q} has which opposite?", "English class: the opposite of {q}?",
    "In a crossword: opposite of {q}. Which word fits?", "Write the antonym of {q}.", "opposite of {q}",
    "opposite of {q}?", "the opposite of {q}?", "the opposite of {q}", "what is the opposite of {q}",
    "whats the opposite of {q}", "antonym of {q}", "antonym for {q}?", "{q} opposite", "{q}, opposite?",
    "{q} - opposite?", "{q} and its opposite: what is the other word?", "Could you tell me the opposite of {q}?",
    "What's the antonym of {q}?", "What's an antonym for {q}?", "Find the opposite of {q}.",
    "Find me a word opposite to {q}.", "What's the reverse in meaning of {q}?",
    "Tell me a word that means the opposite of {q}.", "If something is not {q}, but the opposite, it is ...",
    "Something that is the opposite of {q} is", "Let me know the opposite of {q}.", "I need the opposite of {q}.",
    "Which word would be an antonym of {q}?", "What is the opposite word to {q}?",
    "Word with the opposite meaning of {q}?",
)  # fmt: skip
_PLURAL: Final = (
    "What is the plural of {q}?", "What's the plural of {q}?", "Plural of {q}?", "Plural of {q}",
    "Give me the plural of {q}.", "Plural: {q}", "What is the plural form of {q}?", "Write the plural of {q}.",
    "One {q}, two ...", "One {q}, many what?", "How do you say {q} in the plural?",
    "What do you call more than one {q}?", "Pluralize {q}.", "Make {q} plural.", "Put {q} in the plural.",
    "More than one {q} is called", "Turn {q} into its plural.", "{q} in the plural?", "{q}: plural?",
    "What is the word for more than one {q}?", "If there is more than one {q}, there are many ...",
    "Plural form of {q}?", "One {q}, three ___", "Tell me the plural of the word {q}.",
    "Do you know the plural of {q}?", "The plural of {q} is", "How is the plural of {q} written?",
    "Change {q} to the plural.", "Singular: {q}. Plural:", "1 {q}, 2 ...", "What is the plural noun for {q}?",
    "I have one {q}, she has two. Two what?", "Name the plural of {q}.", "Which word is the plural of {q}?",
    "How do I write {q} if there are several?", "Say the plural of {q}.", "Grammar: the plural of {q}?",
    "{q} becomes what in the plural?", "Give the plural form: {q}", "Not one {q} but ten ...", "plural of {q}",
    "plural of {q}?", "the plural of {q}?", "the plural of {q}", "plural for {q}?", "what is the plural of {q}",
    "whats the plural of {q}", "{q} plural", "{q} plural?", "{q} - plural?", "{q}, plural form?", "plural form of {q}",
    "Could you tell me the plural of {q}?", "Can you give me the plural of {q}?", "What's the plural form of {q}?",
    "What is the plural for {q}?", "Form the plural of {q}.", "I need the plural of {q}.",
    "What does {q} become in the plural?", "What would two of a {q} be called?", "Many of the thing called {q} are",
    "How do you spell the plural of {q}?", "How do you pluralize {q}?", "What's the plural version of {q}?",
    "Write {q} in the plural.", "Convert {q} to its plural form.", "Let me know the plural of {q}.",
    "a {q}, several ...",
)  # fmt: skip
_SINGULAR: Final = (
    "What is the singular of {q}?", "Singular of {q}?", "Singular: {q}", "Give me the singular of {q}.",
    "{q}: singular?", "What is the singular form of {q}?", "How do you say {q} in the singular?",
    "Write the singular of {q}.", "Two {q}, one ...", "Many {q}, but only one ...", "Put {q} in the singular.",
    "Plural: {q}. Singular:", "{q} is the plural of which word?", "{q} is the plural of what?", "Make {q} singular.",
    "The singular of {q} is", "What do you call only one of the {q}?", "Tell me the singular of {q}.",
    "Turn {q} into the singular.", "Which word has the plural {q}?", "I have three {q}, you have one. One what?",
    "What is {q} in the singular?", "singular of {q}", "singular of {q}?", "the singular of {q}?",
    "what is the singular of {q}", "whats the singular of {q}", "{q} singular?", "{q} - singular?",
    "singular form of {q}", "Can you give me the singular of {q}?", "Could you tell me the singular of {q}?",
    "What's the singular of {q}?", "Form the singular of {q}.", "Convert {q} to its singular form.",
    "{q} is plural. What is the singular?", "Write {q} in the singular.", "Of many {q}, take only one. One what?",
    "I need the singular of {q}.",
)  # fmt: skip
_NEXT: Final = (
    "What {u} comes after {x}?", "Which {u} comes after {x}?", "What {u} is after {x}?", "What {u} follows {x}?",
    "Which {u} follows {x}?", "Name the {u} after {x}.", "What is the {u} after {x}?", "{x} is followed by which {u}?",
    "Next {u} after {x}?", "What comes after {x}?", "Tell me the {u} that comes after {x}.", "The {u} after {x} is",
    "What's the next {u} after {x}?", "After {x} comes", "Which {u} is next after {x}?", "{u} after {x}?",
    "Which {u} comes directly after {x}?", "When {x} is over, which {u} begins?", "The {u} following {x}?",
    "What is the {u} that follows {x}?", "Give me the {u} after {x}.", "{x}, and then which {u}?",
    "After {x}: which {u}?", "It is {x} now. Which {u} is next?", "Which {u} comes right after {x}?",
    "{x} ends. What {u} starts?", "What is the {u} immediately after {x}?", "{x} comes before which {u}?",
    "{x} is the {u} before", "Following {x} is which {u}?", "what {u} comes after {x}", "what comes after {x}",
    "{u} after {x}", "the {u} after {x}", "the {u} after {x}?", "next {u} after {x}", "what {u} is after {x}",
    "After {x} comes which {u}?", "After {x}, what {u} is it?", "Which {u} do we have after {x}?",
    "What's the {u} after {x}?", "What's the {u} following {x}?", "Can you tell me the {u} after {x}?",
    "Do you know which {u} follows {x}?", "Which {u} succeeds {x}?", "{x} is over. Which {u} is it now?",
    "Say the {u} after {x}.", "Which is the {u} after {x}?", "What would be the {u} after {x}?",
    "I need the {u} that follows {x}.", "Once {x} has passed, which {u} is it?", "Name the {u} that follows {x}.",
)  # fmt: skip
_BEFORE: Final = (
    "What {u} comes before {x}?", "Which {u} comes before {x}?", "What {u} is before {x}?", "What {u} precedes {x}?",
    "Which {u} precedes {x}?", "Name the {u} before {x}.", "What is the {u} before {x}?",
    "{x} is preceded by which {u}?", "Previous {u} before {x}?", "What comes before {x}?",
    "Tell me the {u} that comes before {x}.", "The {u} before {x} is", "What's the last {u} before {x}?",
    "Before {x} comes", "Which {u} is just before {x}?", "{u} before {x}?", "Which {u} comes directly before {x}?",
    "Which {u} ends when {x} begins?", "The {u} preceding {x}?", "What is the {u} that precedes {x}?",
    "Give me the {u} before {x}.", "Which {u} leads up to {x}?", "Before {x}: which {u}?",
    "It is {x} now. Which {u} was it before?", "Which {u} comes right before {x}?",
    "{x} starts. What {u} has just ended?", "What is the {u} immediately before {x}?", "{x} comes after which {u}?",
    "{x} is the {u} after", "Preceding {x} is which {u}?", "what {u} comes before {x}", "what comes before {x}",
    "{u} before {x}", "the {u} before {x}", "the {u} before {x}?", "previous {u} before {x}", "what {u} is before {x}",
    "Before {x} comes which {u}?", "Before {x}, what {u} is it?", "Which {u} do we have before {x}?",
    "What's the {u} before {x}?", "What's the {u} preceding {x}?", "Can you tell me the {u} before {x}?",
    "Do you know which {u} precedes {x}?", "{x} has just begun. Which {u} was it until now?", "Say the {u} before {x}.",
    "Which is the {u} before {x}?", "What would be the {u} before {x}?", "I need the {u} that comes before {x}.",
    "Right before {x} is which {u}?", "Name the {u} that precedes {x}.", "Which {u} does {x} follow?",
)  # fmt: skip
# Questions about days and months that need another count than one forward or back: (text, how far).
_DAYS_AWAY: Final = (
    ("If today is {x}, what day is tomorrow?", 1), ("Today is {x}. What day is it tomorrow?", 1),
    ("Today is {x}. What is tomorrow?", 1), ("It is {x} today. Which day will it be tomorrow?", 1),
    ("Yesterday was {x}. What day is today?", 1), ("If yesterday was {x}, what is today?", 1),
    ("If today is {x}, what day was yesterday?", -1), ("Today is {x}. What day was it yesterday?", -1),
    ("Tomorrow is {x}. What day is today?", -1), ("If tomorrow is {x}, what is today?", -1),
    ("It is {x}. Yesterday was", -1), ("It is {x}. Tomorrow is", 1),
    ("We met yesterday, on {x}. What day is it now?", 1), ("What day is two days after {x}?", 2),
    ("Which day comes two days after {x}?", 2), ("Two days after {x} is", 2),
    ("Today is {x}. What day is the day after tomorrow?", 2), ("What day was two days before {x}?", -2),
    ("Today is {x}. What day was the day before yesterday?", -2), ("What day comes three days after {x}?", 3),
    ("Today is {x}, so tomorrow is", 1), ("today is {x}, what is tomorrow", 1),
    ("If it is {x} today, what day will it be tomorrow?", 1), ("What day is tomorrow if today is {x}?", 1),
    ("Which day is tomorrow when today is {x}?", 1), ("Today's {x}. What about tomorrow?", 1),
    ("What day was yesterday if today is {x}?", -1), ("Today is {x}, so yesterday was", -1),
    ("today is {x}, what was yesterday", -1), ("If it is {x} today, which day was it yesterday?", -1),
    ("Yesterday it was {x}. Which day is it today?", 1), ("Tomorrow will be {x}. Which day is it today?", -1),
    ("What is two days after {x}?", 2), ("Which day is it two days after {x}?", 2),
    ("Which day was two days before {x}?", -2), ("Which day is three days after {x}?", 3),
)  # fmt: skip
_MONTHS_AWAY: Final = (
    ("This month is {x}. What is next month?", 1), ("It is {x}. Which month is next month?", 1),
    ("Last month was {x}. What month is it now?", 1), ("It is {x}. What month was last month?", -1),
    ("If this month is {x}, what was last month?", -1), ("Next month is {x}. Which month is it now?", -1),
    ("What month is two months after {x}?", 2), ("Two months after {x} is which month?", 2),
    ("Which month comes two months after {x}?", 2), ("What month is two months before {x}?", -2),
    ("This is {x}. What is the month after?", 1), ("If it is {x} now, what is next month?", 1),
    ("What is next month if this month is {x}?", 1), ("What was last month if this month is {x}?", -1),
    ("It is {x}, so last month was", -1), ("It is {x}, so next month is", 1),
    ("Last month it was {x}. Which month is it now?", 1), ("Which month is two months after {x}?", 2),
    ("Which month was two months before {x}?", -2), ("Next month will be {x}. What month is it?", -1),
)  # fmt: skip
_BETWEEN: Final = (
    "Which {u} is between {x} and {y}?", "What {u} comes between {x} and {y}?", "Name the {u} between {x} and {y}.",
    "{x}, ..., {y}: which {u} is missing?", "What is the {u} after {x} and before {y}?",
)  # fmt: skip
_ONE_WORD: Final = (
    " Answer in one word.", " One word only.", " Reply with a single word.", " Just the name.", " No explanation.",
    " Only the answer, please.", " Answer with one word.", " Just the word.", " Give only the answer.",
    " Keep it short.",
)  # fmt: skip
# Nouns whose regular plural is right as well.
_TWO_PLURALS: Final = (
    "fish", "shrimp", "scarf", "hoof", "wharf", "mosquito", "volcano", "mango", "buffalo", "tornado", "domino",
    "cactus", "fungus", "syllabus", "curriculum", "vertebra", "matrix", "appendix", "index", "vertex", "die",
    "medium", "person",
)  # fmt: skip
_QUOTES: Final = ('"{0}"', "'{0}'", "“{0}”", "`{0}`")


@cache
def pairs(name: str) -> tuple[tuple[str, str], ...]:
    """The lines "a|b" of a pool."""
    return tuple((left, right) for left, _, right in (line.partition("|") for line in pool(name)))


@cache
def opposites() -> dict[str, str]:
    """Each word's opposite: a line's first word has its second; and the other way round where no earlier line has."""
    found: dict[str, str] = {}
    for left, right in pairs("opposites"):
        found.setdefault(left, right)
    for left, right in pairs("opposites"):
        found.setdefault(right, left)
    return found


@cache
def also_opposite(word: str) -> frozenset[str]:
    """All words that would do as its opposite."""
    lines = [pair for pair in pairs("opposites") if word in pair]
    return frozenset(right if left == word else left for left, right in lines)


@cache
def countries() -> dict[str, str]:
    """The country of each capital: the first that the pool names. Capitals named like their country are left out."""
    found: dict[str, str] = {}
    for country, capital in pairs("capitals"):
        if country != capital:
            found.setdefault(capital, country)
    return found


@cache
def _nouns() -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """Irregular nouns, which must all be learnt, and regular ones, which follow the rule."""
    every = pairs("plurals")
    return tuple(pair for pair in every if plural(pair[0]) != pair[1]), tuple(
        pair for pair in every if plural(pair[0]) == pair[1]
    )


def plural(noun: str) -> str:
    """The plural of a noun by the rule of spelling."""
    if re.search(r"(s|x|z|ch|sh)$", noun):
        return f"{noun}es"
    return f"{noun[:-1]}ies" if re.search(r"[^aeiou]y$", noun) else f"{noun}s"


def capital(draw: Draw) -> Example:
    """A country's capital."""
    country, city = draw.any(pairs("capitals"))
    if country.startswith("the ") and draw.chance(0.2):
        country = country.removeprefix("the ")
    country = _cased(draw, country)
    owner = f"{country}'" if country[-1:] in "sS" else f"{country}'s"
    text = phrasing(draw, _CAPITAL).format(x=country, p=owner)
    accepted = (city, city.split(",")[0], city.replace(",", "").replace(".", ""))
    return _fact(draw, text, city, accepted)


def country(draw: Draw) -> Example:
    """The country of a capital."""
    city, name = draw.any(tuple(countries().items()))
    accepted = [country for country, other in pairs("capitals") if other == city]
    accepted += [country.removeprefix("the ") for country in accepted]
    return _fact(draw, phrasing(draw, _COUNTRY).format(c=_cased(draw, city)), name[0].upper() + name[1:], accepted)


def opposite(draw: Draw) -> Example:
    """The opposite of a word."""
    word = draw.any(tuple(opposites()))
    text = phrasing(draw, _OPPOSITE).format(q=_word(draw, word))
    return _fact(draw, text, opposites()[word], also_opposite(word))


def plural_form(draw: Draw) -> Example:
    """The plural of a noun; in a part of all cases of one that nobody knows, by the rule."""
    singular, many = _noun(draw)
    accepted = (plural(singular),) if singular in _TWO_PLURALS else ()
    return _fact(draw, phrasing(draw, _PLURAL).format(q=_word(draw, singular)), many, accepted)


def singular_form(draw: Draw) -> Example:
    """The singular of a noun."""
    singular, many = _noun(draw)
    return _fact(draw, phrasing(draw, _SINGULAR).format(q=_word(draw, many)), singular)


def day(draw: Draw) -> Example:
    """A day of the week by its distance from another."""
    return _calendar(draw, DAYS, "day", _DAYS_AWAY, after=0.55)


def month(draw: Draw) -> Example:
    """A month by its distance from another."""
    return _calendar(draw, MONTHS, "month", _MONTHS_AWAY, after=0.45)


def _calendar(
    draw: Draw, names: tuple[str, ...], unit: str, away: tuple[tuple[str, int], ...], *, after: float
) -> Example:
    index = draw.number(0, len(names) - 1)
    kind = draw.random.random()
    if kind < 0.22:
        text, step = phrasing(draw, away)
    elif kind < 0.26:
        text, step = draw.any(_BETWEEN), 1
    else:
        step = 1 if draw.chance(after) else -1
        text = phrasing(draw, _NEXT if step == 1 else _BEFORE)
    units = "weekday" if unit == "day" and draw.chance(0.08) else unit
    beyond = names[(index + 2) % len(names)]
    text = text.format(u=units, x=_cased(draw, names[index]), y=beyond)
    return _fact(draw, text[:1].upper() + text[1:] if draw.chance(0.9) else text, names[(index + step) % len(names)])


def _noun(draw: Draw) -> tuple[str, str]:
    irregular, regular = _nouns()
    kind = draw.random.random()
    if kind < 0.45:
        return draw.any(irregular)
    if kind < 0.85:
        return draw.pick(regular)
    while True:  # endings whose plural no rule tells are left out
        word = draw.made_up_word()
        if len(word) > 2 and not re.search(r"([fiouaz]|s[^h]|[^s]s|is|us)$", word):
            return word, plural(word)


def _word(draw: Draw, word: str) -> str:
    """A word as people write it into a question."""
    kind = draw.random.random()
    word = word.upper() if kind < 0.03 else word.capitalize() if kind < 0.06 else word
    return draw.any(_QUOTES).format(word) if draw.chance(0.35) else word


def _cased(draw: Draw, name: str) -> str:
    """A name as people write it: with capitals, mostly."""
    kind = draw.random.random()
    return name.lower() if kind < 0.12 else name.upper() if kind < 0.16 else name


def _fact(draw: Draw, text: str, answer: str, accepted: Iterable[str] = ()) -> Example:
    """A question, worded in one of many ways; judged by its answer or any of those `accepted`."""
    right = {plain(option) for option in (answer, *accepted)}

    def accepts(given: Answer) -> bool:
        return not given.calls and plain(given.text) in right

    if draw.chance(0.8):
        text = text[:1].upper() + text[1:]
    if text[-1] in ".?" and not text.endswith("...") and draw.chance(0.1):
        text += draw.wording(_ONE_WORD)
    elif re.match(r"[A-Z][a-z']+ .*\?|.*: ", text):
        text = question(draw, text) if text.startswith(("Wh", "How", "Can", "Do ", "In w", "If ")) else text
    elif text.endswith(".") and not text.endswith("..."):
        text = request(draw, text) if not text.startswith(("Not", "I ", "It ")) else text
    return ask(text, answer, accepts=accepts)


SKILLS: Final[dict[str, tuple[str, float, Skill]]] = {
    "capital": ("facts", 0.27, capital),
    "country": ("facts", 0.06, country),
    "opposite": ("facts", 0.25, opposite),
    "plural": ("facts", 0.2, plural_form),
    "singular": ("facts", 0.05, singular_form),
    "day": ("facts", 0.09, day),
    "month": ("facts", 0.08, month),
}
