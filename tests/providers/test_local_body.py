"""From a chat completion request to llama.cpp's body."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.providers.local_calls import TARGET, call, changed, local, sent

from penstock.core.errors import InvalidRequest, UnsupportedParameter
from penstock.providers.local.body import folded


def test_the_request_goes_to_the_models_own_port_with_its_key() -> None:
    outgoing = local().prepare(call(), TARGET)
    assert outgoing.url == "http://127.0.0.1:1234/v1/chat/completions"
    assert ("authorization", "Bearer secret") in outgoing.headers
    assert outgoing.stream
    assert outgoing.trusted


def test_unasked_nothing_bends_the_distribution() -> None:
    body = sent()
    neutral = {
        "temperature": 1.0,
        "top_p": 1.0,
        "top_k": 0,
        "min_p": 0.0,
        "typical_p": 1.0,
        "top_n_sigma": -1.0,
        "repeat_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "xtc_probability": 0.0,
        "dry_multiplier": 0.0,
        "dynatemp_range": 0.0,
        "mirostat": 0,
    }
    assert {name: body[name] for name in neutral} == neutral
    assert body["samplers"] == ["penalties", "top_k", "top_p", "min_p", "temperature"]
    assert not {"seed", "stop", "max_tokens", "logprobs", "response_format", "tools"} & body.keys()


@pytest.mark.parametrize("stream", [False, True])
def test_it_is_always_streamed_and_metered(stream: bool) -> None:
    body = sent(stream=stream)
    assert body["stream"]
    assert body["stream_options"] == {"include_usage": True}
    assert body["timings_per_token"]


def test_what_is_asked_is_sent() -> None:
    asked: dict[str, Any] = {
        "temperature": 0.3,
        "top_p": 0.9,
        "top_k": 20,
        "min_p": 0.02,
        "presence_penalty": -0.5,
        "frequency_penalty": 0.25,
        "max_tokens": 77,
    }
    body = sent(**asked, repetition_penalty=1.2)
    assert {name: body[name] for name in asked} == asked
    assert body["repeat_penalty"] == 1.2
    assert body["repeat_last_n"] == 4096  # the whole text, not its last 64 tokens
    assert sent()["repeat_last_n"] == 0
    assert changed(**asked, repetition_penalty=1.2) == {}


@pytest.mark.parametrize("asked", [{"temperature": 0}, {"top_p": 0}, {"top_k": 1}])
def test_greedy(asked: dict[str, Any]) -> None:
    body = sent(**({"temperature": 1.7, "top_p": 0.5, "top_k": 9, "min_p": 0.1} | asked))
    assert (body["temperature"], body["top_p"], body["top_k"], body["min_p"]) == (0.0, 1.0, 0, 0.0)


def test_numbers_beyond_the_engine_are_cut_where_that_changes_nothing() -> None:
    body = sent(top_k=2**60, max_tokens=2**60)
    assert (body["top_k"], body["max_tokens"]) == (1000, 4096)


def test_max_completion_tokens_wins() -> None:
    body = {"max_tokens": 5, "max_completion_tokens": 9}
    assert sent(**body)["max_tokens"] == 9
    assert changed(**body) == {"max_tokens": "ignored"}


@pytest.mark.parametrize("seed", [0, 1, 2**32 - 2])
def test_a_seed_that_fits_stays(seed: int) -> None:
    assert folded(seed) == seed
    body = sent(seed=seed)
    assert (body["seed"], body["cache_prompt"]) == (seed, False)


@pytest.mark.parametrize("seed", [-1, 2**32 - 1, 2**63 - 1, -(2**63), 2**32, 2**40 + 2**32 - 1])
def test_every_other_seed_is_folded_and_never_random(seed: int) -> None:
    assert 0 <= folded(seed) < 2**32 - 1
    assert folded(seed) == folded(seed)


def test_folded_seeds_differ() -> None:
    seeds = [0, 1, -1, -2, 2**32 - 1, 2**32, 2**32 + 1, 2**63 - 1, -(2**63)]
    assert len({folded(seed) for seed in seeds}) == len(seeds)


def test_without_a_seed_the_prompt_cache_is_used() -> None:
    assert "cache_prompt" not in sent()


@pytest.mark.parametrize(("asked", "top"), [(None, 1), (0, 1), (1, 1), (20, 20)])
def test_logprobs_need_at_least_one_alternative(asked: int | None, top: int) -> None:
    body = sent(logprobs=True, top_logprobs=asked)
    assert (body["logprobs"], body["top_logprobs"]) == (True, top)


def test_stop_sequences_are_matched_here() -> None:
    assert "stop" not in sent(stop=["a", "b"])
    assert changed(stop=["a", "b"], include_stop_str_in_output=True) == {}


def test_logit_bias() -> None:
    assert sent(logit_bias={"5": 1.5, "999": -100})["logit_bias"] == [[5, 1.5], [999, -100]]


@pytest.mark.parametrize("token", ["1000", "-1", "x", "", "1.0", "٣", "9" * 30])
def test_logit_bias_of_what_is_no_token(token: str) -> None:
    with pytest.raises(InvalidRequest, match="tokens 0 to 999") as error:
        sent(logit_bias={token: 1})
    assert error.value.param == "logit_bias"


def test_response_formats() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    assert "response_format" not in sent(response_format={"type": "text"})
    wanted = {"type": "json_schema", "json_schema": {"schema": schema}}
    asked = {"type": "json_schema", "json_schema": {"name": "s", "strict": True, "schema": schema}}
    assert sent(response_format=asked)["response_format"] == wanted
    wanted["json_schema"] = {"schema": {"type": "object"}}
    assert sent(response_format={"type": "json_object"})["response_format"] == wanted
    assert sent(response_format={"type": "json_schema", "json_schema": {"name": "s"}})["response_format"] == wanted


def test_reasoning() -> None:
    assert sent(enable_thinking=True)["chat_template_kwargs"] == {"enable_thinking": True}
    assert sent(reasoning_effort="none")["chat_template_kwargs"] == {"enable_thinking": False}
    assert sent(reasoning_effort="high")["chat_template_kwargs"] == {"reasoning_effort": "high"}
    assert sent(separate_reasoning=False)["reasoning_format"] == "none"
    assert changed(reasoning_effort="none") == {"reasoning_effort": "translated"}
    assert changed(reasoning_effort="low") == {"reasoning_effort": "passed"}


def test_what_a_local_model_lacks_is_told() -> None:
    lacking: dict[str, Any] = {
        "prediction": {"type": "content", "content": "x"},
        "metadata": {"a": "b"},
        "service_tier": "flex",
        "user": "u",
        "safety_identifier": "s",
        "prompt_cache_key": "k",
        "verbosity": "low",
        "web_search_options": {},
        "moderation": {"model": "m"},
        "audio": {"voice": "alloy", "format": "wav"},
        "unheard_of": 1,
    }
    assert changed(**lacking) == dict.fromkeys(lacking, "ignored")
    assert changed(store=True, metadata={}, service_tier="auto", user=None, modalities=["text"]) == {}


def test_in_strict_mode_all_of_them_are_one_error() -> None:
    with pytest.raises(UnsupportedParameter, match=r"'user'.*'verbosity'.*'reasoning_effort'") as error:
        sent(strict=True, user="u", verbosity="low", reasoning_effort="none", temperature=0.5)
    assert "temperature" not in error.value.message


def test_speech_is_refused() -> None:
    with pytest.raises(InvalidRequest) as error:
        sent(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
    assert error.value.param == "modalities"


def test_no_path_and_no_name_of_ours_is_sent() -> None:
    assert "gpt-4" not in json.dumps(sent())
