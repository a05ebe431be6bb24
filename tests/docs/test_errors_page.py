"""Every error that a client can meet stands in docs/errors.md, with its status."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.core.errors import PenstockError

ROOT = Path(__file__).resolve().parents[2]
ROWS = [line for line in (ROOT / "docs" / "errors.md").read_text("utf-8").splitlines() if line.startswith("|")]


def _below(kind: type[PenstockError]) -> Iterator[type[PenstockError]]:
    for child in kind.__subclasses__():
        if child.__module__ == PenstockError.__module__:
            yield child
            yield from _below(child)


@pytest.mark.parametrize("kind", sorted(_below(PenstockError), key=lambda kind: kind.__name__))
def test_an_error_stands_with_its_status_and_type(kind: type[PenstockError]) -> None:
    code = f"`{kind.code}`" if kind.code else "the vendor's own"
    matching = [row for row in ROWS if f"| {code} |" in row and f"| {kind.status} |" in row and f"`{kind.type}`" in row]
    assert matching, f"docs/errors.md has no row with {code}, {kind.status} and `{kind.type}` ({kind.__name__})"


def _texts(value: ast.expr | None) -> set[str]:
    """The strings that an expression can be, where that is plain to see."""
    match value:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.IfExp():
            return _texts(value.body) | _texts(value.orelse)
        case ast.Dict():
            return set().union(*map(_texts, value.values))
        case _:
            return set()


def _codes(source: str) -> set[str]:
    """What is given as `code=...`, assigned to `code` or listed in `_CODES`."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.keyword(arg="code", value=value):
                found |= _texts(value)
            case ast.Assign(targets=[ast.Name(id="code" | "_CODES")], value=value):
                found |= _texts(value)
            case ast.AnnAssign(target=ast.Name(id="code" | "_CODES"), value=value):
                found |= _texts(value)
    return found


def test_every_code_in_the_source_stands_there() -> None:
    """Also those that are given where an error is raised."""
    codes = set().union(*(_codes(path.read_text("utf-8")) for path in (ROOT / "src" / "penstock").rglob("*.py")))
    assert {"invalid_json", "model_not_found", "integer_above_max_value"} <= codes
    assert sorted(code for code in codes if not any(f"| `{code}` |" in row for row in ROWS)) == []


def test_no_code_stands_there_that_nothing_gives() -> None:
    source = "\n".join(path.read_text("utf-8") for path in (ROOT / "src" / "penstock").rglob("*.py"))
    listed = {cell.strip().strip("`") for row in ROWS for cell in row.split("|")[1:2] if cell.strip().startswith("`")}
    assert listed
    assert sorted(code for code in listed if f'"{code}"' not in source) == []
