from __future__ import annotations

import pytest

from penstock.core.errors import ModelNotFound
from penstock.core.exchange import Target
from penstock.routing import Catalogue
from penstock.settings import ModelSettings, ProviderSettings, TargetSettings

PROVIDERS = [ProviderSettings("openai", "openai"), ProviderSettings("groq", "groq")]


def catalogue(*models: ModelSettings, local: tuple[str, ...] = (), draw: float = 0.0) -> Catalogue:
    return Catalogue(models, PROVIDERS, lambda: local, lambda: draw)


GPT4 = ModelSettings(
    "gpt-4",
    [TargetSettings("openai", "gpt-4-0613"), TargetSettings("groq", "llama")],
    aliases=["openai/gpt-4"],
    snapshot="gpt-4-0613",
)
ANY = ModelSettings("openai/*", [TargetSettings("openai", "*")])


@pytest.mark.parametrize("name", ["gpt-4", "openai/gpt-4"])
def test_a_name_and_its_alias_give_the_targets_in_order_and_the_snapshot(name: str) -> None:
    assert catalogue(GPT4, ANY).plan(name) == [
        Target("openai", "gpt-4-0613", "gpt-4-0613"),
        Target("groq", "llama", "gpt-4-0613"),
    ]


def test_a_wildcard_passes_the_rest_of_the_name_through_slashes_and_all() -> None:
    assert catalogue(GPT4, ANY).plan("openai/o3/x@@1") == [Target("openai", "o3/x@@1", "openai/o3/x@@1")]


def test_the_longer_prefix_wins() -> None:
    longer = ModelSettings("openai/ft:*", [TargetSettings("groq", "*")])
    assert catalogue(ANY, longer).plan("openai/ft:a")[0].provider == "groq"


def test_without_any_model_every_provider_passes_its_own_names_through() -> None:
    assert catalogue().plan("groq/llama-3") == [Target("groq", "llama-3", "groq/llama-3")]


def test_with_a_model_configured_other_names_are_closed() -> None:
    with pytest.raises(ModelNotFound):
        catalogue(GPT4).plan("groq/llama-3")


def test_a_configured_name_wins_over_a_local_one_and_a_local_one_over_a_wildcard() -> None:
    names = catalogue(GPT4, ANY, local=("gpt-4", "openai/mine"))
    assert names.plan("gpt-4")[0].provider == "openai"
    assert names.plan("openai/mine") == [Target("local", "openai/mine", "openai/mine")]


def test_weights_draw_the_first_target_and_keep_the_others_behind_it() -> None:
    split = ModelSettings("m", [TargetSettings("openai", "a", 3.0), TargetSettings("groq", "b", 1.0)])
    assert [t.model for t in catalogue(split, draw=0.74).plan("m")] == ["a", "b"]
    assert [t.model for t in catalogue(split, draw=0.76).plan("m")] == ["b", "a"]


@pytest.mark.parametrize("name", ["gpt4", "", "openai/", "x" * 10_000])
def test_an_unknown_name_is_told_plainly_and_briefly(name: str) -> None:
    with pytest.raises(ModelNotFound) as error:
        catalogue(GPT4, ANY).plan(name)
    assert error.value.param == "model"
    assert len(error.value.message) < 500


def test_a_near_name_is_suggested() -> None:
    with pytest.raises(ModelNotFound, match="did you mean 'gpt-4'"):
        catalogue(GPT4).plan("gpt-5")


def test_entries_are_every_name_that_can_be_asked_for_once() -> None:
    listed = catalogue(GPT4, ANY, local=("tiny", "gpt-4")).entries()
    assert [(e.id, e.owned_by) for e in listed] == [("gpt-4", "openai"), ("openai/gpt-4", "openai"), ("tiny", "local")]
