"""What a scenario measured, and what it found wrong."""

from __future__ import annotations

_SHOWN = 20  # failures named; the rest are counted


class Report:
    """`figures` are name and value; `failures` say what broke which promise."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.figures: list[tuple[str, str]] = []
        self.failures: list[str] = []

    def figure(self, name: str, value: str) -> None:
        """Adds one measured value."""
        self.figures.append((name, value))

    def expect(self, holds: bool, otherwise: str) -> None:
        """Adds a failure unless `holds`."""
        if not holds:
            self.failures.append(otherwise)

    def text(self) -> str:
        """The report as Markdown."""
        lines = [f"### {self.name}: {'FAILED' if self.failures else 'ok'}", "", "| figure | measured |", "|---|---|"]
        lines += [f"| {name} | {value} |" for name, value in self.figures]
        if self.failures:
            lines += ["", *(f"- {failure}" for failure in self.failures[:_SHOWN])]
        if len(self.failures) > _SHOWN:
            lines.append(f"- and {len(self.failures) - _SHOWN} more")
        return "\n".join([*lines, ""])
