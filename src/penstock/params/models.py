"""The rows of models.toml: what is known of each model at its vendor, loaded and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from penstock.params.capabilities import OPENAI_FIELDS, OWN_FIELDS, SAMPLING_FIELDS, Capabilities, Parameter, Support
from penstock.params.effort import SAMPLED, ByEffort, Effort

Field = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]*$")]
Pattern = Annotated[str, Meta(pattern=r"^[^*\s]+\*?$", max_length=256)]
Tokens = Annotated[int, Meta(ge=1)]
Modality = Literal["text", "image", "audio", "video", "file"]
Format = Literal["text", "json_object", "json_schema"]


class ModelsError(ValueError):
    """The table is wrong; the message says where."""


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known of some models. Lengths are in tokens; what is not known is None."""

    vendors: Annotated[tuple[str, ...], Meta(min_length=1)]
    """kinds of provider at which this holds"""
    names: Annotated[tuple[Pattern, ...], Meta(min_length=1)]
    """the vendor's own names, in lower case; `*` at the end: every name that begins so"""
    source: Annotated[str, Meta(pattern=r"^https://\S+$")]
    """the page that says so"""
    context: Tokens | None = None
    max_output: Tokens | None = None
    input: tuple[Modality, ...] | None = None
    output: tuple[Modality, ...] | None = None
    efforts: tuple[Effort, ...] | None = None
    """levels of `reasoning_effort`; none at all where the model does not reason"""
    by_effort: ByEffort | None = None
    """what depends on the level"""
    formats: tuple[Format, ...] | None = None
    """types of `response_format` that the model holds to by itself; others are emulated"""
    ignored: tuple[Field, ...] = ()
    """parameters that the vendor refuses or does not heed with this model"""
    renamed: dict[Field, Field] = {}
    """parameters that have another name with this model"""
    responses: bool = True
    """the vendor's responses API, where there is one, has this model too"""


class Models:
    """The facts, found by kind of provider and name of the model."""

    def __init__(self, rows: tuple[Facts, ...]) -> None:
        self._exact: dict[tuple[str, str], Facts] = {}
        self._prefixes: dict[str, list[tuple[str, Facts]]] = {}
        for row in rows:
            for vendor in row.vendors:
                for name in row.names:
                    if name.endswith("*"):
                        self._prefixes.setdefault(vendor, []).append((name[:-1], row))
                    elif self._exact.setdefault((vendor, name), row) is not row:
                        raise ModelsError(f"'{name}' of {vendor} is in two rows")
        for prefixes in self._prefixes.values():
            prefixes.sort(key=lambda entry: -len(entry[0]))

    def find(self, kind: str, model: str) -> Facts | None:
        """What is known of the vendor's model `model`."""
        name = model.lower()
        exact = self._exact.get((kind, name))
        if exact is not None:
            return exact
        return next((row for prefix, row in self._prefixes.get(kind, ()) if name.startswith(prefix)), None)


class Override(msgspec.Struct, frozen=True):
    """What the operator says of a model, against every table."""

    context: int | None = None
    max_output: int | None = None
    parameters: Mapping[str, Literal["native", "emulated", "ignored", "refused"]] = {}


_NO_WORD: Final = Override()
_NOT_KNOWN: Final = Facts(vendors=(), names=(), source="")


def load_models(text: str | None = None, name: str = "models.toml") -> Models:
    """The facts in `text`; without it, those that come with Penstock. Raises ModelsError."""
    if text is None:
        text = resources.files(__package__).joinpath(name).read_text("utf-8")
    try:
        table = msgspec.convert(tomllib.loads(text), dict[str, tuple[Facts, ...]])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ModelsError(f"{name}: {error}") from error
    if strangers := table.keys() - {"model"}:
        raise ModelsError(f"{name}: there is no table '{min(strangers)}', only [[model]]")
    known = OPENAI_FIELDS | OWN_FIELDS | SAMPLING_FIELDS
    for row in table.get("model", ()):
        if (rules := row.by_effort) is not None:
            for level in (rules.default, rules.sampling):
                if level is not None and level not in (row.efforts or ()):
                    raise ModelsError(f"{name}: {row.names[0]}: by_effort: '{level}' is not one of its efforts")
        for field in (*row.ignored, *row.renamed):
            if field not in known:
                raise ModelsError(f"{name}: {row.names[0]}: there is no parameter '{field}'")
    return Models(table.get("model", ()))


def known_capabilities(
    model: str, table: Mapping[str, Parameter], facts: Facts | None, override: Override | None, **vendor: Any
) -> Capabilities:
    """The capabilities of `model`: `table` and `vendor` are its vendor's, what is known of the model goes before, and
    what the operator says before that."""
    facts = facts or _NOT_KNOWN
    override = override or _NO_WORD
    vendor["responses"] = vendor.get("responses", False) and facts.responses
    given = dict(table)
    given |= {name: Parameter(Support.IGNORED) for name in facts.ignored}
    given |= {name: Parameter(Support.TRANSLATED, sent_as=theirs) for name, theirs in facts.renamed.items()}
    if facts.efforts is not None and given["reasoning_effort"].support is Support.NATIVE:
        given["reasoning_effort"] = (
            Parameter(Support.NATIVE, values=facts.efforts) if facts.efforts else Parameter(Support.IGNORED)
        )
    if vendor.get("thinking") == "reasoning_effort" and not given["reasoning_effort"].values:
        given["enable_thinking"] = Parameter(Support.IGNORED)  # its levels are not known, or there are none
    if facts.formats is not None and given["response_format"].support is Support.NATIVE:
        given["response_format"] = Parameter(Support.NATIVE, values=facts.formats)
    if override.parameters.keys().isdisjoint((*SAMPLED, "reasoning_effort", "tools")):
        vendor["by_effort"] = facts.by_effort
    outputs = facts.output
    for name, what in override.parameters.items():
        given[name] = Parameter(Support(what))
        if name == "modalities":
            outputs = None  # the operator's word stands against what is known of the model
    return Capabilities.of(
        model,
        given,
        context_length=override.context or facts.context,
        max_output_tokens=override.max_output or facts.max_output,
        input_modalities=facts.input,
        output_modalities=outputs,
        **vendor,
    )
