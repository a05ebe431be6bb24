"""The names that vendors give their own models: known.toml, loaded and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Annotated

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[^/*\s]+$")]


class KnownError(ValueError):
    """The table is wrong; the message says where."""


class KnownNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of one vendor's models. `snapshots` leads from a name to the dated model that it stands for."""

    source: Annotated[str, Meta(pattern=r"^https://\S+$")]
    names: tuple[Name, ...]
    snapshots: dict[Name, Name] = {}

    def folded(self) -> dict[str, str]:
        """From each name in lower case to the model that is asked for and named in the answer."""
        return {name.lower(): self.snapshots.get(name, name) for name in self.names}


def load_known(text: str | None = None, name: str = "known.toml") -> Mapping[str, KnownNames]:
    """The names by kind of provider, of `text` or else those that come with Penstock. Raises KnownError."""
    if text is None:
        text = resources.files(__package__).joinpath(name).read_text("utf-8")
    try:
        table = msgspec.convert(tomllib.loads(text), dict[str, KnownNames])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise KnownError(f"{name}: {error}") from error
    for kind, known in table.items():
        strangers = {*known.snapshots, *known.snapshots.values()} - set(known.names)
        if strangers:
            raise KnownError(f"{name}: {kind}: snapshots: '{min(strangers)}' is not among the names")
        if len({each.lower() for each in known.names}) < len(known.names):
            raise KnownError(f"{name}: {kind}: names: one is there twice")
    return table
