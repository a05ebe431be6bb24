"""Writes src/penstock/pricing/prices.json from the package genai-prices: `pip install genai-prices`, then run this.

Kept are the vendors of VENDORS, of them the models that answer chat completions, and of these only what every call can
be priced by: tokens. A model that also bills what no usage tells (images, pages, hours, searches) is left out, since an
unknown price is better than a wrong one. genai-prices is MIT-licensed; nothing of it but its figures is taken.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from importlib import metadata
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parent.parent / "src" / "penstock" / "pricing" / "prices.json"

# kind in compatible.toml -> provider in genai-prices. Left out: routers (OpenRouter, Hugging Face), whose price depends
# on who answers; Azure, whose models have the operator's own names; Perplexity, which bills searches beside tokens.
VENDORS = {
    "cerebras": "cerebras",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "groq": "groq",
    "mistral": "mistral",
    "moonshotai": "moonshotai",
    "openai": "openai",
    "together": "together",
    "xai": "x-ai",
    "zai": "zai",
}
RATES = {
    "input_mtok": "input",
    "output_mtok": "output",
    "cache_read_mtok": "cached_input",
    "cache_write_mtok": "cache_write",
    "input_audio_mtok": "audio_input",
    "output_audio_mtok": "audio_output",
}
# Billed beside tokens, but not for anything that a chat completion does of itself.
ASIDE = {"web_searches_kcount", "storage_searches_kcount", "cache_write_1h_mtok", "cache_write_5m_mtok"}
# Not for chat completions, or with a fee for each search beside the tokens.
OTHER = re.compile(r"realtime|transcribe|tts|whisper|image|embed|moderation|rerank|search|deep-research|compound|ocr")
_DATED = re.compile(r"^\^(.+)-(?:\\d\{8\}|\\d\{4\}-\\d\{2\}-\\d\{2\})\$$")


def snapshot(providers: list[Any], version: str, made: str) -> dict[str, Any]:
    """The content of prices.json; `providers` are those of genai-prices."""
    known = {provider.id: provider for provider in providers}
    vendors = {kind: [row for m in known[id].models if (row := _model(m))] for kind, id in sorted(VENDORS.items())}
    return {"source": f"genai-prices {version}", "made": made, "vendors": vendors}


def _model(model: Any) -> dict[str, Any] | None:
    if OTHER.search(model.id):
        return None
    names, prefixes, dated = _names(model)
    prices = list(_prices(model))
    if not prices or not (names or prefixes or dated):
        return None
    row: dict[str, Any] = {"id": model.id, "names": names, "prefixes": prefixes, "dated": dated, "prices": prices}
    return {name: value for name, value in row.items() if value or name == "names"}


def _names(model: Any) -> tuple[list[str], list[str], list[str]]:
    """Names, beginnings of names, and names that a date may follow."""
    found: dict[str, list[str]] = {"equals": [], "starts_with": [], "dated": []}

    def walk(clause: Any) -> None:
        for inner in getattr(clause, "or_", ()):
            walk(inner)
        for kind in ("equals", "starts_with"):
            if name := getattr(clause, kind, None):
                found[kind].append(name.lower())
        if regex := getattr(clause, "regex", None):
            match = _DATED.match(regex)
            if match is None:
                raise ValueError(f"{model.id}: the pattern {regex!r} is of a new kind")
            found["dated"].append(match[1].replace("\\.", ".").lower())

    walk(model.match)
    return found["equals"], found["starts_with"], found["dated"]


def _prices(model: Any) -> Iterator[dict[str, Any]]:
    """The rows of one model, a later one that holds at a moment before those above it; none where one has no price."""
    listed = model.prices if isinstance(model.prices, list) else [_Always(model.prices)]
    if not all(_rates(conditional.prices.__dict__) for conditional in listed):
        return
    since, standard = None, listed[0].prices.__dict__
    for conditional in listed:
        when, since = _when(conditional.constraint, since)
        if "hours" not in when:
            standard = conditional.prices.__dict__
        yield when | _rates(conditional.prices.__dict__)
    for variant in model.price_variants or ():
        (key, value), *more = variant.when.items()
        own = {name: price for name, price in variant.prices.__dict__.items() if price is not None}
        if key == "service_tier" and own and not more and (rates := _rates(standard | own)):
            when, _ = _when(variant.constraint, None)
            yield when | {"service_tier": value} | rates


class _Always:
    constraint = None

    def __init__(self, prices: Any) -> None:
        self.prices = prices


def _when(constraint: Any, since: str | None) -> tuple[dict[str, Any], str | None]:
    """When a row holds. Hours of a day are listed after the dated rows that they refine, and begin with the last."""
    if constraint is None:
        return {}, since
    if hasattr(constraint, "start_date"):
        since = constraint.start_date.isoformat()
        return {"since": since}, since
    start, end = constraint.start_time, constraint.end_time
    if start.tzinfo is not UTC or end.tzinfo is not UTC:
        raise ValueError("hours of a day that are not in UTC")
    hours = {"hours": [start.hour * 60 + start.minute, end.hour * 60 + end.minute]}
    return ({"since": since} if since else {}) | hours, since


def _rates(prices: dict[str, Any]) -> dict[str, Any]:
    """Nano-dollars per million tokens; {} where there is a price for what no usage tells, or none for tokens."""
    known = {key: value for key, value in prices.items() if value is not None and key not in ASIDE}
    if set(known) - set(RATES) or not {"input_mtok", "output_mtok"} <= set(known):
        return {}
    named = {RATES[key]: value for key, value in known.items()}
    rates: dict[str, Any] = {name: _nano(getattr(value, "base", value)) for name, value in named.items()}
    starts = sorted({tier.start for value in named.values() for tier in getattr(value, "tiers", ())})
    if starts:
        rates["tiers"] = [{"above": start} | {n: _nano(_at(v, start)) for n, v in named.items()} for start in starts]
    return rates


def _at(value: Any, start: int) -> Decimal:
    """What `value` is for prompts of more than `start` tokens."""
    price: Decimal = getattr(value, "base", value)
    for tier in getattr(value, "tiers", ()):
        if tier.start <= start:
            price = tier.price
    return price


def _nano(dollars: Decimal) -> int:
    nano = dollars * 1_000_000_000
    if nano != int(nano):
        raise ValueError(f"{dollars} dollars per million tokens is no whole number of nano-dollars")
    return int(nano)


def text(data: dict[str, Any]) -> str:
    """`data` as JSON, a model on each line, so that two snapshots can be compared."""
    vendors = [
        f"{json.dumps(vendor)}: [\n" + ",\n".join(json.dumps(m, separators=(",", ":")) for m in models) + "\n]"
        for vendor, models in data["vendors"].items()
    ]
    head = f'"source": {json.dumps(data["source"])},\n"made": {json.dumps(data["made"])},\n'
    return "{\n" + head + '"vendors": {\n' + ",\n".join(vendors) + "\n}\n}\n"


def main() -> None:
    """Writes the file, and says what is in it."""
    from genai_prices.data import providers  # a tool of this script alone

    data = snapshot(providers, metadata.version("genai-prices"), datetime.now(UTC).date().isoformat())
    PAGE.write_text(text(data), "utf-8")
    counts = ", ".join(f"{vendor} {len(models)}" for vendor, models in data["vendors"].items())
    sys.stdout.write(f"{data['source']}: {counts}\n")


if __name__ == "__main__":
    main()
