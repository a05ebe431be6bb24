"""What the settings say of models, by provider and by the vendor's name: it goes before every table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from penstock.params.capabilities import NEEDED, OPENAI_FIELDS, OWN_FIELDS, SAMPLING_FIELDS
from penstock.params.models import Override
from penstock.settings import ModelSettings, SettingsError

_EMULATED: Final = ("response_format",)  # what Penstock can do in the place of any vendor


def overrides(models: Iterable[ModelSettings], providers: Iterable[str]) -> Mapping[str, Mapping[str, Override]]:
    """The overrides of each of the `providers`, by the vendor's name of the model, `*` for all.

    Raises SettingsError for an unknown parameter, one that cannot be so, and two words on the same model.
    """
    found: dict[str, dict[str, Override]] = {name: {} for name in providers}
    said_by: dict[tuple[str, str], str] = {}
    for model in models:
        _check(model)
        override = Override(model.context, model.max_output, model.parameters)
        if override == Override():
            continue
        for target in model.targets:
            if target.provider not in found:
                continue
            other = said_by.setdefault((target.provider, target.model), model.name)
            known = found[target.provider].setdefault(target.model, override)
            if known != override:
                raise SettingsError(
                    f"models '{other}' and '{model.name}' say different things of '{target.model}' at provider "
                    f"'{target.provider}': context, max_output and parameters must be the same in both"
                )
    return found


def _check(model: ModelSettings) -> None:
    for name, what in model.parameters.items():
        if name in NEEDED or name not in OPENAI_FIELDS | OWN_FIELDS | SAMPLING_FIELDS:
            raise SettingsError(f"model '{model.name}': parameters: there is no parameter '{name}' to say this of")
        if what == "emulated" and name not in _EMULATED:
            raise SettingsError(
                f"model '{model.name}': parameters: '{name}' cannot be emulated; {' and '.join(_EMULATED)} can"
            )
