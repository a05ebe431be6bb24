"""The rows of compatible.toml: what is particular about each OpenAI-compatible vendor, loaded and checked."""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from penstock.dialects.chat.normalise import Quirks
from penstock.params import Parameter, Support, parameters
from penstock.params.capabilities import OPENAI_FIELDS, OWN_FIELDS, SAMPLING_FIELDS
from penstock.params.effort import Effort
from penstock.params.models import Format
from penstock.params.thinking import Separating, Thinking

Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
"""A top-level field of a request."""

Url = Annotated[str, Meta(pattern=r"^https?://[^\s?#]+[^\s?#/]$")]
"""An address without a slash at its end."""


class RowError(ValueError):
    """A row is wrong; the message names file, row and field."""


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A range, both ends included."""

    minimum: float | None = None
    maximum: float | None = None


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One vendor. The least is `base_url`, `verified` and `source`."""

    verified: Literal["recorded", "documented", "no"]
    """how it is known: from recorded answers, which the tests replay; from documentation only; not at all"""
    source: Annotated[str, Meta(pattern=r"^(https://\S+|recordings)$")]
    """the page that documents the vendor, or `recordings`"""
    base_url: Url | None = None
    """the vendor's address, to which /chat/completions is added; without it the operator's settings must give one"""
    example: str | None = None
    """a model of the vendor, seen in its recorded answers: what the first start's example call asks for"""
    auth: Literal["bearer", "api-key", "none"] = "bearer"
    """how the key travels: `Authorization: Bearer KEY`, `api-key: KEY`, not at all"""
    key_optional: bool = False
    """the vendor may be called without a key"""
    callers_key: bool = False
    """a caller may send a key of its own at this vendor, in the header x-openai-api-key"""
    extras: tuple[Name, ...] = ()
    """fields beyond OpenAI's that the vendor has, with the meaning that clients of Penstock know"""
    unsupported: tuple[Name, ...] = ()
    """fields of OpenAI's that the vendor refuses or does not heed: they are not sent, and reported"""
    renamed: dict[Name, Name] = {}
    """fields that the vendor has under another name"""
    passes_unknown: bool = False
    """fields that nobody here knows are sent too, since the vendor documents extensions of its own"""
    responses: bool = False
    """the vendor has the responses API too, at the same address with /responses: such calls go there as they are"""
    counts: bool = False
    """it says how many tokens the input of a response has, at /responses/input_tokens"""
    fans_out: bool = False
    """the vendor makes one choice only: `n` is made of as many calls"""
    bounds: dict[Name, Bounds] = {}
    """ranges that are narrower than the dialect's own"""
    efforts: tuple[Effort, ...] | None = None
    """levels of `reasoning_effort` that all its models have; the nearest one is sent for another"""
    formats: tuple[Format, ...] | None = None
    """types of `response_format` that it holds to; others are emulated"""
    thinking: Thinking | None = None
    """how it switches reasoning on and off: what `enable_thinking` becomes"""
    separating: Separating | None = None
    """how it keeps reasoning out of the text, where `separate_reasoning` asks for that"""
    developer_role: bool = True
    """it knows the role `developer`; else such messages go out as `system`, and that is reported"""
    quirks: tuple[str, ...] = ()
    """the ways in which its answers break the contract: the names are the fields of `Quirks`"""

    def parameters(self) -> dict[str, Parameter]:
        """What becomes of each parameter at this vendor, whatever the model."""
        table = parameters(
            renamed=self.renamed,
            unsupported=self.unsupported,
            extras=self.extras,
            fans_out=self.fans_out,
            passes_unknown=self.passes_unknown,
        )
        for name, bounds in self.bounds.items():
            table[name] = msgspec.structs.replace(table[name], minimum=bounds.minimum, maximum=bounds.maximum)
        for name, values in (("reasoning_effort", self.efforts), ("response_format", self.formats)):
            if values is not None:
                table[name] = msgspec.structs.replace(table[name], values=values)
        for name, way in (("enable_thinking", self.thinking), ("separate_reasoning", self.separating)):
            if way is not None:
                table[name] = Parameter(Support.TRANSLATED)
        return table

    def normaliser(self) -> Quirks | None:
        """The quirks; None where the answers need no look."""
        return Quirks(**dict.fromkeys(self.quirks, True)) if self.quirks else None


def load_rows(text: str | None = None, name: str = "compatible.toml") -> dict[str, Row]:
    """The rows of `text`, by vendor; without it, those that come with Penstock. Raises RowError."""
    if text is None:
        text = resources.files(__package__).joinpath(name).read_text("utf-8")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RowError(f"{name}: {error}") from error
    return {vendor: _row(vendor, data, f"{name}: row '{vendor}'") for vendor, data in table.items()}


def _row(vendor: str, data: Any, where: str) -> Row:
    try:
        row = msgspec.convert(data, Row)
    except msgspec.ValidationError as error:
        raise RowError(f"{where}: {str(error).replace('$.', '').replace('$', 'it')}") from error
    known = Quirks.__struct_fields__
    for quirk in row.quirks:
        if quirk not in known:
            raise RowError(f"{where}: quirks: there is no '{quirk}'; known are {', '.join(known)}")
    for field in ("extras", "unsupported", "quirks"):
        values = getattr(row, field)
        if len(values) > len(set(values)):
            raise RowError(f"{where}: {field}: a name is there twice")
    twice = {*row.extras, *row.renamed} & set(row.unsupported) or set(row.extras) & set(row.renamed)
    if twice:
        raise RowError(f"{where}: '{min(twice)}' is in more than one of extras, unsupported and renamed")
    for name in row.bounds:
        if name not in OPENAI_FIELDS | OWN_FIELDS | SAMPLING_FIELDS or name in row.unsupported:
            raise RowError(f"{where}: bounds: '{name}' is no parameter that it has")
    if row.fans_out and {"n"} & {*row.extras, *row.unsupported, *row.renamed}:
        raise RowError(f"{where}: with fans_out, 'n' is in no other list")
    return row
