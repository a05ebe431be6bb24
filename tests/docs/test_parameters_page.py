"""The table of docs/parameters.md: it has every cell, and the test behind a cell is there and about that cell."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache

import pytest
from scripts.write_parameters_page import EACH, LOCAL, PAGE, ROOT, Cell, Row, rows
from tests.parameter_samples import AT_A_LOCAL_MODEL, AT_ANY_VENDOR, AT_OPENAI

from penstock.dialects.chat.request import KNOWN
from penstock.dialects.profiles import PROFILES
from penstock.params.capabilities import NEEDED

ROWS = rows()


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """Every test that pytest finds in the files behind the table, as `file::function[parameters]` below tests/."""
    files = sorted({"tests/" + cell.test.partition("::")[0] for row in ROWS for cell in row.cells()})
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-n0", "-p", "no:cacheprovider", *files]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=True).stdout
    return {line.removeprefix("tests/") for line in listed.splitlines() if line.startswith("tests/")}


def of_one_cell(row: Row, cell: Cell) -> Iterator[tuple[str, str]]:
    """Each dialect of `row`, and the test that has to be there for `cell` in it."""
    for dialect in row.dialects:
        yield dialect, f"{cell.test}[{dialect}-{row.parameter}]" if cell.test in EACH else cell.test


def test_every_parameter_is_there_once_in_every_dialect() -> None:
    found = [(row.parameter, dialect) for row in ROWS for dialect in row.dialects]
    assert sorted(found) == sorted((name, dialect) for name in KNOWN - (NEEDED - {"stream"}) for dialect in PROFILES)


def test_every_test_behind_a_cell_is_there(collected: set[str]) -> None:
    functions = {test.partition("[")[0] for test in collected}
    for row in ROWS:
        for cell in row.cells():
            for _, test in of_one_cell(row, cell):
                assert test in (collected if "[" in test else functions), (row.parameter, test)
        for dialect in row.dialects:  # beside the test of an effect
            assert f"{LOCAL}[{dialect}-{row.parameter}]" in collected


def test_every_test_behind_a_cell_is_about_its_parameter() -> None:
    for row in ROWS:
        for cell in row.cells():
            if cell.test not in EACH:
                assert row.parameter in words(cell.test), (row.parameter, cell.test)


@pytest.mark.parametrize(
    ("column", "expected"),
    [("local", AT_A_LOCAL_MODEL), ("openai", AT_OPENAI), ("any_vendor", AT_ANY_VENDOR)],
)
def test_the_tests_expect_what_the_cells_say(column: str, expected: dict[str, str]) -> None:
    for row in ROWS:
        said = getattr(row, column).said
        assert expected.get(row.parameter, "native") in said, (row.parameter, said)


def test_every_cell_is_on_the_page() -> None:
    page = PAGE.read_text("utf-8")
    for row in ROWS:
        line = next(
            line
            for line in page.splitlines()
            if line.startswith(f"| `{row.parameter}` | ")
            and (len(row.dialects) == len(PROFILES) or f"`{row.dialects[0]}`" in line)
        )
        for cell in row.cells():
            file, _, function = cell.test.partition("::")
            assert f"{cell.said.replace('|', chr(92) + '|')}<br>[`{file.rpartition('/')[2]}::{function}`]" in line
            assert f"]: ../tests/{file}\n" in page


@cache
def words(test: str) -> frozenset[str]:
    """Strings and keywords in a test, in its decorators, and in whatever of its own file it uses."""
    file, _, function = test.partition("::")
    defined: dict[str, ast.stmt] = {}
    for node in ast.parse((ROOT / "tests" / file).read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    defined[target.id] = node
    found: set[str] = set()
    seen: set[str] = set()
    left = [function]
    while left:
        name = left.pop()
        if name in seen or name not in defined:
            continue
        seen.add(name)
        for part in ast.walk(defined[name]):
            if isinstance(part, ast.Name):
                left.append(part.id)
            elif isinstance(part, ast.keyword) and part.arg is not None:
                found.add(part.arg)
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                found.add(part.value)
    return frozenset(found)
