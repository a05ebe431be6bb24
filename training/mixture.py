"""The stream of conversations that is learnt: all skills by their shares, joined and dressed in many ways."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from typing import Any, Final

from training import conversations
from training.conversations.draw import Draw
from training.conversations.example import Example, Skill


@dataclasses.dataclass(frozen=True)
class Stage:
    """One part of the training: its share (0-1) of the steps, what it draws by row of the table of scores (adding up to
    1), and how often (0-1 of the usual) a system message or a conversation comes before the question."""

    share: float
    shares: Mapping[str, float]
    dressing: float


STAGES: Final = (
    # Drills: short questions alone, of which a step holds three times as many. Sums and facts take thousands of them.
    Stage(
        0.2,
        {"talk": 0.12, "lists": 0.14, "arithmetic": 0.36, "facts": 0.19, "recall": 0.10, "outside": 0.09},
        dressing=0.15,
    ),
    Stage(
        0.8,
        {
            "talk": 0.10, "lists": 0.05, "arithmetic": 0.14, "facts": 0.08, "recall": 0.09, "json": 0.09, "tools": 0.38,
            "outside": 0.07,
        },
        dressing=1.0,
    ),
)  # fmt: skip
"""In their order. Tools and JSON come last: their prompts are long, and most of what they need is known by then."""
_WITH_SYSTEM: Final = 0.25
_WITH_HISTORY: Final = 0.15


@dataclasses.dataclass(frozen=True)
class Source:
    """One skill: its row of the table of scores, its name, its share (0-1) of that row, its maker."""

    row: str
    name: str
    share: float
    make: Skill


def sources() -> list[Source]:
    """Every skill of every module of `training/conversations/`, shares adding up to 1 within a row."""
    found: list[Source] = []
    for module in pkgutil.iter_modules(conversations.__path__):
        skills = getattr(importlib.import_module(f"{conversations.__name__}.{module.name}"), "SKILLS", {})
        found += [Source(row, name, share, make) for name, (row, share, make) in skills.items()]
    totals: dict[str, float] = {}
    for source in found:
        totals[source.row] = totals.get(source.row, 0.0) + source.share
    return [dataclasses.replace(source, share=source.share / totals[source.row]) for source in found]


class Mixture:
    """An endless stream of examples, the same for the same seed of `draw`."""

    def __init__(self, draw: Draw, systems: tuple[str, ...], *, stage: Stage = STAGES[-1]) -> None:
        self.draw = draw
        self._systems, self._dressing = systems, stage.dressing
        self._sources = [source for source in sources() if source.row in stage.shares]
        self._weights = [source.share * stage.shares[source.row] for source in self._sources]

    def __iter__(self) -> Iterator[Example]:
        while True:
            yield self.dressed(self._one())

    def dressed(self, example: Example) -> Example:
        """Now and then with a system message that changes nothing, or with a conversation before it."""
        messages, has_system = example.messages, example.messages[0]["role"] == "system"
        if not has_system and not example.tools and self.draw.chance(_WITH_HISTORY * self._dressing):
            messages = self._history() + messages
        if not has_system and self.draw.chance(_WITH_SYSTEM * self._dressing):
            messages = [{"role": "system", "content": self.draw.wording(self._systems)}, *messages]
        return example if messages is example.messages else dataclasses.replace(example, messages=messages)

    def _one(self) -> Example:
        return self.draw.random.choices(self._sources, self._weights)[0].make(self.draw)

    def _history(self) -> list[dict[str, Any]]:
        """One to three earlier exchanges about other things; now and then many, so that long prompts are known too."""
        turns: list[dict[str, Any]] = []
        wanted = self.draw.any((1, 1, 1, 2, 2, 3)) if self.draw.chance(0.97) else self.draw.number(6, 24)
        while wanted:
            other = self._one()
            if other.tools or other.forced or other.spelled or len(other.messages) != 1:
                continue
            turns += [*other.messages, {"role": "assistant", "content": other.answer.text}]
            wanted -= 1
        return turns
