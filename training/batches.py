"""Batches of tokens of about equal size, each of conversations of about equal length.

A learnt token weighs 1 / sqrt(learnt tokens of its conversation): else the three digits of a sum would hardly count
beside the forty tokens of a tool call.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.chat import pieces
from training.mixture import Mixture
from training.tokenizer import encode

LENGTHS: Final = (24, 32, 40, 48, 64, 88, 128, 176, 240, 336, 512, 1024, 2048)
"""What a batch's rows are filled up to, in tokens: few lengths, so that few programs are compiled."""
_COPIED: Final = (6, 10, 16, 24, 36, 48)
"""Tokens that are copied at a time."""
_POOL: Final = 1500
"""Conversations sorted by length at a time."""


Batch = tuple[Tensor, Tensor, Tensor]


class Batches:
    """An endless stream of (tokens, targets, weights), each (rows, length); a target of -1 is not learnt."""

    def __init__(self, mixture: Mixture, tokenizer: Tokenizer, tokens: int) -> None:
        self._mixture, self._tokenizer, self._tokens = mixture, tokenizer, tokens

    def __iter__(self) -> Iterator[Batch]:
        waiting: dict[int, list[tuple[list[int], list[bool]]]] = {length: [] for length in LENGTHS}
        examples = iter(self._mixture)
        while True:
            ready: list[Batch] = []
            for _ in range(_POOL):
                example = next(examples)
                row = encode(self._tokenizer, pieces(example, history=self._mixture.draw.chance(0.5)))
                length = next((length for length in LENGTHS if len(row[0]) - 1 <= length), None)
                if length is None:
                    continue  # longer than the context
                waiting[length].append(row)
                if len(waiting[length]) * length >= self._tokens:
                    ready.append(_filled(waiting[length], length))
                    waiting[length] = []
            self._mixture.draw.random.shuffle(ready)
            yield from ready


def copying(seed: str, vocabulary: int, tokens: int) -> Iterator[Batch]:
    """An endless stream of batches of random tokens that come twice, of which the second time is learnt.

    Learning to look up what followed before is the one step that everything else waits for: with nothing but copies to
    learn it takes some hundred small steps, amid conversations thousands.
    """
    draw = random.Random(seed)
    generator = torch.Generator().manual_seed(draw.getrandbits(60))
    while True:
        length = draw.choice(_COPIED)
        once = torch.randint(0, vocabulary, (max(1, tokens // (2 * length)), length), generator=generator)
        row = torch.cat([once, once], dim=1)
        targets = row[:, 1:].clone()
        targets[:, :length] = -1  # the first of the copy cannot be known
        yield row[:, :-1].contiguous(), targets, (targets >= 0).float()


def _filled(rows: list[tuple[list[int], list[bool]]], length: int) -> Batch:
    """Rows filled up at the right, where no earlier token sees it."""
    tokens = torch.zeros((len(rows), length), dtype=torch.long)
    targets = torch.full((len(rows), length), -1, dtype=torch.long)
    weights = torch.zeros((len(rows), length))
    for at, (ids, learnt) in enumerate(rows):
        count = len(ids) - 1
        tokens[at, :count] = torch.tensor(ids[:-1])
        targets[at, :count] = torch.tensor([t if learn else -1 for t, learn in zip(ids[1:], learnt[1:], strict=True)])
        weights[at] = max(1, sum(learnt[1:])) ** -0.5
    return tokens, targets, weights
