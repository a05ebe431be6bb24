"""The models as they are shown: what is known of each name, put together from the rooms that know it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import msgspec
from msgspec import UNSET, UnsetType

from penstock.core.exchange import Target
from penstock.dialects import models as wire
from penstock.engine import Engine, LocalModel
from penstock.params.capabilities import Capabilities, Support
from penstock.pricing import Price, Rates
from penstock.routing import Catalogue, Entry

_PER: Final = 1_000_000
_NANO: Final = 1_000_000_000

CapabilitiesOf = Callable[[Target], Capabilities]
PriceOf = Callable[[Target], Price | None]


class Shown(msgspec.Struct, frozen=True):
    """A model, and what filters ask of it."""

    model: wire.Model
    capabilities: Capabilities

    @property
    def can(self) -> set[str]:
        """The parameters that have an effect."""
        lost = (Support.IGNORED, Support.REFUSED)
        return {name for name, parameter in self.capabilities.parameters.items() if parameter.support not in lost}

    def modalities(self) -> wire.Modalities:
        """What goes in and comes out; text where nobody says more."""
        known = self.capabilities
        return wire.Modalities(list(known.input_modalities or ("text",)), list(known.output_modalities or ("text",)))


class Shelf:
    """Shows the models of the catalogue. `created` is a Unix time in seconds: nothing here knows when a vendor made its
    model, and the field must be there, so it says since when this server offers it."""

    def __init__(
        self, catalogue: Catalogue, engine: Engine, capabilities: CapabilitiesOf, price: PriceOf, created: int
    ) -> None:
        self._catalogue = catalogue
        self._engine = engine
        self._capabilities = capabilities
        self._price = price
        self._created = created

    async def all(self, sections: Collection[str] = ()) -> list[Shown]:
        """Every name that can be asked for, with these `sections`: capabilities, modalities, pricing."""
        entries = self._catalogue.entries()
        local, names = await self._local(), _by_place(entries)
        return [self._shown(entry, names, local, sections) for entry in entries]

    async def one(self, name: str, sections: Collection[str] = ()) -> Shown:
        """The model of that name, with its card where it has one. Raises ModelNotFound."""
        entry = self._catalogue.entry(name)
        local = await self._local()
        shown = self._shown(entry, _by_place(self._catalogue.entries()), local, sections)
        behind = local.get(entry.local) if entry.local is not None else None
        if behind is not None and behind.card is not None:
            shown.model.card = msgspec.to_builtins(behind.card)
        return shown

    async def _local(self) -> dict[str, LocalModel]:
        return {model.name: model for model in await self._engine.models()}

    def _shown(
        self,
        entry: Entry,
        names: Mapping[Any, list[str]],
        local: Mapping[str, LocalModel],
        sections: Collection[str],
    ) -> Shown:
        first = entry.targets[0]
        known = self._capabilities(first)
        behind = local.get(entry.local) if entry.local is not None else None
        if behind is not None and behind.context:  # 0 where even the model card cannot be read
            known = msgspec.structs.replace(known, context_length=behind.context)
        model = wire.Model(
            id=entry.id,
            object="model",
            created=self._created,
            owned_by=entry.owned_by,
            aliases=[name for name in names.get(_place(entry), ()) if name != entry.id],
            snapshot=first.served_as,
            type=wire.CHAT_TYPE,
            info=wire.ModelInfo(
                name=entry.id,
                developer=entry.owned_by,
                docs_json=f"/docs/openapi/{quote(entry.id)}.json",
                context_length=_known(known.context_length),
                output_max=_known(known.max_output_tokens),
            ),
            tags=["local" if entry.local is not None else "hosted"],
            endpoints=list(known.endpoints),
        )
        if entry.local is not None:
            model.served_by = f"local/{entry.local}"
            model.context_length = model.info.context_length
            gone = f"there is no local model '{entry.local}'"
            model.unavailable = _known(gone if behind is None else behind.unavailable)
        shown = Shown(model, known)
        if "capabilities" in sections:
            model.capabilities = capabilities_object(known)
        if "modalities" in sections:
            model.modalities = shown.modalities()
        if "pricing" in sections and (price := self._price(first)) is not None:
            model.pricing = pricing_object(price)
        return shown


def capabilities_object(known: Capabilities) -> wire.ModelCapabilities:
    """The section `capabilities`."""
    parameters = {
        name: wire.ParameterSupport(
            support=parameter.support.value,
            minimum=_known(parameter.minimum),
            maximum=_known(parameter.maximum),
            values=UNSET if parameter.values is None else list(parameter.values),
            sent_as=_known(parameter.sent_as),
        )
        for name, parameter in known.parameters.items()
    }
    shown = wire.ModelCapabilities(parameters, known.passes_unknown, known.context_length, known.max_output_tokens)
    if (rules := known.by_effort) is not None:
        shown.by_effort = wire.EffortRules(rules.default, _known(rules.sampling), _known(rules.beside_tools))
    return shown


def pricing_object(price: Price) -> wire.Pricing:
    """The section `pricing`, in dollars for a million tokens."""
    units = list(_units(price.rates, UNSET))
    for tier in price.tiers:
        units += _units(tier, tier.above)
    return wire.Pricing("variable" if price.tiers else "fixed", "USD", price.version, units)


def anthropic(model: wire.Model) -> wire.AnthropicModel:
    """The model in Anthropic's form."""
    created = datetime.fromtimestamp(model.created, UTC).isoformat().replace("+00:00", "Z")
    return wire.AnthropicModel("model", model.id, model.info.name, created)


def gemini(model: wire.Model) -> wire.GeminiModel:
    """The model in Gemini's form. No method of Gemini's is served, and it says so."""
    return wire.GeminiModel(
        name=f"models/{model.id}",
        base_model_id=model.id,
        version=model.snapshot,
        display_name=model.info.name,
        supported_generation_methods=[],
        input_token_limit=model.info.context_length,
        output_token_limit=model.info.output_max,
    )


def _units(rates: Rates, above: int | UnsetType) -> Iterable[wire.PriceUnit]:
    for name in Rates.__struct_fields__:
        nano = getattr(rates, name)
        if nano is not None:
            yield wire.PriceUnit(name, "tokens", nano / _NANO, _PER, above)


def _place(entry: Entry) -> Any:
    return tuple((target.provider, target.model) for target in entry.targets)


def _by_place(entries: Iterable[Entry]) -> dict[Any, list[str]]:
    names: dict[Any, list[str]] = {}
    for entry in entries:
        names.setdefault(_place(entry), []).append(entry.id)
    return names


def _known(value: Any) -> Any:
    return UNSET if value is None else value
