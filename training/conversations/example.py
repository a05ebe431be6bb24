"""One synthetic conversation, and how its answer is judged."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from training.conversations.draw import Draw


@dataclass(frozen=True)
class ToolCall:
    """A call of a function with its arguments, as values."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a model said: text, or calls of functions."""

    text: str = ""
    calls: list[ToolCall] = field(default_factory=list)


@dataclass(frozen=True)
class Example:
    """A conversation up to the answer, and the answer.

    `messages` and `tools` have the form of a chat completion request, with assistant turns in between where it has more
    than one turn. `accepts` says whether another answer would do as well; by default it must be the same but for case,
    white space and a full stop at the end. `forced`: the answer's beginning is forced on the model by a grammar, so its
    first token is not learnt. `spelled`: the answer is learnt letter by letter. `response_format` and `tool_choice` are
    what the evaluation sends along.
    """

    messages: list[dict[str, Any]]
    answer: Answer
    tools: list[dict[str, Any]] = field(default_factory=list)
    accepts: Callable[[Answer], bool] | None = None
    forced: bool = False
    spelled: bool = False
    response_format: dict[str, Any] | None = None
    tool_choice: Any = None

    def judge(self, given: Answer) -> bool:
        """Whether `given` is a right answer."""
        if self.accepts is not None:
            return self.accepts(given)
        if self.answer.calls or given.calls:
            return _calls(given) == _calls(self.answer)
        return plain(given.text) == plain(self.answer.text)


Skill = Callable[[Draw], Example]
"""Makes one example. A module of skills has `SKILLS: dict[str, tuple[str, float, Skill]]`: by name, the row of the
table of scores that it counts for, its share of the module's examples, and its maker."""


def ask(text: str, answer: str, system: str | None = None, **more: Any) -> Example:
    """The commonest form: one question, one answer in text."""
    messages = [{"role": "user", "content": text}]
    if system is not None:
        messages.insert(0, {"role": "system", "content": system})
    return Example(messages, Answer(answer), **more)


def plain(text: str) -> str:
    """Text without the differences that make no answer wrong."""
    return re.sub(r"\s+", " ", text).strip().rstrip(".!").lower()


def _calls(answer: Answer) -> list[tuple[str, dict[str, Any]]]:
    return [(call.name, call.arguments) for call in answer.calls]
