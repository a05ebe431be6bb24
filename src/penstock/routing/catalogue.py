"""The names that clients may ask for, and where each one is served."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable

import msgspec

from penstock.core.errors import ModelNotFound
from penstock.core.exchange import Target
from penstock.settings import ModelSettings, ProviderSettings, TargetSettings

LOCAL = "local"
_LONGEST_NAME = 256


class Entry(msgspec.Struct, frozen=True):
    """One name in the list of models."""

    id: str
    owned_by: str


class Catalogue:
    """Names and targets from the settings, and the local models as `local_names` gives them now.

    A configured name wins over a local one, an exact name over `vendor/*`, a longer prefix over a shorter one. With no
    `[[model]]` at all, every provider passes its own names through as `provider/name`.
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
        models = list(models)
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
        model = self._exact.get(name)
        if model is not None:
            return self._targets(model, name, name)
        if name in self._local_names():
            return [Target(LOCAL, name, name)]
        for prefix, candidate in self._prefixes:
            if name.startswith(prefix) and len(prefix) < len(name) <= _LONGEST_NAME:
                return self._targets(candidate, name, name[len(prefix) :])
        raise self._unknown(name)

    def entries(self) -> list[Entry]:
        """Every name that can be asked for as it stands, configured ones first; `vendor/*` names nothing by itself."""
        listed = {name: Entry(name, model.targets[0].provider) for name, model in self._exact.items()}
        for name in self._local_names():
            listed.setdefault(name, Entry(name, LOCAL))
        return list(listed.values())

    def entry(self, name: str) -> Entry:
        """One name. Raises ModelNotFound."""
        return Entry(name, self.plan(name)[0].provider)

    def _targets(self, model: ModelSettings, asked: str, rest: str) -> list[Target]:
        served_as = model.snapshot or asked
        targets = [Target(t.provider, rest if t.model == "*" else t.model, served_as, t.weight) for t in model.targets]
        if len(targets) > 1 and any(t.weight != 1.0 for t in targets):
            first = self._drawn(targets)
            targets.remove(first)
            targets.insert(0, first)
        return targets

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
        elif known:
            hint = "GET /v1/models lists the names there are"
        else:
            hint = "no model is configured yet: `penstock models --help`, or a [[provider]] in penstock.toml"
        return ModelNotFound(f"The model '{name[:_LONGEST_NAME]}' does not exist here; {hint}", param="model")
