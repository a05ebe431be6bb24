"""Writes docs/penstock-tiny.md from the model card of the bundled model: `make docs`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from penstock.engine.bundled import FOLDER
from penstock.engine.card import NAME, Card
from penstock.routing.catalogue import STOOD_IN

PAGE = Path(__file__).resolve().parent.parent / "docs" / f"{NAME}.md"

_INTRO = """\
# {name}

<!-- Written by `make docs` from src/penstock/engine/bundled/{name}.json, which the model's maker writes. -->

A small language model that comes with Penstock, so that a first call gets an answer offline and without a key. It is a
demonstration and a test instrument, not a model to build on: for real answers, [pull a model or add a
vendor](../README.md#give-it-a-model).

- It can always be asked for as `{name}`, also when vendors are configured.
- As long as no `[[provider]]` is configured it also answers to
  {others},
  unless a `[[model]]` or a local model has that name. With the first `[[provider]]` these names are no longer its own.
- Each answer says who gave it: `model` is `{name}`, the header `x-penstock-served-by` is `local/{name}`,
  and the record has both names.
- `GET /v1/models/{name}` has this card as JSON, in `card`.
- If its file in the package is missing or spoilt, the server starts all the same: `unavailable` in `GET /v1/models`
  and `penstock models list` say why, and a call is answered 503 `model_unavailable`.
- Parameters are those of every [local model](local-models.md#what-parameters-do). With a `seed`, the answer is the same
  every time.
"""


def page() -> str:
    """The whole page, as it should stand in docs/."""
    return page_of(msgspec.json.decode((FOLDER / f"{NAME}.json").read_bytes(), type=Card))


def page_of(card: Card) -> str:
    """The page that shows `card`."""
    others = ", ".join(f"`{other}`" for other in STOOD_IN)
    parts = [_INTRO.format(name=card.name, others=others), "## What it is\n", _facts(card)]
    if card.skills:
        parts += [
            "## What it can do\n",
            "Prompts that it has not seen in training, answered greedily; the score is the share answered rightly.\n"
            "What they are filled in with (names, words, numbers, tools) was held back from training; in the column\n"
            "'in a new wording', so was a wording of each. The free prompts were written from the list of skills\n"
            "alone, without sight of how the training phrases them: this is what to expect of your own.\n",
            _table(
                ("skill", "score", "aimed at", "prompts", "in a new wording", "free prompts"),
                [
                    (
                        s.skill,
                        _percent(s.score),
                        f">= {_percent(s.at_least)}",
                        str(s.examples),
                        _of(s.new_wordings, s.new_wordings_examples),
                        _of(s.free_prompts, s.free_prompts_examples),
                    )
                    for s in card.skills
                ],
            ),
        ]
    parts += ["## What it cannot do\n", "".join(f"- {limit}\n" for limit in card.limits)]
    return "\n".join(parts)


def _of(share: float | None, examples: int) -> str:
    return "-" if share is None else f"{_percent(share)} of {examples}"


def _facts(card: Card) -> str:
    rows = [
        ("made", card.made.isoformat()),
        ("trained on", card.trained_on),
        ("architecture", card.architecture),
        ("parameters", f"{card.parameters:,}"),
        ("vocabulary", f"{card.vocabulary:,} tokens"),
        ("context", f"{card.context:,} tokens, prompt and answer together"),
        ("file", f"{card.size:,} bytes"),
        ("SHA-256", f"`{card.sha256}`"),
        ("licence", card.licence),
    ]
    if card.speed is not None:
        speed = card.speed
        first = f"first token of a prompt of {speed.prompt_tokens} after {speed.first_token_ms:.3g} ms"
        said = f"{first}, then {speed.tokens_per_second:,.0f} tokens/s, on one core of {speed.processor}"
        rows.insert(-2, ("speed", said))
    return _table(("what", "value"), rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
