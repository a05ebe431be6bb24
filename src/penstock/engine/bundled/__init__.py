"""The model that comes with Penstock: a GGUF file in this folder, read-only, with its card beside it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Final

import msgspec

from penstock.engine.card import NAME, Card
from penstock.engine.gguf import BadModelFile, read_header
from penstock.engine.registry import Entry

FOLDER: Final = Path(__file__).parent

_AGAIN: Final = "; install Penstock again"


class Bundled:
    """The bundled model of one folder, which is the package's own but in tests. Making one reads the card alone.

    `card` is None where it cannot be read; `entry` describes the model as the registry describes those that were added.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self._path = folder / f"{NAME}.gguf"
        self._trouble: str | None = None
        self._checked: tuple[tuple[int, int], str | None] | None = None  # the file's state, and what was found
        self.card: Card | None = None
        try:
            self.card = msgspec.json.decode((folder / f"{NAME}.json").read_bytes(), type=Card)
        except OSError as error:
            self._trouble = f"its model card cannot be read ({error.strerror}){_AGAIN}"
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            self._trouble = f"its model card is spoilt ({error}){_AGAIN}"
        self.entry = self._entry()

    def look(self) -> str | None:
        """Why the model cannot be used, as far as one look at its file shows, or a check of the same file has shown."""
        if self.card is None:
            return self._trouble
        try:
            state = _state(self._path)
        except OSError as error:
            return f"its file in the package cannot be read ({error.strerror}){_AGAIN}"
        _, size = state
        if size != self.card.size:
            return f"its file has {size} bytes, not the {self.card.size} of its model card{_AGAIN}"
        checked = self._checked
        return checked[1] if checked is not None and checked[0] == state else None

    def check(self) -> str | None:
        """Why the model cannot be used; reads the whole file, but each state of it only once: some 20 ms on a disk."""
        trouble = self.look()
        if trouble is not None or self.card is None:
            return trouble
        try:
            checked, state = self._checked, _state(self._path)
            if checked is None or checked[0] != state:
                checked = self._checked = state, _compared(self._path, self.card)
        except OSError as error:
            return f"its file in the package cannot be read ({error.strerror}){_AGAIN}"
        return checked[1]

    def _entry(self) -> Entry:
        card = self.card
        try:
            modified, size = _state(self._path)
        except OSError:
            modified, size = 0, 0
        made = datetime.combine(card.made, time(), UTC) if card else None
        return Entry(
            name=NAME,
            path=str(self._path),
            size=size,
            modified=modified,
            sha256=card.sha256 if card else "",
            architecture=card.architecture if card else "",
            context=card.context if card else 0,
            owned=False,
            added=int(made.timestamp()) * 1_000_000 if made else 0,
            source="bundled",
        )


def _state(path: Path) -> tuple[int, int]:
    """Time of change (ns) and size of the file. Raises OSError."""
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


def _compared(path: Path, card: Card) -> str | None:
    """In what the file differs from its card. Raises OSError."""
    try:
        header = read_header(path)
    except BadModelFile as error:
        return f"{error}{_AGAIN}"
    if (header.architecture, header.context, header.vocabulary) != (card.architecture, card.context, card.vocabulary):
        return f"its header and its model card do not agree{_AGAIN}"
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != card.sha256:
            return f"its SHA-256 is not the one of its model card{_AGAIN}"
    return None
