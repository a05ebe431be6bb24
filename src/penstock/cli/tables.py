"""Tables for a terminal: printed part by part, so that they may be of any length."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_WIDE = 4096  # columns where nobody's terminal has to hold them: nothing is cut in a file or a pipe


class PartedTable:
    """A table whose rows come in parts; the columns of a later part are as wide as those before, or wider."""

    def __init__(self, *headers: str, right: Iterable[str] = ()) -> None:
        """`right` names the columns that are aligned to the right."""
        self._console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False)
        self._headers = headers
        self._right = set(right)
        self._widths = [cell_len(header) for header in headers]
        self._begun = False

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Prints `rows`, the first time under the headers."""
        clean = [[_printable(cell) for cell in row] for row in rows]
        self._widths = [max(width, *(cell_len(row[i]) for row in clean), 0) for i, width in enumerate(self._widths)]
        table = Table(box=None, pad_edge=False, show_header=not self._begun, header_style="bold")
        for header, width in zip(self._headers, self._widths, strict=True):
            table.add_column(
                header, min_width=width, no_wrap=True, justify="right" if header in self._right else "left"
            )
        for row in clean:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print(table)
        self._begun = True


def _printable(text: str) -> str:
    """`text` without what a terminal would obey: clients choose the names of models."""
    return text if text.isprintable() else "".join(c if c.isprintable() else "\ufffd" for c in text)
