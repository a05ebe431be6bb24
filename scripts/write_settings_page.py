"""Writes docs/settings.md from the settings' own types, defaults and docstrings: `make docs`."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from pathlib import Path
from typing import cast

import msgspec
from msgspec import inspect as shapes

from penstock.settings import schema

PAGE = Path(__file__).resolve().parent.parent / "docs" / "settings.md"

_INTRO = """\
# Settings

<!-- Written by `make docs` from src/penstock/settings/schema.py; edit that file. -->

Every setting has a default, so no file is needed to start. A setting comes from, strongest first:

1. the environment: `PENSTOCK_SECTION__NAME` (two underscores), such as `PENSTOCK_SERVER__PORT=9000`; lists as JSON;
2. `penstock.toml` in the working folder, or the file that `--config` or `PENSTOCK_CONFIG` names;
3. the default below.

An unknown name, a value of the wrong type or one out of its range is refused at the start, with the nearest known name.
Secrets are written `env:NAME` or `file:PATH`, so that the file itself holds none.

`PENSTOCK_HOME` is the data folder: database, spool, models. Without it, `penstock` in the platform's folder for user
data (`~/.local/share` on Linux, `~/Library/Application Support` on macOS).
"""


def page() -> str:
    """The whole page, as it should stand in docs/settings.md."""
    parts = [_INTRO]
    for section in msgspec.structs.fields(schema.Settings):
        kind = section.type
        if inspect.isclass(kind) and issubclass(kind, schema.Section):
            parts.append(_heading(f"[{section.name}]", kind))
            parts.append(_table(kind, section.name))
    for kind, title in (
        (schema.ProviderSettings, "[[provider]]"),
        (schema.ModelSettings, "[[model]]"),
        (schema.TargetSettings, "targets of a [[model]]"),
        (schema.PriceSettings, "[[price]]"),
    ):
        parts.append(_heading(title, kind))
        parts.append(_table(kind, None))
    return "\n".join(parts)


def _heading(title: str, kind: type[msgspec.Struct]) -> str:
    return f"## `{title}`\n\n{inspect.cleandoc(kind.__doc__ or '')}\n"


def _table(kind: type[msgspec.Struct], section: str | None) -> str:
    """A row for each field; settings of a section say their environment variable, those of a list have none."""
    meanings = docstrings(kind)
    info = cast("shapes.StructType", shapes.type_info(kind))
    rows = [["setting", "value", "default", "meaning"], ["---"] * 4]
    rows += [[f"`{field.name}`", _shape(field.type), _default(field), meanings[field.name]] for field in info.fields]
    if section is not None:
        names = [f"`PENSTOCK_{section}__{name}`".upper() for name in kind.__struct_fields__]
        for row, cell in zip(rows, ["environment", "---", *names], strict=True):
            row.append(cell)
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |\n" for row in rows)


def docstrings(kind: type[msgspec.Struct]) -> dict[str, str]:
    """The string below each field of `kind`, by the field's name. Raises KeyError where a field has none."""
    body = next(node.body for node in ast.parse(inspect.getsource(kind)).body if isinstance(node, ast.ClassDef))
    found = {}
    for statement, below in pairwise(body):
        if (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[statement.target.id] = " ".join(below.value.value.split())
    return found


def _default(field: shapes.Field) -> str:
    if field.required:
        return "required"
    value = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
    return "none" if value is None else f"`{msgspec.json.encode(value).decode()}`"


def _shape(kind: shapes.Type) -> str:
    match kind:
        case shapes.Metadata():
            return _shape(kind.type)
        case shapes.IntType():
            return f"whole number{_range(kind)}"
        case shapes.FloatType():
            return f"number{_range(kind)}"
        case shapes.BoolType():
            return "true or false"
        case shapes.StrType():
            return "text"
        case shapes.NoneType():
            return "none"
        case shapes.DateType():
            return "date"
        case shapes.LiteralType():
            return " or ".join(f"`{value}`" for value in kind.values)
        case shapes.ListType():
            return f"list of {_shape(kind.item_type)}"
        case shapes.DictType():
            return f"table of {_shape(kind.value_type)}"
        case shapes.UnionType():
            return " or ".join(_shape(member) for member in kind.types if not isinstance(member, shapes.NoneType))
        case shapes.StructType():
            return "table"
        case _:
            raise TypeError(f"a setting of the type {kind!r}: say here how the page should name it")


def _range(kind: shapes.IntType | shapes.FloatType) -> str:
    bounds = [(">", kind.gt), (">=", kind.ge), ("<", kind.lt), ("<=", kind.le)]
    said = " and ".join(f"{sign} {bound:g}" for sign, bound in bounds if bound is not None)
    return f" {said}" if said else ""


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
