from __future__ import annotations

from typing import Any

import pytest

from penstock.params.models import Override
from penstock.params.overrides import overrides
from penstock.settings import ModelSettings, SettingsError, TargetSettings


def model(name: str, *targets: tuple[str, str], **more: Any) -> ModelSettings:
    return ModelSettings(name, [TargetSettings(*target) for target in targets], **more)


def test_a_word_is_found_by_provider_and_the_vendors_name() -> None:
    models = [model("a", ("p", "x"), ("q", "*"), ("local", "y"), context=10), model("b", ("p", "z"))]
    said = Override(context=10)
    assert overrides(models, ["p", "q", "r"]) == {"p": {"x": said}, "q": {"*": said}, "r": {}}


def test_two_names_may_say_the_same() -> None:
    same = [model(name, ("p", "x"), parameters={"seed": "ignored"}) for name in ("a", "b")]
    assert list(overrides([*same, model("c", ("p", "x"))], ["p"])["p"]) == ["x"]


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ([model("a", ("p", "x"), context=1), model("b", ("p", "x"), context=2)], "models 'a' and 'b' say different"),
        ([model("a", ("p", "x"), parameters={"speed": "ignored"})], "no parameter 'speed'"),
        ([model("a", ("p", "x"), parameters={"messages": "ignored"})], "no parameter 'messages'"),
        ([model("a", ("p", "x"), parameters={"seed": "emulated"})], "'seed' cannot be emulated"),
    ],
)
def test_what_cannot_be_so_is_refused_at_the_start(models: list[ModelSettings], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        overrides(models, ["p"])
