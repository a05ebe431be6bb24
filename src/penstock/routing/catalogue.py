"""The names that clients may ask for, and where each one is served."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final

import msgspec

from penstock.core.errors import ModelNotFound
from penstock.core.exchange import Target
from penstock.engine.card import NAME as BUNDLED
from penstock.routing.known import KnownNames
from penstock.settings import ModelSettings, ProviderSettings, TargetSettings

LOCAL = "local"
_LONGEST_NAME = 256
_MOST_HINTS = 3

STOOD_IN: Final = ("gpt-4", "gpt-4-0613", "gpt-4-0125-preview", "gpt-4-1106-preview", "gpt-4o", "openai/gpt-4o")
"""Names that the bundled model answers to as long as no provider is configured, so that a first call gets an answer."""


class Entry(msgspec.Struct, frozen=True):
    """One name in the list of models, and where it is served, in the order of trial."""

    id: str
    targets: tuple[Target, ...]

    @property
    def owned_by(self) -> str:
        """The provider that is asked first."""
        return self.targets[0].provider

    @property
    def local(self) -> str | None:
        """The local model behind it, where that is its only target."""
        first = self.targets[0]
        return first.model if first.provider == LOCAL and len(self.targets) == 1 else None


class Catalogue:
    """Names and targets from the settings, the local models as `local_names` gives them now, and names that vendors
    are known for.

    In this order, each as it is written first and then in any case: a `[[model]]`, a local model, the longest
    `vendor/*` of a `[[model]]`, `provider/name` for a `[[model]]` or local model that this provider serves,
    `vendor/name` with the name or else the kind of a provider, a bare name that the kind of a provider is `known` for.
    Providers that are not `open` have only what a `[[model]]` sends to them. With no provider at all, the bundled model
    answers to the names in STOOD_IN that nothing else takes, and says in the answer that it is itself.

    Looking a name up costs the same however many there are. `local_names` must give the same object as long as it
    holds the same names.
    """

    def __init__(
        self,
        models: Iterable[ModelSettings],
        providers: Iterable[ProviderSettings],
        local_names: Callable[[], Collection[str]],
        draw: Callable[[], float],
        known: Mapping[str, KnownNames],
    ) -> None:
        self._local_names = local_names
        self._draw = draw
        providers = list(providers)
        self._stood_in = {} if providers else {name.lower(): name for name in STOOD_IN}
        self._known = {p.name: known[p.kind].folded() for p in providers if p.kind in known}

        self._exact: dict[str, ModelSettings] = {}
        self._prefixes: dict[str, ModelSettings] = {}
        for model in models:
            for name in (model.name, *model.aliases):
                if name.endswith("*"):
                    self._prefixes[name[:-1]] = model
                else:
                    self._exact[name] = model
        self._folded = _folded(self._exact)
        self._folded_prefixes = {low: self._prefixes[prefix] for low, prefix in _folded(self._prefixes).items()}
        self._lengths = sorted({len(prefix) for prefix in self._prefixes}, reverse=True)

        # Providers by their own name, else by their kind; and by each bare name that their kind is known for.
        reachable = [p for p in providers if p.open]
        self._open = [p.name for p in reachable]
        self._vendors: dict[str, list[str]] = {name: [name] for name in self._open}
        for name in self._open:
            self._vendors.setdefault(name.lower(), [name])
        named = frozenset(self._vendors)
        self._bare: dict[str, list[str]] = {}
        self._well_known: dict[str, str] = {}
        for provider in reachable:
            if provider.kind not in named:
                self._vendors.setdefault(provider.kind, []).append(provider.name)
            if provider.kind in known:
                for name in known[provider.kind].names:
                    self._bare.setdefault(name.lower(), []).append(provider.name)
                    self._well_known.setdefault(name.lower(), name)
        # Of each name that is written out in the settings, made once.
        self._written_out = {name: self._of(model, name, name) for name, model in self._exact.items()}
        self._local: Collection[str] = ()
        self._folded_local: dict[str, str] = {}

    def plan(self, name: str) -> list[Target]:
        """The targets for a call of `name`, in the order of trial. Raises ModelNotFound."""
        targets = self._targets(name)
        if len(targets) > 1 and any(t.weight != 1.0 for t in targets):
            first = self._drawn(targets)
            targets.remove(first)
            targets.insert(0, first)
        return targets

    def offered(self) -> list[Entry]:
        """The names that somebody set up here: configured ones, then local ones."""
        return [self.entry(name) for name in dict.fromkeys((*self._exact, *self._local_names()))]

    def entries(self) -> list[Entry]:
        """Every name that can be asked for as it stands; `vendor/*` names nothing by itself."""
        listed = {entry.id: entry for entry in self.offered()}
        for name in (*self._well_known.values(), *self._stood_in.values()):
            if name not in listed:
                listed[name] = self.entry(name)
        return list(listed.values())

    def entry(self, name: str) -> Entry:
        """One name, as it is written in the list whatever case it is asked in. Raises ModelNotFound."""
        return Entry(self._own_writing(name), tuple(self._targets(name)))

    def _own_writing(self, name: str) -> str:
        if name in self._exact or name in self._local_names():
            return name
        folded = name.lower()
        for names in (self._folded, self._locals_folded(), self._well_known, self._stood_in):
            if folded in names:
                return names[folded]
        return name

    def _targets(self, name: str) -> list[Target]:
        """The targets of `name` as they are configured. Raises ModelNotFound."""
        targets = self._written_out.get(name)
        if targets is not None:
            return targets.copy()
        folded = name.lower()
        local = self._locals_folded().get(folded)
        written = None if local == name else self._folded.get(folded)
        if written is not None:
            return self._written_out[written].copy()
        if local is not None:
            return [Target(LOCAL, local, local)]
        if len(name) > _LONGEST_NAME:
            raise self._unknown(name)
        return self._beyond(name, folded)

    def _beyond(self, name: str, folded: str) -> list[Target]:
        """The targets of a name that is nowhere written out."""
        for length in self._lengths:
            prefix = name[:length]
            model = self._prefixes.get(prefix) or self._folded_prefixes.get(prefix.lower())
            if model is not None and length < len(name):
                return self._of(model, name, name[length:])
        vendor, _, rest = name.partition("/")
        if rest and (there := self._there(vendor.lower(), rest, name)):
            return there
        providers = self._vendors.get(vendor) or self._vendors.get(vendor.lower())
        if rest and providers:
            return [self._at(provider, rest, name) for provider in providers]
        if providers := self._bare.get(folded):
            return [self._at(provider, name, name) for provider in providers]
        if folded in self._stood_in:
            return [Target(LOCAL, BUNDLED, BUNDLED)]
        raise self._unknown(name)

    def _there(self, vendor: str, rest: str, asked: str) -> list[Target]:
        """Of the targets of `rest`, where that is a name of its own, those at `vendor`: `local/name` for one."""
        written = rest if rest in self._exact else self._folded.get(rest.lower())
        if written is not None:
            targets = self._of(self._exact[written], asked, rest)
            return [target for target in targets if target.provider.lower() == vendor]
        if vendor != LOCAL:
            return []
        local = self._locals_folded().get(rest.lower())
        if local is not None:
            return [Target(LOCAL, local, local)]
        return [Target(LOCAL, BUNDLED, BUNDLED)] if rest.lower() in self._stood_in else []

    def _of(self, model: ModelSettings, asked: str, rest: str) -> list[Target]:
        """`rest` is what a target with `model = "*"` asks its vendor for."""
        return [self._configured(target, model.snapshot, asked, rest) for target in model.targets]

    def _configured(self, target: TargetSettings, snapshot: str | None, asked: str, rest: str) -> Target:
        if target.model != "*":
            return Target(target.provider, target.model, snapshot or asked, target.weight)
        found = self._at(target.provider, rest, asked)
        return Target(target.provider, found.model, snapshot or found.served_as, target.weight)

    def _at(self, provider: str, model: str, asked: str) -> Target:
        """`model` at a provider: under its dated name where the vendor is known for it, else as it was asked for."""
        dated = self._known[provider].get(model.lower()) if provider in self._known else None
        return Target(provider, dated or model, dated or asked)

    def _locals_folded(self) -> dict[str, str]:
        names = self._local_names()
        if names is not self._local:
            self._local, self._folded_local = names, _folded(names)
        return self._folded_local

    def _drawn(self, targets: list[Target]) -> Target:
        at = self._draw() * sum(t.weight for t in targets)
        for target in targets:
            at -= target.weight
            if at < 0:
                return target
        return targets[-1]

    def _unknown(self, name: str) -> ModelNotFound:
        prefixes = list(dict.fromkeys((*self._prefixes, *(f"{provider}/" for provider in self._open))))
        known = [*self._exact, *self._local_names(), *self._well_known.values(), *self._stood_in.values()]
        known += [prefix + "*" for prefix in prefixes]
        near = difflib.get_close_matches(name[:_LONGEST_NAME], known, 3, 0.5)
        if near:
            hint = "did you mean " + " or ".join(f"'{n}'" for n in near) + "?"
        else:
            hint = "GET /v1/models lists the names there are"
            vendors = [f"'{prefix}'" for prefix in prefixes if prefix][:_MOST_HINTS]
            if vendors:
                hint += f", and a name after {' or '.join(vendors)} goes to that vendor as it is"
        return ModelNotFound(f"The model '{name[:_LONGEST_NAME]}' does not exist here; {hint}", param="model")


def _folded(names: Iterable[str]) -> dict[str, str]:
    """From each name in lower case to the name as it is written; of two that differ in case alone, the first."""
    folded: dict[str, str] = {}
    for name in names:
        folded.setdefault(name.lower(), name)
    return folded
