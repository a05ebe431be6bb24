"""A vendor that the client itself names: `provider` of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.core.errors import InvalidRequest
from penstock.core.exchange import Target

ANY = "auto"


def pinned(targets: list[Target], provider: Any, kinds: Mapping[str, str]) -> list[Target]:
    """Those of `targets` that are at `provider`: by its own name, or else its kind, in any case of letters.

    `kinds` are the kinds of the configured providers. `auto` and anything but a string (OpenRouter has an object of
    this name) leave all of them. Raises InvalidRequest where none is left.
    """
    if not isinstance(provider, str):
        return targets
    wanted = provider.lower()
    if wanted == ANY:
        return targets
    found = [target for target in targets if target.provider.lower() == wanted]
    found = found or [target for target in targets if kinds.get(target.provider) == wanted]
    if not found:
        served = list(dict.fromkeys(target.provider for target in targets))
        listed = ", ".join(f"'{name}'" for name in (ANY, *served))
        raise InvalidRequest(
            f"'provider' is '{provider[:64]}', which does not serve this model here; it can be {listed}.",
            param="provider",
        )
    return found
