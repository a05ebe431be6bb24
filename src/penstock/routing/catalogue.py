"""The names that clients may ask for, and where each one is served."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Final

import msgspec

from penstock.core.errors import ModelNotFound
from penstock.core.exchange import Target
from penstock.engine.card import NAME as BUNDLED
from penstock.settings import ModelSettings, ProviderSettings, TargetSettings

LOCAL = "local"
_LONGEST_NAME = 256
_MOST_HINTS = 3

STOOD_IN: Final = ("gpt-4", "gpt-4-0613", "gpt-4-0125-preview", "gpt-4-1106-preview", "gpt-4o", "openai/gpt-4o")
"""Names that the bundled model answers to as long as no provider is configured, so that a first call gets an answer."""


class Entry(msgspec.Struct, frozen=True):
    """One name in the list of models. `local` is the local model behind it, where that is its only target."""

    id: str
    owned_by: str
    local: str | None = None


class Catalogue:
    """Names and targets from the settings, and the local models as `local_names` gives them now.

    A configured name wins over a local one, an exact name over `vendor/*`, a longer prefix over a shorter one. With no
    `[[model]]` at all, every provider passes its own names through as `provider/name`. With no provider, the bundled
    model answers to the names in STOOD_IN that nothing else takes, and says in the answer that it is itself.
    """

    def __init__(
        self,
        models: Iterable[ModelSettings],
        providers: Iterable[ProviderSettings],
        local_names: Callable[[], Iterable[str]],
        draw: Callable[[], float],
    ) -> None:
        self._local_names = local_names
        self._draw = draw
        self._exact: dict[str, ModelSettings] = {}
        self._prefixes: list[tuple[str, ModelSettings]] = []
        models, providers = list(models), list(providers)
        self._stood_in = () if providers else STOOD_IN
        if not models:
            models = [ModelSettings(f"{p.name}/*", [TargetSettings(p.name, "*")]) for p in providers]
        for model in models:
            for name in (model.name, *model.aliases):
                if name.endswith("*"):
                    self._prefixes.append((name[:-1], model))
                else:
                    self._exact[name] = model
        self._prefixes.sort(key=lambda entry: -len(entry[0]))

    def plan(self, name: str) -> list[Target]:
        """The targets for a call of `name`, in the order of trial. Raises ModelNotFound."""
        targets = self._targets(name)
        if len(targets) > 1 and any(t.weight != 1.0 for t in targets):
            first = self._drawn(targets)
            targets.remove(first)
            targets.insert(0, first)
        return targets

    def entries(self) -> list[Entry]:
        """Every name that can be asked for as it stands, configured ones first; `vendor/*` names nothing by itself."""
        listed = {name: self.entry(name) for name in self._exact}
        for name in self._local_names():
            listed.setdefault(name, Entry(name, LOCAL, name))
        for name in self._stood_in:
            if name not in listed:
                listed[name] = self.entry(name)
        return list(listed.values())

    def entry(self, name: str) -> Entry:
        """One name. Raises ModelNotFound."""
        first, *more = self._targets(name)
        return Entry(name, first.provider, first.model if first.provider == LOCAL and not more else None)

    def _targets(self, name: str) -> list[Target]:
        """The targets of `name` as they are configured. Raises ModelNotFound."""
        model = self._exact.get(name)
        if model is not None:
            return _of(model, name, name)
        if name in self._local_names():
            return [Target(LOCAL, name, name)]
        for prefix, candidate in self._prefixes:
            if name.startswith(prefix) and len(prefix) < len(name) <= _LONGEST_NAME:
                return _of(candidate, name, name[len(prefix) :])
        if name in self._stood_in:
            return [Target(LOCAL, BUNDLED, BUNDLED)]
        raise self._unknown(name)

    def _drawn(self, targets: list[Target]) -> Target:
        at = self._draw() * sum(t.weight for t in targets)
        for target in targets:
            at -= target.weight
            if at < 0:
                return target
        return targets[-1]

    def _unknown(self, name: str) -> ModelNotFound:
        known = [entry.id for entry in self.entries()] + [prefix + "*" for prefix, _ in self._prefixes]
        near = difflib.get_close_matches(name[:_LONGEST_NAME], known, 3, 0.5)
        if near:
            hint = "did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
        else:
            hint = "GET /v1/models lists the names there are"
            vendors = [f"'{prefix}'" for prefix, _ in self._prefixes[:_MOST_HINTS] if prefix]
            if vendors:
                hint += f", and a name after {' or '.join(vendors)} goes to that vendor as it is"
        return ModelNotFound(f"The model '{name[:_LONGEST_NAME]}' does not exist here; {hint}", param="model")


def _of(model: ModelSettings, asked: str, rest: str) -> list[Target]:
    """`rest` is what a target with `model = "*"` asks its vendor for."""
    served_as = model.snapshot or asked
    return [Target(t.provider, rest if t.model == "*" else t.model, served_as, t.weight) for t in model.targets]
