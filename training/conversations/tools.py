"""Tools: which to call and with what, two calls at once, none where none fits, and what the results were."""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from training.conversations import tool_results
from training.conversations.draw import Draw
from training.conversations.example import Answer, Example, Skill
from training.conversations.family_tools import FAMILIES, FamilyTool
from training.conversations.made_tools import MadeTool
from training.conversations.outside import UNABLE, UNKNOWN, honest
from training.conversations.tool_kit import Message, Request, Tool, called, results, right_calls

_TWO: Final[tuple[str, ...]] = (
    "{a} and {b}", "{a}. {B}", "{a}. Also, {b}", "{a}, then {b}", "First {a}, then {b}", "{a}. After that, {b}",
    "{a}\n{b}",
    "1. {A}\n2. {B}", "Two things: {a}; {b}", "{a}, and also {b}", "- {A}\n- {B}", "Do both: {a}; {b}", "{a}; {b}",
    "{a} and then {b}", "{a} + {b}", "{a} as well as {b}", "{a}. {B}. Thanks!", "{a} and, while you are at it, {b}",
    "{a}. And {b}", "Please {a} and {b}",
)  # fmt: skip
# Where the first part ends in free text or is a question: nothing may read on.
_APART: Final[tuple[str, ...]] = (
    "{A}\n{B}", "1. {A}\n2. {B}", "- {A}\n- {B}", "{A}\n\nAlso: {b}", "{A}\nAnd then: {b}", "(1) {A}\n(2) {B}",
    "First: {A}\nSecond: {B}", "{A}\nSecond request: {b}", "a) {A}\nb) {B}", "Task 1: {A}\nTask 2: {B}",
)  # fmt: skip
_ASKED: Final[tuple[str, ...]] = (
    "{A} {B}",
    "{A} And {b}",
    "{A} Also, {b}",
    "{A}\n{B}",
    "1. {A}\n2. {B}",
    "{A} Then {b}",
)
_SYSTEMS: Final = (
    "You can use tools.", "Use the tools when they help.", "You are an assistant with tools.",
    "Call a tool when it fits.",
    "You have access to functions.", "Use a tool if one fits, else answer yourself.", "You are a helpful agent.",
    "You are an assistant. Use the functions that you have.", "Only call the functions that you are given.",
    "Decide which tool to call.", "You control a system through tools.", "Answer with tool calls where possible.",
)  # fmt: skip
_SKILLS_AND_TOOLS: Final[dict[str, tuple[str, ...]]] = {
    # Tools that would do for a request of a module, so that they cannot be there when it is to be answered in text.
    "talk": (),
    "arithmetic": ("calculate", "add", "multiply", "operate", "define", "translate", "random", "currency", "search",
    "tip", "units"),
    "facts": ("search", "define", "time", "event", "translate", "distance", "news", "calculate", "population"),
    "outside": ("search", "define", "time", "translate", "news", "calculate", "add", "multiply", "operate", "recipe",
                "distance", "random", "reminder", "event", "population", "run", "movie", "units", "restaurant"),
}  # fmt: skip
_UNFIT: Final = ("note", "define", "random", "calculate", "add", "multiply", "operate", "message")
"""Families whose requests mean something without any tool as well."""
_KNOWING: Final = (
    "weather", "time", "stock", "order", "user", "news", "distance", "population", "plane", "restaurant", "movie",
)  # fmt: skip
"""Families that know something, rather than do something: without them the model does not know it."""


def _tool(draw: Draw, without: Sequence[str] = ()) -> Tool:
    """Any tool."""
    if draw.chance(0.45):
        return MadeTool(draw)
    return FamilyTool(draw, draw.any([family for family in FAMILIES if family not in without]))


def _clash(tool: Tool, others: Sequence[Tool]) -> bool:
    """Whether a request for one of them could be meant for the other."""
    for other in others:
        if tool.kind == other.kind or tool.name == other.name:
            return True
        if isinstance(tool, FamilyTool) and isinstance(other, FamilyTool):
            continue
        if tool.words & other.words:
            return True
    return False


def _near(draw: Draw, tool: MadeTool) -> MadeTool | None:
    """A tool that differs in its verb alone, or in its object alone; None if the first would then be ambiguous."""
    noun = (tool.noun, tool.noun_kind) if tool.itself or draw.chance(0.5) else None
    if draw.chance(0.5):
        other = MadeTool(draw, thing=tool.thing, noun=noun)
        if set(other.verbs) & set(tool.verbs) or (other.looks and tool.looks) or tool.thing in other.verbs:
            return None
        tool.strict = other.strict = True
    else:
        other = MadeTool(draw, verb=tool.line, noun=noun)
        if set(other.thing.split()) & set(tool.thing.split()):
            return None
    return None if other.name == tool.name or tool.about is None or other.about is None else other


def _distractors(draw: Draw, wanted: Sequence[Tool], count: int, *, near: bool = True) -> list[Tool]:
    """`count` tools that none of the wanted ones can be mistaken for."""
    found: list[Tool] = []
    for _ in range(count * 30):
        if len(found) == count:
            break
        first = wanted[0]
        if near and isinstance(first, MadeTool) and draw.chance(0.45):
            made = _near(draw, first)
            if made is not None and not _clash(made, [*wanted[1:], *found]):
                found.append(made)
            continue
        tool = _tool(draw)
        if not _clash(tool, [*wanted, *found]):
            found.append(tool)
    return found


def _few(draw: Draw) -> int:
    """How many tools there are beside the right one."""
    return draw.any((0, 0, 1, 1, 1, 1, 2, 2, 2, 2))


def _entries(draw: Draw, tools: Sequence[Tool]) -> list[dict[str, Any]]:
    entries = [tool.entry(draw) for tool in tools]
    draw.random.shuffle(entries)
    return entries


def _said(draw: Draw, text: str) -> list[Message]:
    if draw.chance(0.1):  # what led to it
        text = draw.pool("outside_statements") + draw.any((" ", " ", "\n")) + text
    messages: list[Message] = [{"role": "user", "content": text}]
    if draw.chance(0.08):
        messages.insert(0, {"role": "system", "content": draw.wording(_SYSTEMS)})
    return messages


def _calling(messages: list[Message], request: Request, tools: list[dict[str, Any]]) -> Example:
    return Example(messages, Answer(calls=request.calls), tools, accepts=right_calls(request.calls))


def _wanted(draw: Draw, count: int = 1) -> tuple[Tool, list[Tool], Request]:
    """A tool, others beside it, and a request for `count` calls of the first."""
    while True:
        tool = _tool(draw)
        others = _distractors(draw, [tool], _few(draw))
        request = tool.ask(draw, count)
        if request is not None:
            return tool, others, request


def one_call(draw: Draw) -> Example:
    """One call."""
    tool, others, request = _wanted(draw)
    return _calling(_said(draw, request.text), request, _entries(draw, [tool, *others]))


def forced_call(draw: Draw) -> Example:
    """One call that must be: a grammar begins it."""
    tool, others, request = _wanted(draw)
    choice: Any = "required"
    if draw.chance(0.4):
        choice = {"type": "function", "function": {"name": tool.name}}
    example = _calling(_said(draw, request.text), request, _entries(draw, [tool, *others]))
    return replace(example, forced=True, tool_choice=choice)


def same_twice(draw: Draw) -> Example:
    """Two calls of the same tool, now and then three."""
    tool, others, request = _wanted(draw, 3 if draw.chance(0.12) else 2)
    return _calling(_said(draw, request.text), request, _entries(draw, [tool, *others]))


def two_tools(draw: Draw) -> Example:
    """Calls of two tools, in one request."""
    while True:
        first = _tool(draw)
        second, *others = _distractors(draw, [first], 1 + draw.any((0, 0, 1, 1)), near=False)
        one, two = first.ask(draw, plain=True), second.ask(draw, plain=True)
        if one is not None and two is not None and "\n" not in one.text + two.text:
            break
    request = Request(_joined(draw, one, two), one.calls + two.calls)
    return _calling(_said(draw, request.text), request, _entries(draw, [first, second, *others]))


def _joined(draw: Draw, one: Request, two: Request) -> str:
    a, b = one.text, two.text
    if one.open_end:
        forms = _APART
    elif a.endswith(("?", "!", ")")):
        forms = _ASKED
    else:
        forms = _TWO
        a = a.rstrip(".")
    b = b.rstrip(".") if "{B}." in forms else b
    return draw.wording(forms).format(a=_low(a, one), A=_high(a, one), b=_low(b, two), B=_high(b, two))


def _literal(text: str, request: Request) -> bool:
    """Whether the text begins with what has to be copied as it is, or with a name."""
    values = [value for call in request.calls for value in (call.name, *call.arguments.values())]
    return any(text.startswith(str(value)) for value in values) or text.startswith(("I ", "I'"))


def _low(text: str, request: Request) -> str:
    return text if _literal(text, request) else text[:1].lower() + text[1:]


def _high(text: str, request: Request) -> str:
    return text if _literal(text, request) else text[:1].upper() + text[1:]


def unfit_request(draw: Draw) -> Example:
    """A request for a tool that is not there."""
    while True:
        missing = _tool(draw, _UNFIT)
        request = missing.ask(draw)
        if request is not None and missing.name not in request.text:
            break
    tools = _distractors(draw, [missing], draw.any((1, 1, 2, 2, 3)), near=False)
    if isinstance(missing, FamilyTool):
        asks = missing.key in _KNOWING
    else:
        asks = request.text.lower().startswith(("what", "where"))
    answer = Answer(UNKNOWN if asks else UNABLE)
    return Example(_said(draw, request.text), answer, _entries(draw, tools), accepts=honest)


def _plain_example(draw: Draw, module: str) -> Example:
    """One short example of another module."""
    skills: dict[str, tuple[str, float, Skill]] = importlib.import_module(f"training.conversations.{module}").SKILLS
    names = list(skills)
    while True:
        name = draw.random.choices(names, [skills[one][1] for one in names])[0]
        example = skills[name][2](draw)
        if not example.tools and example.messages[-1]["role"] == "user":
            return example


def _beside(draw: Draw, text: str, module: str) -> list[Tool]:
    """Tools that do not fit a request that is to be answered in text."""
    words = {word.rstrip("s") for word in re.findall("[a-z]+", text.lower())}
    tools: list[Tool] = []
    count = draw.any((1, 1, 2, 2, 3))
    for _ in range(60):
        tool = _tool(draw, _SKILLS_AND_TOOLS[module])
        apart = not words & {word.rstrip("s") for word in tool.words}
        # In small talk nothing is asked for, so every tool may be there.
        if len(tools) < count and not _clash(tool, tools) and (module == "talk" or apart):
            tools.append(tool)
    return tools


def _with_tools(draw: Draw, module: str) -> Example:
    example = _plain_example(draw, module)
    text = " ".join(message["content"] for message in example.messages)
    return replace(example, tools=_entries(draw, _beside(draw, text, module)))


def outside(draw: Draw) -> Example:
    """A request that neither the tools nor the model can fulfil."""
    return _with_tools(draw, "outside")


def inside(draw: Draw) -> Example:
    """A request that the model fulfils by itself, though there are tools."""
    return _with_tools(draw, draw.any(("talk", "talk", "arithmetic", "facts")))


def _done(draw: Draw, first: int = 1, count: int = 1) -> tuple[list[Tool], list[Message], str, list[str]]:
    """A request and its calls with their results: the tools, the messages, what is then said, and the results."""
    tool, others, request = _wanted(draw, count)
    gives = tool.family.gives if isinstance(tool, FamilyTool) else ""
    contents = [tool_results.content(draw, gives, call.arguments) for call in request.calls]
    messages = [*_said(draw, request.text)[-1:], called(request.calls, first), *results(contents, first)]
    return [tool, *others], messages, tool_results.said(contents), contents


def from_result(draw: Draw) -> Example:
    """What the tool gave back, in words."""
    tools, messages, said, contents = _done(draw, count=2 if draw.chance(0.2) else 1)
    return Example(messages, Answer(said), _entries(draw, tools), accepts=tool_results.right_words(contents))


def after_result(draw: Draw) -> Example:
    """A further request when a first one is done: another call, its result, small talk, or none that fits."""
    tools, messages, said, contents = _done(draw)
    entries = _entries(draw, tools)
    messages = [*messages, {"role": "assistant", "content": said}]
    kind = draw.number(0, 9)
    if kind < 2:
        example = _plain_example(draw, "talk")
        if len(example.messages) == 1:
            return replace(example, messages=[*messages, *example.messages], tools=entries)
    while True:
        tool = tools[0] if draw.chance(0.5) else draw.any(tools)
        request = tool.ask(draw, 2 if draw.chance(0.1) else 1)
        if request is not None:
            break
    messages.append({"role": "user", "content": request.text})
    if kind < 7:
        return _calling(messages, request, entries)
    contents = [tool_results.content(draw, echo=call.arguments) for call in request.calls]
    messages += [called(request.calls, 2), *results(contents, 2)]
    accepts = tool_results.right_words(contents)
    return Example(messages, Answer(tool_results.said(contents)), entries, accepts=accepts)


def after_talk(draw: Draw) -> Example:
    """A call after some small talk."""
    before = _plain_example(draw, "talk")
    example = one_call(draw)
    turns = [*before.messages, {"role": "assistant", "content": before.answer.text}]
    return replace(example, messages=[*turns, example.messages[-1]])


SKILLS: Final[dict[str, tuple[str, float, Skill]]] = {
    "tools_one": ("tools", 0.30, one_call),
    "tools_forced": ("tools", 0.08, forced_call),
    "tools_same_twice": ("tools", 0.10, same_twice),
    "tools_two": ("tools", 0.12, two_tools),
    "tools_unfit": ("tools", 0.10, unfit_request),
    "tools_outside": ("tools", 0.05, outside),
    "tools_inside": ("tools", 0.07, inside),
    "tools_result": ("tools", 0.10, from_result),
    "tools_after_result": ("tools", 0.06, after_result),
    "tools_after_talk": ("tools", 0.02, after_talk),
}
