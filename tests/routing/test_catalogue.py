from __future__ import annotations

import pytest

from penstock.core.errors import ModelNotFound
from penstock.core.exchange import Target
from penstock.routing import Catalogue, Entry
from penstock.settings import ModelSettings, ProviderSettings, TargetSettings

PROVIDERS = [ProviderSettings("openai", "openai"), ProviderSettings("groq", "groq")]


def catalogue(
    *models: ModelSettings,
    local: tuple[str, ...] = (),
    draw: float = 0.0,
    providers: list[ProviderSettings] = PROVIDERS,
) -> Catalogue:
    return Catalogue(models, providers, lambda: local, lambda: draw)


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


def test_a_weighted_model_is_listed_under_its_first_target_whatever_is_drawn() -> None:
    split = ModelSettings("m", [TargetSettings("openai", "a", 3.0), TargetSettings("groq", "b", 1.0)])
    assert catalogue(split, draw=0.9).entries() == [Entry("m", "openai")]


BUNDLED = Target("local", "penstock-tiny", "penstock-tiny")


@pytest.mark.parametrize(
    "name", ["gpt-4", "gpt-4-0613", "gpt-4-0125-preview", "gpt-4-1106-preview", "gpt-4o", "openai/gpt-4o"]
)
def test_without_a_provider_well_known_names_go_to_the_bundled_model(name: str) -> None:
    names = catalogue(local=("penstock-tiny",), providers=[])
    assert names.plan(name) == [BUNDLED]
    assert names.entry(name) == Entry(name, "local", "penstock-tiny")
    assert names.entry(name) in names.entries()


@pytest.mark.parametrize("name", ["gpt-4", "gpt-4o"])
def test_with_a_provider_they_do_not(name: str) -> None:
    names = catalogue(local=("penstock-tiny",))
    with pytest.raises(ModelNotFound, match="a name after 'openai/' or 'groq/' goes to that vendor"):
        names.plan(name)
    assert [entry.id for entry in names.entries()] == ["penstock-tiny"]
    assert names.plan("openai/gpt-4o") == [Target("openai", "gpt-4o", "openai/gpt-4o")]


def test_with_a_provider_the_bundled_model_has_its_own_name_still() -> None:
    assert catalogue(ANY, local=("penstock-tiny",)).plan("penstock-tiny") == [BUNDLED]


def test_a_configured_or_local_name_wins_over_the_bundled_model() -> None:
    mine = ModelSettings("gpt-4", [TargetSettings("local", "mine")])
    rest = ModelSettings("openai/*", [TargetSettings("local", "*")])
    names = catalogue(mine, rest, local=("mine", "gpt-4o", "penstock-tiny"), providers=[])
    assert names.plan("gpt-4") == [Target("local", "mine", "gpt-4")]
    assert names.plan("gpt-4o") == [Target("local", "gpt-4o", "gpt-4o")]
    assert names.plan("openai/gpt-4o") == [Target("local", "gpt-4o", "openai/gpt-4o")]
    assert names.plan("gpt-4-0613") == [BUNDLED]
    listed = names.entries()
    assert Entry("gpt-4", "local", "mine") in listed
    assert len({entry.id for entry in listed}) == len(listed)


def test_a_configured_name_may_send_to_the_bundled_model() -> None:
    demo = ModelSettings("demo", [TargetSettings("local", "penstock-tiny")])
    assert catalogue(demo).plan("demo") == [Target("local", "penstock-tiny", "demo")]
    assert catalogue(demo).entry("demo") == Entry("demo", "local", "penstock-tiny")


def test_a_model_with_more_than_one_target_is_not_listed_as_a_local_one() -> None:
    both = ModelSettings("both", [TargetSettings("local", "penstock-tiny"), TargetSettings("openai", "x")])
    assert catalogue(both).entry("both") == Entry("both", "local")
