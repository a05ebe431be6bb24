"""The model card of the model that comes with Penstock: what it is, what it was made of, what it can do."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final, Literal

import msgspec

NAME: Final = "penstock-tiny"
"""What clients ask for; no other local model may have the name."""

Count = Annotated[int, msgspec.Meta(ge=1)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Skill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How well one kind of prompt is answered: `score` is the share (0 to 1) of `examples` prompts, none of them seen
    in training, that were answered rightly; `at_least` is the share that was aimed at.

    What such a prompt is filled in with (names, words, numbers, tools) was not seen. `new_wordings` is the share of
    `new_wordings_examples` prompts of which a wording had not been seen either; `free_prompts` that of
    `free_prompts_examples` prompts that follow no pattern of the training at all.
    """

    skill: Text
    score: Share
    at_least: Share
    examples: Count
    new_wordings: Share | None = None
    new_wordings_examples: Count = 0
    free_prompts: Share | None = None
    free_prompts_examples: Count = 0


class Speed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Measured on one core of `processor`: milliseconds to the first token after a prompt of `prompt_tokens`, and
    tokens per second from then on."""

    first_token_ms: Annotated[float, msgspec.Meta(gt=0)]
    prompt_tokens: Count
    tokens_per_second: Annotated[float, msgspec.Meta(gt=0)]
    processor: Text


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole card, written by the program that makes the model. `size` in bytes and `sha256` are those of the model
    file, `context` in tokens; `speed` is None where nobody measured it."""

    name: Literal["penstock-tiny"]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    size: Count
    parameters: Count
    context: Count
    architecture: Text
    vocabulary: Count
    trained_on: Text
    made: date
    skills: tuple[Skill, ...]
    speed: Speed | None
    limits: tuple[Text, ...]
    licence: Text
