"""Rows put in by a statement that is written once: SQLAlchemy's own costs ten times as much for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table

from penstock.store.at_once import Statement
from penstock.store.schema import Said, holdable


def inserting(table: Table, rows: Sequence[Mapping[str, Any]], numbered: bool) -> Statement:
    """Puts in `rows`, each with a value for every column of `table`: bytes, a text, a number or None."""
    names = table.columns.keys()
    said = {column.name for column in table.columns if isinstance(column.type, Said)}
    values = [
        tuple([holdable(row[name]) if name in said and row[name] is not None else row[name] for name in names])
        for row in rows
    ]
    return insert(table.name, tuple(names), numbered), values


@cache
def insert(table: str, columns: tuple[str, ...], numbered: bool, rows: int = 1) -> str:
    """The text of a statement for so many rows at a time, with the marks for values that `Database.numbered` names."""
    width = len(columns)
    marks = [f"${i + 1}" if numbered else "?" for i in range(rows * width)]
    values = (f"({', '.join(marks[start : start + width])})" for start in range(0, rows * width, width))
    # Names and marks only: what clients send travels as values.
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join(values)}"  # noqa: S608 - as said
