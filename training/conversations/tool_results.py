"""What tools give back, and how that is said in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Final

from training.conversations.draw import Draw
from training.conversations.example import Answer
from training.conversations.json_text import clock, person_name
from training.conversations.tool_families import clock_or_day, code, phrase

_SKIES: Final = (
    "sunny", "cloudy", "rainy", "windy", "foggy", "snowy", "clear", "light rain", "heavy rain", "partly cloudy",
    "stormy",
    "overcast", "hail", "mist", "showers", "dry",
)  # fmt: skip
_STATES: Final = (
    "ok", "done", "sent", "created", "shipped", "delivered", "pending", "open", "closed", "active", "queued", "saved",
    "confirmed", "booked", "in transit", "processing", "success", "accepted", "cancelled", "ready",
)  # fmt: skip
_VALUES: Final[dict[str, Callable[[Draw], Any]]] = {
    "degrees": lambda draw: draw.number(-15, 42) + draw.any((0, 0, 0, 0.5)),
    "sky": lambda draw: draw.pick(_SKIES),
    "int": lambda draw: draw.number(0, 999) if draw.chance(0.8) else draw.number(1000, 99999),
    "float": lambda draw: draw.number(0, 999) + draw.any((0.5, 0.25, 0.75, 0.1, 0.99)),
    "time": clock,
    "date": clock_or_day,
    "state": lambda draw: draw.pick(_STATES),
    "id": lambda draw: draw.number(1, 9999) if draw.chance(0.5) else code(draw),
    "code": code,
    "name": person_name,
    "first": Draw.first_name,
    "city": Draw.city,
    "word": Draw.word,
    "phrase": phrase,
    "bool": lambda draw: draw.chance(0.5),
    "unit": lambda draw: draw.any(("km", "miles", "kg", "m", "hours")),
    "currency": lambda draw: draw.any(("USD", "EUR", "GBP", "CHF")),
    "symbol": lambda draw: draw.made_up_word(1).upper(),
    "url": lambda draw: f"https://{draw.made_up_word()}.example/{draw.word()}",
    "words": lambda draw: [draw.word() for _ in range(draw.number(2, 4))],
    "names": lambda draw: [draw.first_name() for _ in range(draw.number(2, 4))],
}
_KEYS: Final = (
    "status:state", "result:int", "price:float", "total:int", "name:name", "city:city", "count:int", "owner:first",
    "color:word", "size:int", "date:date", "time:time", "weight:float", "code:code", "id:id", "message:phrase",
    "location:city", "active:bool", "in_stock:bool", "available:bool", "score:int", "balance:float", "email:word",
    "capital:city", "distance_km:int", "title:phrase", "state:state", "value:int", "speed:int", "age:int", "level:int",
    "names:names", "items:words", "tags:words", "first_name:first", "order_id:code", "delivery_date:date",
    "answer:word",
)  # fmt: skip
_ERRORS: Final = (
    "not found", "timeout", "unknown city", "permission denied", "no such user", "service unavailable", "invalid id",
    "network error", "rate limit reached", "bad request", "out of stock", "not allowed", "internal error", "no results",
    "unknown order", "disk full", "wrong password", "no connection",
)  # fmt: skip
_TEXTS: Final = (
    "{Sky}, {degrees} degrees", "{degrees} degrees and {sky}", "{int}", "{float}", "{city}", "{Word}", "OK", "Done",
    "{state}",
    "Sent to {first}", "Order {code} is {state}", "{first} lives in {city}", "The {word} is {state}", "Saved as {code}",
    "{int} {word}", "{name}, {city}", "It is {time} in {city}", "{time}", "{int} km", "{phrase}",
    "{Word} {word} {state}",
    "Found {int} entries", "Next {word} at {time}", "{first} has {int} points", "{code}", "Booked for {date}",
    "Created",
)  # fmt: skip
_NESTING: Final = ("result", "data", "response", "output", "weather", "item", "details", "info", "record")


def content(draw: Draw, gives: str = "", echo: dict[str, Any] | None = None) -> str:
    """What a tool gives back. `gives`: its usual keys; `echo`: arguments that it may repeat."""
    kind = draw.number(0, 99)
    if kind < 7:
        key = draw.any(("error", "error", "error", "message"))
        error = draw.pick(_ERRORS) if draw.chance(0.7) else f"unknown {draw.word()}"
        return _json(draw, {"error": error} if key == "error" else {"error": {"message": error}})
    if kind < 25:
        return _text(draw)
    pairs = gives.split() if gives and draw.chance(0.6) else draw.several(_KEYS, draw.number(1, 4))
    if gives and draw.chance(0.2):
        pairs = pairs[: draw.number(1, 2)]
    value = {}
    for pair in pairs:
        key, _, of = pair.partition(":")
        if draw.chance(0.12):
            key, of = draw.made_up_word(), draw.any(("int", "word", "city", "first", "float"))
        value[key] = _VALUES[of](draw)
    if echo and draw.chance(0.3):
        value = {k: v for k, v in echo.items() if isinstance(v, str | int | float)} | value
        value = dict(list(value.items())[:4])
    if draw.chance(0.05):
        return _json(draw, {draw.any(_NESTING): value})
    if draw.chance(0.04):
        return _json(draw, _VALUES[draw.any(("words", "names"))](draw))
    return _json(draw, value)


def _text(draw: Draw) -> str:
    template = draw.wording(_TEXTS)
    values = {key: str(make(draw)) for key, make in _VALUES.items() if "{" + key in template.lower()}
    text = template.format(**values, **{key.capitalize(): value.capitalize() for key, value in values.items()})
    return text + "." if draw.chance(0.2) and text[-1].isalpha() else text


def _json(draw: Draw, value: Any) -> str:
    style = draw.number(0, 9)
    if style < 3:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return json.dumps(value, ensure_ascii=False, indent=2 if style == 3 else None)


def said(contents: list[str]) -> str:
    """Results in words: a sentence for each."""
    return " ".join(map(_sentence, contents))


def _sentence(content: str) -> str:
    try:
        value = json.loads(content)
    except ValueError:
        value = None
    while isinstance(value, dict) and len(value) == 1 and "error" not in value:
        (inner,) = value.values()
        if not isinstance(inner, dict):
            break
        value = inner
    if isinstance(value, dict) and "error" in value:
        error = value["error"]
        return f"The tool reported an error: {error['message'] if isinstance(error, dict) else error}."
    if isinstance(value, list):
        return f"The results are {_together([_word(one) for one in value])}."
    if not isinstance(value, dict):
        return f"The result is: {content.rstrip('.')}."
    clauses = []
    for key, inner in value.items():
        verb = "are" if isinstance(inner, list) else "is"
        clauses.append(f"the {_label(key)} {verb} {_word(inner)}")
    text = _together(clauses)
    return text[:1].upper() + text[1:] + "."


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _together([_word(one) for one in value]) if isinstance(value, list) else str(value)


def _together(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]


def right_words(contents: list[str]) -> Callable[[Answer], bool]:
    """A judge: every value is named, and not much else."""
    expected = said(contents)
    values = [re.escape(value.lower()) for content in contents for value in _leaves(content)]

    def accepts(given: Answer) -> bool:
        text = given.text.lower()
        found = all(re.search(rf"(?<!\w){value}(?!\w)", text) for value in values)
        return not given.calls and found and 0 < len(text) <= 2 * len(expected) + 40

    return accepts


def _leaves(content: str) -> list[str]:
    """Every value in a result, as text; for true and false, which are said in many ways, what they are about."""
    try:
        parts = [("", json.loads(content))]
    except ValueError:
        return [content.rstrip(".")]
    leaves: list[str] = []
    while parts:
        key, part = parts.pop()
        if isinstance(part, dict):
            parts += part.items()
        elif isinstance(part, list):
            parts += [(key, inner) for inner in part]
        else:
            leaves.append(_label(key) or content if isinstance(part, bool) else str(part))
    return leaves


def _label(key: str) -> str:
    return re.sub("([a-z])([A-Z])", r"\1 \2", key).replace("_", " ").lower()
