"""Stop sequences, matched here and not by llama.cpp, which tells neither which one matched nor what its tokens were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec


class Piece(msgspec.Struct):
    """Some text of an answer and the logprobs of its tokens."""

    text: str
    logprobs: list[Any]


class StopMatcher:
    """Lets text through up to the first stop sequence; text that may be the beginning of one waits."""

    def __init__(self, sequences: Iterable[str], include: bool) -> None:
        self._sequences = [sequence for sequence in sequences if sequence]
        self._include = include
        self._held: list[Piece] = []
        self.matched = False

    def feed(self, piece: Piece) -> list[Piece]:
        """What can go out now. After a match `matched` is true and nothing follows."""
        if not self._sequences:
            return [piece]
        self._held.append(piece)
        text = "".join(held.text for held in self._held)
        found = [(text.find(sequence), sequence) for sequence in self._sequences]
        matches = [(at, len(sequence)) for at, sequence in found if at >= 0]
        if matches:
            at, length = min(matches)
            self.matched = True
            return self._take(at + length if self._include else at)
        return self._take_whole(len(text) - self._undecided(text))

    def close(self) -> list[Piece]:
        """What waited, at the end of the answer."""
        held, self._held = self._held, []
        return held

    def _undecided(self, text: str) -> int:
        """How many characters at the end of `text` are the beginning of a stop sequence."""
        most = max(len(sequence) for sequence in self._sequences) - 1
        for size in range(min(most, len(text)), 0, -1):
            end = text[-size:]
            if any(sequence.startswith(end) for sequence in self._sequences):
                return size
        return 0

    def _take(self, size: int) -> list[Piece]:
        """The first `size` characters; the rest is forgotten."""
        taken = []
        for piece in self.close():
            if size <= 0:
                break
            taken.append(Piece(piece.text[:size], piece.logprobs))
            size -= len(piece.text)
        return taken

    def _take_whole(self, size: int) -> list[Piece]:
        """The pieces that lie wholly within the first `size` characters: a token is never split."""
        taken = []
        while self._held and len(self._held[0].text) <= size:
            piece = self._held.pop(0)
            size -= len(piece.text)
            taken.append(piece)
        return taken
