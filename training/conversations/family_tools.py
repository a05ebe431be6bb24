"""Tools of the usual families, each with names and descriptions of its own, and requests for them."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from training.conversations.draw import Draw, pool
from training.conversations.tool_families import FAMILIES as BASIC
from training.conversations.tool_families import Family
from training.conversations.tool_families_more import MORE
from training.conversations.tool_kit import Parameter, Request, Tool, both, different, shown
from training.conversations.wording import question, request

FAMILIES: Final[dict[str, Family]] = BASIC | MORE
_ALIKE: Final = (
    {"calculate", "add", "multiply", "operate"},
    {"light", "switch"},
    {"search", "news", "define", "recipe", "movie"},
    {"event", "meeting"},
    {"random", "dice"},
    {"units", "currency"},
    {"user", "signup"},
    {"hotel", "table", "restaurant"},
)


@cache
def requests(family: str) -> tuple[tuple[str, str], ...]:
    """The mood and the text of each request for a family."""
    found = []
    for line in pool("tool_requests"):
        name, mood, text = line.split(" ", 2)
        if name == family:
            found.append((mood, text.replace("\\n", "\n")))
    return tuple(found)


class FamilyTool(Tool):
    """A tool of a family, with names and descriptions of its own."""

    def __init__(self, draw: Draw, family: str) -> None:
        self.key, self.family = family, FAMILIES[family]
        self.name = draw.pick(self.family.names.split())
        self.about = draw.pick(self.family.about) if draw.chance(0.92) else None
        self.kind = next((min(alike) for alike in _ALIKE if family in alike), family)
        self.words = frozenset(self.family.words.split()) | frozenset(re.findall("[a-z]{4,}", self.name.lower()))
        self.parameters = []
        for slot in self.family.slots:
            names = [name for name in slot.names.split() if name not in {p.name for p in self.parameters}]
            kind, _, options = slot.kind.partition(":")
            about = draw.pick(slot.about) if draw.chance(0.7) else None
            self.parameters.append(
                Parameter(
                    slot.name, draw.any(names), kind, about, slot.make,
                    tuple(options.split(",")) if options else (), slot.optional,
                )
            )  # fmt: skip
        if draw.chance(0.4):  # what may be left out is often not there at all
            self.parameters = [parameter for parameter in self.parameters if not parameter.optional]

    def ask(self, draw: Draw, count: int = 1, *, plain: bool = False) -> Request | None:
        """A request in the words of the family."""
        slots = {parameter.slot for parameter in self.parameters}
        options = [line for line in requests(self.key) if set(re.findall(r"{(\w+)}", line[1])) <= slots]
        mood, template = draw.wording(options)
        arguments = {p.slot: p.value(draw) for p in self.parameters if f"{{{p.slot}}}" in template}
        words = {slot: shown(draw, value) for slot, value in arguments.items()}
        if isinstance(arguments.get("on"), bool):
            words["on"] = "on" if arguments["on"] else "off"
        calls = [arguments]
        if count > 1:
            varied = [s for s in self.family.slots if s.many and s.name in arguments and s.kind != "boolean"]
            if not varied:
                return None
            slot = varied[0]
            values = different(draw, slot.make, count)
            calls = [arguments | {slot.name: value} for value in values]
            field = f"{{{slot.name}}}"
            if f"and {field}" in template or f"- {field}" in template:
                return None  # one more "and" there would say something else
            quote = next((mark for mark in "'\"" if f"{mark}{field}{mark}" in template), "")
            template = template.replace(f"{quote}{field}{quote}", field)
            words[slot.name] = both(draw, [f"{quote}{value}{quote}" for value in values])
        text = template.format(**words)
        ends_free = any(slot.free and template.endswith(f"{{{slot.name}}}") for slot in self.family.slots)
        if mood != "=" and not ends_free and not plain:
            literal = text.startswith(tuple(words.values()))
            text = text if literal else (question if mood == "?" else request)(draw, text)
        return Request(text, [self.call(one) for one in calls], ends_free)
