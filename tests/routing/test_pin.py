from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import InvalidRequest
from penstock.core.exchange import Target
from penstock.routing.pin import pinned

TARGETS = [Target("mine", "a", "m"), Target("openai", "b", "m"), Target("other", "c", "m"), Target("local", "d", "m")]
KINDS = {"mine": "openai", "openai": "azure", "other": "groq", "elsewhere": "xai"}


@pytest.mark.parametrize(
    ("provider", "models"),
    [
        ("mine", ["a"]),
        ("MINE", ["a"]),
        ("openai", ["b"]),
        ("Azure", ["b"]),
        ("groq", ["c"]),
        ("local", ["d"]),
        ("auto", ["a", "b", "c", "d"]),
        ("AUTO", ["a", "b", "c", "d"]),
        ({"order": ["x"]}, ["a", "b", "c", "d"]),
    ],
)
def test_a_name_wins_over_a_kind(provider: Any, models: list[str]) -> None:
    assert [target.model for target in pinned(TARGETS, provider, KINDS)] == models


@pytest.mark.parametrize("provider", ["xai", "elsewhere", "", "x" * 1000])
def test_a_provider_that_does_not_serve_the_model(provider: str) -> None:
    with pytest.raises(InvalidRequest, match="'auto', 'mine', 'openai', 'other', 'local'") as caught:
        pinned(TARGETS, provider, KINDS)
    assert caught.value.param == "provider"
    assert len(caught.value.message) < 300
