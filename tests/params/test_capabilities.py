from __future__ import annotations

from typing import Any

import pytest

from penstock.core.errors import UnsupportedParameter
from penstock.dialects.chat.request import KNOWN
from penstock.params import Capabilities, Parameter, Support, parameters
from penstock.params.capabilities import lacking
from penstock.params.effort import ByEffort
from penstock.params.models import Models, Override, load_models
from penstock.providers.compatible import Compatible
from penstock.providers.local.capabilities import local_capabilities
from penstock.providers.rows import load_rows

PLAIN = parameters(renamed={}, unsupported=(), extras=())


@pytest.mark.parametrize("kind", sorted(load_rows()))
def test_every_field_of_the_dialect_is_decided_at_every_vendor(kind: str) -> None:
    row = load_rows()[kind]
    undecided = KNOWN - row.parameters().keys()
    assert undecided <= ({"top_k", "min_p", "repetition_penalty"} if row.passes_unknown else set())


def test_every_field_of_the_dialect_is_decided_for_local_models() -> None:
    capabilities = local_capabilities("tiny", 4096)
    assert capabilities.parameters.keys() == KNOWN
    assert (capabilities.context_length, capabilities.output_modalities) == (4096, ("text",))
    assert capabilities.support("modalities") is Support.REFUSED
    assert capabilities.formats("json_schema")


@pytest.mark.parametrize(
    ("name", "support"),
    [("modalities", Support.REFUSED), ("response_format", Support.EMULATED), ("seed", Support.IGNORED)],
)
def test_what_a_vendor_lacks(name: str, support: Support) -> None:
    assert lacking(name).support is support


def test_a_model_that_does_not_speak_refuses_to() -> None:
    silent = Capabilities.of("m", PLAIN, output_modalities=("text",))
    assert silent.support("modalities") is Support.REFUSED
    speaking = Capabilities.of("m", PLAIN, output_modalities=("text", "audio"))
    assert speaking.support("modalities") is Support.NATIVE
    assert Capabilities.of("m", PLAIN).support("modalities") is Support.NATIVE


def test_the_longest_answer_bounds_both_names_of_it() -> None:
    found = Capabilities.of("m", PLAIN, max_output_tokens=50)
    assert {name: p.maximum for name, p in found.bounded.items()} == {"max_tokens": 50, "max_completion_tokens": 50}


def test_forms_of_answers() -> None:
    some = Capabilities.of("m", PLAIN | {"response_format": Parameter(Support.NATIVE, values=("text", "json_object"))})
    assert [some.formats(kind) for kind in ("text", "json_object", "json_schema")] == [True, True, False]
    none = Capabilities.of("m", PLAIN | {"response_format": lacking("response_format")})
    assert [none.formats(kind) for kind in ("text", "json_object", "json_schema")] == [True, False, False]


def vendor(kind: str, models: Models | None = None, **overrides: Override) -> Compatible:
    row = load_rows()[kind]
    return Compatible("acme", row, base_url="https://h/v1", api_key="k", kind=kind, models=models, overrides=overrides)


def test_the_operators_word_goes_before_the_tables() -> None:
    said = Override(context=10, max_output=5, parameters={"temperature": "native", "seed": "ignored"})
    found = vendor("openai", load_models(), o3=said).capabilities("o3")
    assert (found.context_length, found.max_output_tokens) == (10, 5)
    assert (found.support("temperature"), found.support("seed")) == (Support.NATIVE, Support.IGNORED)
    assert found.support("top_p") is Support.IGNORED


def test_rules_of_effort_hold_until_the_operator_says_something_of_what_they_are_about() -> None:
    rules = vendor("openai", load_models()).capabilities("gpt-5.4").by_effort
    assert rules == ByEffort("none", sampling="none", beside_tools="unsaid")
    for name in ("temperature", "tools", "reasoning_effort"):
        said = Override(parameters={name: "native"})
        assert vendor("openai", load_models(), **{"gpt-5.4": said}).capabilities("gpt-5.4").by_effort is None
    said = Override(parameters={"seed": "ignored"})
    assert vendor("openai", load_models(), **{"gpt-5.4": said}).capabilities("gpt-5.4").by_effort == rules


def test_the_operators_word_on_speech() -> None:
    said = Override(parameters={"modalities": "native"})
    found = vendor("openai", load_models(), **{"gpt-4o": said}).capabilities("gpt-4o")
    assert found.support("modalities") is Support.NATIVE


def test_a_word_on_all_models_of_a_provider() -> None:
    one = vendor("openai", load_models(), **{"*": Override(context=10), "o3": Override(context=20)})
    assert [one.capabilities(name).context_length for name in ("gpt-4", "x", "o3")] == [10, 10, 20]


def test_capabilities_of_names_that_clients_choose_do_not_grow_without_bound() -> None:
    one = vendor("compatible")
    first = one.capabilities("0")
    assert one.capabilities("0") is first
    for number in range(1, 1100):
        one.capabilities(str(number))
    assert one.capabilities("0") is not first
    assert one.capabilities("1099") is one.capabilities("1099")


def test_a_model_is_named_in_messages() -> None:
    assert vendor("openai").capabilities("gpt-4").model == "model 'gpt-4' of provider 'acme'"


def test_strict_mode_names_the_model() -> None:
    from tests.vendor_calls import TARGET, a_call

    call: Any = a_call({"top_k": 3}, strict=True)
    with pytest.raises(UnsupportedParameter, match="model 'acme-large-2' of provider 'acme'"):
        vendor("openai").prepare(call, TARGET)
