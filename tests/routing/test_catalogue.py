from __future__ import annotations

import pytest

from penstock.core.errors import ModelNotFound
from penstock.core.exchange import Target
from penstock.routing import Catalogue, Entry, KnownNames
from penstock.settings import ModelSettings, ProviderSettings, TargetSettings

PROVIDERS = [ProviderSettings("openai", "openai"), ProviderSettings("groq", "groq")]
KNOWN = {
    "openai": KnownNames(
        "https://vendor.example/models", ("gpt-4", "gpt-4-0613", "gpt-4o", "O-x"), {"gpt-4": "gpt-4-0613"}
    )
}


def catalogue(
    *models: ModelSettings,
    local: tuple[str, ...] = (),
    draw: float = 0.0,
    providers: list[ProviderSettings] = PROVIDERS,
) -> Catalogue:
    return Catalogue(models, providers, lambda: local, lambda: draw, KNOWN)


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


def test_a_provider_that_is_not_open_has_only_what_a_model_sends_to_it() -> None:
    closed = catalogue(GPT4, providers=[ProviderSettings("openai", "openai", open=False), PROVIDERS[1]])
    assert closed.plan("gpt-4")[0] == Target("openai", "gpt-4-0613", "gpt-4-0613")
    for name in ("openai/o3", "gpt-4o"):
        with pytest.raises(ModelNotFound):
            closed.plan(name)
    assert [entry.id for entry in closed.entries()] == ["gpt-4", "openai/gpt-4"]


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
    names = catalogue(GPT4, ANY, local=("tiny", "gpt-4"))
    offered = [("gpt-4", "openai"), ("openai/gpt-4", "openai"), ("tiny", "local")]
    known = [("gpt-4-0613", "openai"), ("gpt-4o", "openai"), ("O-x", "openai")]
    assert [(e.id, e.owned_by) for e in names.offered()] == offered
    assert [(e.id, e.owned_by) for e in names.entries()] == offered + known


def test_a_weighted_model_is_listed_under_its_first_target_whatever_is_drawn() -> None:
    split = ModelSettings("m", [TargetSettings("openai", "a", 3.0), TargetSettings("groq", "b", 1.0)])
    (entry,) = catalogue(split, draw=0.9).offered()
    assert (entry.owned_by, [t.model for t in entry.targets], entry.local) == ("openai", ["a", "b"], None)


@pytest.mark.parametrize(
    ("asked", "sent", "served_as"),
    [
        ("gpt-4", "gpt-4-0613", "gpt-4-0613"),
        ("gpt-4-0613", "gpt-4-0613", "gpt-4-0613"),
        ("openai/gpt-4", "gpt-4-0613", "gpt-4-0613"),
        ("openai/gpt-4o", "gpt-4o", "gpt-4o"),
        ("openai/o3", "o3", "openai/o3"),
        ("GPT-4", "gpt-4-0613", "gpt-4-0613"),
        ("o-X", "O-x", "O-x"),
        ("OpenAI/GPT-4o", "gpt-4o", "gpt-4o"),
        ("OPENAI/My-Tune", "My-Tune", "OPENAI/My-Tune"),  # a vendor's names may tell their cases apart
    ],
)
@pytest.mark.parametrize("models", [(), (ANY,), (ModelSettings("other", [TargetSettings("groq", "x")]),)])
def test_a_name_that_the_vendor_is_known_for_goes_there_under_its_dated_name(
    models: tuple[ModelSettings, ...], asked: str, sent: str, served_as: str
) -> None:
    assert catalogue(*models).plan(asked) == [Target("openai", sent, served_as)]


def test_a_vendor_is_found_by_the_kind_of_its_providers_unless_one_has_that_name() -> None:
    two = [ProviderSettings("first", "openai"), ProviderSettings("second", "openai")]
    both = [Target("first", "gpt-4-0613", "gpt-4-0613"), Target("second", "gpt-4-0613", "gpt-4-0613")]
    assert catalogue(providers=two).plan("openai/gpt-4") == both
    assert catalogue(providers=two).plan("gpt-4") == both
    assert catalogue(providers=two).plan("SECOND/gpt-4") == both[1:]
    named = [*two, ProviderSettings("OpenAI", "groq")]
    assert catalogue(providers=named).plan("openai/gpt-4") == [Target("OpenAI", "gpt-4", "openai/gpt-4")]


def test_a_bare_name_of_no_configured_vendor_is_unknown() -> None:
    with pytest.raises(ModelNotFound):
        catalogue(providers=PROVIDERS[1:]).plan("gpt-4")


def test_the_exact_case_wins_over_any_other() -> None:
    names = catalogue(
        ModelSettings("Mine", [TargetSettings("openai", "a")]),
        ModelSettings("mine", [TargetSettings("openai", "b")], aliases=["Other"]),
        ModelSettings("Team/*", [TargetSettings("openai", "*")]),
        ModelSettings("team/*", [TargetSettings("groq", "*")]),
        local=("MINE", "Tiny"),
    )
    assert names.plan("Mine") == [Target("openai", "a", "Mine")]
    assert names.plan("mine") == [Target("openai", "b", "mine")]
    assert names.plan("MINE") == [Target("local", "MINE", "MINE")]
    assert names.plan("mINE") == [Target("openai", "a", "Mine")]
    assert names.plan("OTHER") == [Target("openai", "b", "Other")]
    assert names.plan("TINY") == [Target("local", "Tiny", "Tiny")]
    assert names.plan("Team/X")[0].provider == "openai"
    assert names.plan("team/X")[0].provider == "groq"
    assert names.plan("TEAM/X") == [Target("openai", "X", "TEAM/X")]
    assert names.entry("OTHER").id == "Other"


def test_a_written_name_in_any_case_wins_over_a_wildcard() -> None:
    assert catalogue(GPT4, ANY).plan("OpenAI/gpt-4") == catalogue(GPT4, ANY).plan("gpt-4")


def test_local_names_are_found_in_any_case_as_they_change() -> None:
    local = ["First"]
    now = [tuple(local)]
    names = Catalogue([], [], lambda: now[0], lambda: 0.0, {})
    assert names.plan("first") == [Target("local", "First", "First")]
    now[0] = ("Second",)
    assert names.plan("SECOND") == [Target("local", "Second", "Second")]
    with pytest.raises(ModelNotFound):
        names.plan("first")


BUNDLED = Target("local", "penstock-tiny", "penstock-tiny")


@pytest.mark.parametrize(
    "name", ["gpt-4", "gpt-4-0613", "gpt-4-0125-preview", "gpt-4-1106-preview", "gpt-4o", "openai/gpt-4o"]
)
def test_without_a_provider_well_known_names_go_to_the_bundled_model(name: str) -> None:
    names = catalogue(local=("penstock-tiny",), providers=[])
    assert names.plan(name) == [BUNDLED]
    assert names.plan(name.upper()) == [BUNDLED]
    assert names.entry(name.upper()) == Entry(name, (BUNDLED,))
    assert names.entry(name) in names.entries()
    assert names.entry(name) not in names.offered()


@pytest.mark.parametrize("name", ["gpt-4", "gpt-4o"])
def test_with_a_provider_they_do_not(name: str) -> None:
    names = catalogue(local=("penstock-tiny",), providers=PROVIDERS[1:])
    with pytest.raises(ModelNotFound, match="a name after 'groq/' goes to that vendor"):
        names.plan(name)
    assert [entry.id for entry in names.entries()] == ["penstock-tiny"]


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
    assert Entry("gpt-4", (Target("local", "mine", "gpt-4"),)) in listed
    assert len({entry.id for entry in listed}) == len(listed)


def test_a_configured_name_may_send_to_the_bundled_model() -> None:
    demo = ModelSettings("demo", [TargetSettings("local", "penstock-tiny")])
    assert catalogue(demo).plan("demo") == [Target("local", "penstock-tiny", "demo")]
    assert catalogue(demo).entry("demo").local == "penstock-tiny"


def test_a_model_with_more_than_one_target_is_not_listed_as_a_local_one() -> None:
    both = ModelSettings("both", [TargetSettings("local", "penstock-tiny"), TargetSettings("openai", "x")])
    assert (catalogue(both).entry("both").owned_by, catalogue(both).entry("both").local) == ("local", None)


def test_a_name_of_its_own_is_reached_through_each_provider_that_serves_it() -> None:
    team = ModelSettings("team", [TargetSettings("openai", "gpt-4-0613"), TargetSettings("groq", "llama")])
    made = catalogue(team, local=("tiny",))
    assert made.plan("groq/team") == [Target("groq", "llama", "groq/team")]
    assert made.plan("openai/Team") == [Target("openai", "gpt-4-0613", "openai/Team")]
    assert made.plan("local/tiny") == made.plan("LOCAL/Tiny") == [Target("local", "tiny", "tiny")]
    with pytest.raises(ModelNotFound):
        made.plan("local/team")


def test_with_a_snapshot_it_is_told_through_a_provider_too() -> None:
    assert catalogue(GPT4).plan("groq/gpt-4") == [Target("groq", "llama", "gpt-4-0613")]


def test_every_name_in_the_list_is_reached_with_its_owner_before_it() -> None:
    team = ModelSettings("team", [TargetSettings("groq", "llama")])
    for made in (catalogue(team, GPT4, local=("tiny",)), catalogue(local=("tiny",), providers=[])):
        for entry in made.entries():
            if "/" not in entry.id:
                assert made.plan(f"{entry.owned_by}/{entry.id}")[0].provider == entry.owned_by
