"""Tools that nobody has seen before: any verb, any object, or a made-up word, with parameters of any kind."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from training.conversations.draw import Draw, pool
from training.conversations.json_text import clock, email, person_name
from training.conversations.tool_families import clock_or_day, code, day, phrase
from training.conversations.tool_families_more import file_path
from training.conversations.tool_kit import Parameter, Request, Tool, both, different, shown, together
from training.conversations.wording import question, request

_NOUNS: Final = (
    "user:name", "customer:name", "member:name", "student:name", "patient:name", "player:name", "guest:name",
    "employee:name", "teacher:name", "driver:name", "friend:name", "author:name", "client:name", "order:code",
    "ticket:code", "account:code", "device:code", "machine:code", "server:word", "project:word", "team:word",
    "group:word",
    "city:city", "town:city", "station:city", "shop:city", "school:city", "room:code", "folder:word", "channel:word",
    "robot:word", "ship:word", "truck:code", "month:month", "language:language", "planet:word", "farm:word",
    "product:word", "file:path", "folder:path", "document:path", "subscriber:email", "mailbox:email",
    "employee:full name", "candidate:full name",
)  # fmt: skip
_NUMBERS: Final = (
    "limit", "count", "amount", "level", "size", "width", "height", "weight", "speed", "volume", "page", "duration",
    "percent", "year", "score", "radius", "depth", "copies", "distance", "pressure", "brightness", "delay",
    "interval", "temperature", "rank", "floor", "seats", "length", "step", "rating", "retries",
)  # fmt: skip
_FLAGS: Final = (
    "urgent", "notify", "force", "public", "private", "express", "silent", "verbose", "recursive", "encrypted",
    "gift_wrap", "archived", "dry_run", "visible", "active", "compressed", "locked", "insured", "fragile", "repeat",
    "shuffle", "preview", "hidden", "backup",
)  # fmt: skip
_CHOICES: Final = (
    ("priority", "low medium high"), ("format", "pdf csv json"), ("colour", "red green blue"), ("mode",
     "fast slow auto"),
    ("size", "small medium large"), ("quality", "draft normal best"), ("period", "daily weekly monthly"),
    ("direction", "left right"), ("status", "open closed"), ("order", "ascending descending"), ("level", "low high"),
    ("type", "short long"), ("style", "plain bold italic"), ("method", "card cash"), ("shape", "round square"),
    ("unit", "metric imperial"), ("plan", "free basic pro"), ("role", "admin editor viewer"), ("side", "front back"),
)  # fmt: skip
_TEXTS: Final = (
    "reason:phrase", "comment:phrase", "label:word", "tag:word", "owner:name", "assignee:name", "destination:city",
    "recipient:name", "date:when", "start:when", "deadline:when", "category:word", "topic:word", "code:code",
    "reference:code", "password:word", "nickname:word", "location:city", "material:word", "title:phrase", "sender:name",
)  # fmt: skip
_LISTS: Final = ("tags:word", "members:name", "guests:name", "cities:city", "keywords:word", "items:word", "codes:code")
# What is said with a preposition: that, the parameter, its kind.
_LINKED: Final = (
    "to:destination:city", "to:recipient:name", "to:target:words", "to:folder:path", "from:source:words",
    "from:sender:name", "from:origin:city", "at:time:clock", "on:date:day", "on:day:day", "by:deadline:day",
    "about:topic:words", "about:subject:phrase", "in:city:city", "in:location:city", "in:folder:path",
    "with:partner:name", "for:customer:full name", "for:recipient:name", "for:reason:phrase", "by:author:full name",
    "as:alias:word", "on:channel:word", "into:category:word", "under:label:words", "until:end:day", "after:start:clock",
    "to:email:email", "in:language:language", "into:language:language", "near:place:city", "before:deadline:clock",
)  # fmt: skip


def _words(draw: Draw) -> str:
    """A word, or a few; now and then with capitals."""
    text = " ".join(draw.word() for _ in range(draw.any((1, 1, 1, 2, 2, 3))))
    return text.title() if draw.chance(0.2) else text


_VALUES: Final[dict[str, Callable[[Draw], Any]]] = {
    "name": Draw.first_name,
    "city": Draw.city,
    "word": Draw.word,
    "words": _words,
    "clock": clock,
    "day": day,
    "code": code,
    "when": clock_or_day,
    "phrase": phrase,
    "month": lambda draw: draw.any(pool("months")),
    "language": lambda draw: draw.pool("languages"),
    "full name": person_name,
    "path": file_path,
    "email": email,
}

_ANY_VERB: Final = 0.25
"""How often (0-1) any word stands for the verb: what such a tool is asked for is known by that word alone."""
_ABOUT: Final = (
    "{Verb} the {object} of a {noun}.", "{Verb} the {object} of a {noun}", "{Verb} the {object} for a {noun}.",
    "{Verb} a {object}.", "{Verbs} the {object} of a {noun}.", "{Verbs} one {object}",
    "Tool to {verb} the {object} of a {noun}.",
    "Use this to {verb} a {object}.", "{Verb} the {object} of one {noun}.", "{Verb} the given {noun}'s {object}.",
    "Can {verb} the {object} of any {noun}.", "Function that {verbs} the {object} of a {noun}.",
    "{Verb} {object}", "Lets you {verb} the {object} of a {noun}.", "{Verbs} {object} by {noun}.",
    "{Verb} the {object} that belongs to a {noun}.", "API: {verb} the {object} of a {noun}",
    "To {verb} a {noun}'s {object}.", "{Verb} the {object} of the specified {noun}. Returns the result as JSON.",
    "Use this function whenever the user wants to {verb} the {object} of a {noun}.",
    "{Verbs} the {object} for a given {noun} and reports whether it worked.",
)  # fmt: skip
_ABOUT_ITSELF: Final = (
    "{Verb} a {noun}.", "{Verbs} a {noun}.", "{Verb} a {noun}", "{Verb} the given {noun}.", "{Verbs} one {noun}",
    "{Verb} an existing {noun}", "Tool to {verb} a {noun}.", "Use this to {verb} a {noun}.", "{Verb} {noun}",
    "Function that {verbs} a {noun}.", "{Verb} a specific {noun} in the system.", "Lets you {verb} a {noun}.",
    "Call this to {verb} the {noun} that the user names.", "{Verbs} any {noun}.", "API: {verb} a {noun}",
    "{Verbs} the specified {noun}. Returns the result as JSON.", "{Verb} a single {noun} by what identifies it.",
    "Use this function whenever the user wants to {verb} a {noun}.", "Can {verb} any {noun}.",
)  # fmt: skip
_LINKS: Final = ("of", "of", "of", "of", "for", "for", "in", "on", "from", "at", "to", "with")
_ITSELF: Final = 0.3
"""How often (0-1) a tool is for the thing itself ("close ticket 12"), not for something that it has."""
_DO: Final = (
    "I want to {vp}", "I need to {vp}", "I'd like to {vp}", "Let's {vp}", "Can you {vp}?", "Could you {vp}?",
    "Your task is to {vp}", "Go ahead and {vp}", "It is time to {vp}", "My boss wants me to {vp}", "Help me {vp}",
    "Would you help me to {vp}?", "Use your tools to {vp}", "Make sure to {vp}", "Someone has to {vp}", "> {vp}",
    "The next step is to {vp}", "We have to {vp}", "Is it possible to {vp}?", "TODO: {vp}", "Action: {vp}",
    "Hello! I have to {vp}.", "Are you able to {vp}?", "Kindly {vp}.", "You should now {vp}",
    "I must {vp}, please do it",
)  # fmt: skip
_SEE: Final = (
    "What is {np}?", "I need {np}", "Show me {np}", "{Np}?", "{Np}", "Do you have {np}?", "I'm interested in {np}",
    "Tell me {np}", "I'd like to see {np}", "Where can I find {np}?", "{Np}, please", "Let me see {np}",
    "What does {np} look like?", "I have to know {np}", "Can I see {np}?", "What about {np}?", "I would like {np}",
)  # fmt: skip
_BY_NAME: Final = (
    "Call {tool} with {who}", "Use {tool} for {who}", "Run {tool} for {who}", "Use the tool {tool} with {who}",
    "Run the {tool} tool: {who}", "Please call {tool}: {who}", "Invoke {tool} with {who}", "{tool}: {who}",
    "Apply {tool} to {who}",
)  # fmt: skip
_WITH: Final = (
    "with {label} {v}", "{label} {v}", "{label}: {v}", "with a {label} of {v}", "using {v} as the {label}",
    "{v} as {label}", "{label} = {v}", "({label} {v})", "the {label} is {v}", "with the {label} {v}", "and {label} {v}",
    "set the {label} to {v}", "{label} should be {v}",
)  # fmt: skip
_BEFORE: Final = ("with {v} {label}", "{v} {label}", "at {v} {label}", "and {v} {label}", "with a {v} {label}")
_ALONE: Final = ("in {v}", "({v})", "{v}", "as {v}", "on {v}", "{v} if possible")
_YES: Final = ("with {label}", "{label}", "and {label}", "make it {label}", "it should be {label}")
_NO: Final = ("without {label}", "not {label}", "no {label}", "but not {label}")
_IF: Final = (
    "with {label} {v}", "{label} {v}", "{label}: {v}", "set {label} to {v}", "{label} = {v}", "and {label} {v}",
    "{label} should be {v}", "the {label} {v}",
)  # fmt: skip


class MadeTool(Tool):
    """One of them. `strict`: another tool has the same object, so that requests must use the very verb."""

    def __init__(
        self, draw: Draw, verb: str | None = None, thing: str | None = None, noun: tuple[str, str] | None = None
    ) -> None:
        line = verb or (draw.word() if draw.chance(_ANY_VERB) else draw.pool("tool_verbs"))
        self.line = line
        self.looks = line.startswith("?")
        self.verbs = [word.replace("_", " ") for word in line.lstrip("?").split(", ")]
        self.noun, self.noun_kind = noun or _noun(draw)
        if thing is None:
            thing = draw.made_up_word() if draw.chance(0.45) else draw.pool("tool_objects")
            thing = self.noun if draw.chance(_ITSELF) else thing
        self.thing = thing
        self.itself = self.thing == self.noun
        self.link = draw.any(_LINKS)
        self.strict = False
        self.kind = f"{self.verbs[0]} {self.thing}"
        self.words = frozenset(re.findall("[a-z]{4,}", f"{self.thing} {self.verbs[0]}"))
        self.name = self._named(draw)
        self.about = self._described(draw)
        self.parameters = [] if draw.chance(0.05) else [self._main(draw), *self._extras(draw)]

    def _named(self, draw: Draw) -> str:
        words = [*self.verbs[0].split(), *self.thing.split()]
        if draw.chance(0.08):
            words = [*self.thing.split(), *self.verbs[0].split()]
        if draw.chance(0.06):
            words.insert(0, draw.made_up_word())
        style = draw.number(0, 9)
        if style == 0:
            return "-".join(words)
        if style < 3:
            return words[0] + "".join(word.capitalize() for word in words[1:])
        return "_".join(words)

    def _described(self, draw: Draw) -> str | None:
        if draw.chance(0.08):
            return None
        if draw.chance(0.06):
            self.name = draw.made_up_word(2)  # then the description alone says what it does
        verb, _, rest = self.verbs[0].partition(" ")
        third = (verb + ("es" if verb.endswith(("s", "sh", "ch", "x", "o")) else "s") + " " + rest).strip()
        if re.search("[^aeiou]y$", verb):
            third = verb[:-1] + "ies"
        verb = self.verbs[0]
        about = draw.pick(_ABOUT_ITSELF if self.itself else _ABOUT).replace("} of", "} " + self.link)
        text = about.format(
            verb=verb, Verb=verb.capitalize(), verbs=third, Verbs=third.capitalize(), object=self.thing, noun=self.noun
        )
        return re.sub(r"\ba (?=[aeio])", "an ", text)

    def _main(self, draw: Draw) -> Parameter:
        names = [self.noun, self.noun, f"{self.noun}_id" if self.noun_kind == "code" else f"{self.noun}_name"]
        names += ["id"] if self.noun_kind == "code" else ["name"] if self.noun_kind == "name" else [self.noun]
        what = "ID" if self.noun_kind == "code" else "Name"
        about = draw.any(
            (
                f"The {self.noun}.", f"{what} of the {self.noun}.", f"Which {self.noun}.", None,
                f"The {what.lower() if what == 'Name' else what} of the {self.noun} to {self.verbs[0]}",
                f"{what} that identifies the {self.noun}",
            )
        )  # fmt: skip
        if self.noun_kind == "code" and draw.chance(0.3):
            return Parameter("main", draw.any(names), "integer", about, lambda draw: draw.number(1, 9999))
        return Parameter("main", draw.any(names), "string", about, _VALUES[self.noun_kind])

    def _extras(self, draw: Draw) -> list[Parameter]:
        extras: dict[str, Parameter] = {}
        for _ in range(draw.any((0, 0, 0, 1, 1, 1, 2))):
            extra = _extra(draw)
            if extra.name not in (self.noun, "id", "name") and not extra.slot.startswith(f"{self.link}:"):
                extras[extra.name] = extra
        return list(extras.values())

    def ask(self, draw: Draw, count: int = 1, *, plain: bool = False) -> Request | None:
        """A request in any words that fit the name and the description."""
        verb = self.verbs[0] if self.strict or draw.chance(0.7) else draw.any(self.verbs)
        if not self.parameters:
            return None if count > 1 else self._bare(draw, verb, plain)
        main, *extras = self.parameters
        values = [main.value(draw)]
        if count > 1:
            values = different(draw, main.make, count)
        words = [str(value) for value in values]
        given = {p.slot: p.value(draw) for p in extras if not p.optional or draw.chance(0.5)}
        by_name = draw.chance(0.05)
        choice = next((p for p in extras if p.options and p.slot in given and draw.chance(0.3) and not by_name), None)
        tail, open_end = _tail(draw, [p for p in extras if p.slot in given and p is not choice], given)
        np = self._object(draw, words, "" if choice is None else f"{given[choice.slot]} ")
        if by_name:
            text = draw.wording(_BY_NAME).format(tool=self.name, who=f"{self.noun} {both(draw, words)}") + tail
        elif self.looks and not self.strict and draw.chance(0.4):
            text = draw.wording(_SEE).format(np=np + tail, Np=(np[:1].upper() + np[1:]) + tail)
        else:
            text = self._wished(draw, f"{verb} {np}{tail}", plain, open_end)
        return Request(text, [self.call({"main": value} | given) for value in values], open_end)

    def _object(self, draw: Draw, values: list[str], choice: str) -> str:
        """What is to be done something to; `choice` stands before it: "the express shipment of Ana"."""
        who = self._who(draw, values)
        if self.itself:
            return f"the {choice}{who.removeprefix('the ')}" if choice else who
        if not choice and self.noun_kind in ("name", "full name") and len(values) == 1 and draw.chance(0.2):
            return f"{values[0]}'s {self.thing}"
        thing = self.thing + "s" * (len(values) > 1 and draw.chance(0.4))
        link = self.link if draw.chance(0.75) else "of"
        return f"{'the ' * draw.chance(0.9)}{choice}{thing} {link} {who}"

    def _bare(self, draw: Draw, verb: str, plain: bool) -> Request:
        return Request(self._wished(draw, f"{verb} the {self.thing}", plain, False), [self.call({})])

    def _wished(self, draw: Draw, vp: str, plain: bool, open_end: bool) -> str:
        if plain or draw.chance(0.45):
            text = vp[:1].upper() + vp[1:]
            return text if open_end or plain else request(draw, text)
        text = draw.wording(_DO).format(vp=vp)
        return question(draw, text) if text.endswith("?") and draw.chance(0.3) else text

    def _who(self, draw: Draw, values: list[str]) -> str:
        """The main argument, or several of them, with or without what they are."""
        if not self.itself and self.noun_kind not in ("code", "word") and draw.chance(0.5):
            return both(draw, values)
        if len(values) > 1 and draw.chance(0.5):
            return both(draw, [f"{self.noun} {value}" for value in values])
        plural = re.sub("([^aeiou])y$", r"\1ie", self.noun) + "s"
        label = plural if len(values) > 1 else self.noun
        if self.noun_kind == "code" and draw.chance(0.15):
            label += " number" if len(values) == 1 else ""
        if len(values) == 1 and draw.chance(0.1 + 0.2 * self.itself):
            known_by = {"code": " with ID", "name": " called", "full name": " called", "word": " named"}
            return f"the {label}{known_by.get(self.noun_kind, '') * draw.chance(0.3)} {values[0]}"
        return f"{label} {both(draw, values)}"


def _noun(draw: Draw) -> tuple[str, str]:
    """What a tool is for one of, and what kind of value says which one. Mostly a word that is otherwise none of that:
    else the few usual ones are learnt by heart."""
    if draw.chance(0.4):
        noun, _, kind = draw.pick(_NOUNS).partition(":")
        return noun, kind
    return draw.word(), draw.any(("name", "code", "word", "words"))


def _extra(draw: Draw) -> Parameter:
    """A parameter of any kind beside the main one."""
    kind = draw.any(
        (
            "number",
            "integer",
            "integer",
            "flag",
            "choice",
            "choice",
            "text",
            "text",
            "list",
            "linked",
            "linked",
            "linked",
        )
    )
    optional = draw.chance(0.4)
    make: Callable[[Draw], Any] = Draw.word
    options: tuple[str, ...] = ()
    if kind == "linked":
        link, name, of = draw.pick(_LINKED).split(":")
        about = draw.any((f"The {name}", f"{name.capitalize()}.", f"{link.capitalize()} which {name}", None))
        return Parameter(f"{link}:{name}", name, "string", about, _VALUES[of], (), optional)
    if kind in ("number", "integer"):
        name = draw.pick(_NUMBERS)
        fraction = kind == "number"
        make = lambda draw: draw.number(1, 200) + (draw.any((0, 0.5, 0.25)) if fraction else 0)  # noqa: E731
    elif kind == "flag":
        name, kind, make = draw.pick(_FLAGS), "boolean", lambda draw: draw.chance(0.5)
    elif kind == "choice":
        name, words = draw.pick(_CHOICES)
        kind, options = "enum", tuple(words.split())
        if draw.chance(0.3):
            name, options = draw.word(), tuple(different(draw, Draw.word, draw.number(2, 3)))
    else:
        name, _, of = draw.pick(_TEXTS if kind == "text" else _LISTS).partition(":")
        make = _VALUES[of]
        if kind == "text":
            kind = "string"
        else:
            one = make
            kind, make = "array", lambda draw: [one(draw) for _ in range(draw.number(1, 3))]
    if draw.chance(0.3) and kind not in ("enum", "array"):
        name = draw.word()
    label = name.replace("_", " ")
    about = draw.any(
        (f"The {label}.", f"{label.capitalize()}", f"What {label} to use.", f"The {label} to use for this", None, None)
    )
    return Parameter(name, name, kind, about, make, options, optional)


def _tail(draw: Draw, parameters: list[Parameter], given: dict[str, Any]) -> tuple[str, bool]:
    """The arguments beside the main one, and whether they end in free text."""
    parts, open_end = [], False
    for parameter in parameters:
        value = given[parameter.slot]
        forms = _IF if parameter.kind in ("boolean", "array") else _WITH
        link = parameter.slot.partition(":")[0] if ":" in parameter.slot else ""
        words = together(draw, value) if isinstance(value, list) else shown(draw, value)
        if isinstance(value, str) and " " in value and draw.chance(0.5):
            words = draw.any(('"{}"', "'{}'")).format(words)
        if parameter.kind in ("enum", "integer", "number") and draw.chance(0.25):
            forms = _BEFORE
        elif parameter.kind == "enum" and draw.chance(0.3):
            forms = _ALONE
        elif parameter.kind == "boolean" and draw.chance(0.4):
            forms = _YES if value else _NO
        form = f"{link} {{v}}" if link and draw.chance(0.75) else draw.wording(forms)
        parts.append(form.format(label=parameter.name.replace("_", " "), v=words))
        open_end = isinstance(value, list) or (isinstance(value, str) and not parts[-1].endswith(("'", '"', ")")))
    if not parts:
        return "", False
    joined = parts[0].startswith(("with", "using", "and", "at ", "in ", "as ", "(")) or (
        ":" in parameters[0].slot and parts[0].startswith(f"{parameters[0].slot.partition(':')[0]} ")
    )
    first = " " if joined else ", "
    return first + draw.any((", ", ", ", " and ")).join(parts).replace("and and", "and"), open_end
