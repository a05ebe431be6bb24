"""What the sampling parameters do to the text of a local model, over a real socket."""

from __future__ import annotations

import string
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from tests.conformance.local_server import LocalServer, params, text_of
from tests.tiny_gguf import MERGES, write_tiny_gguf

SEEDED: dict[str, Any] = {"seed": 7, "temperature": 1, "max_tokens": 40}


def test_temperature_0_is_greedy(local: LocalServer) -> None:
    answer = local.whole(temperature=0, logprobs=True, top_logprobs=2)["choices"][0]
    for entry in answer["logprobs"]["content"]:
        assert entry["id"] == entry["top_logprobs"][0]["id"]
        assert entry["logprob"] >= entry["top_logprobs"][1]["logprob"]


@pytest.mark.parametrize("greedy", [{"top_k": 1}, {"top_p": 0}, {"min_p": 1}, {"top_p": 1e-6}])
def test_every_way_to_leave_one_token_is_greedy(local: LocalServer, greedy: dict[str, Any]) -> None:
    assert local.text(temperature=2, max_tokens=30, **greedy) == local.text(temperature=0, max_tokens=30)


def test_the_temperature_spreads_the_answers(local: LocalServer) -> None:
    """Drawn at 0.2, 1 and 2, the first token is more often another one each time."""
    kinds = [
        len({local.text(temperature=temperature, seed=seed, max_tokens=1) for seed in range(25)})
        for temperature in (0.2, 1, 2)
    ]
    assert kinds[0] < kinds[1] < kinds[2]


def drawn(local: LocalServer, **body: Any) -> list[float]:
    """Logprobs of 30 first tokens, each drawn with a seed of its own."""
    return [
        local.whole(temperature=1, seed=seed, max_tokens=1, logprobs=True, **body)["choices"][0]["logprobs"]["content"][
            0
        ]["logprob"]
        for seed in range(30)
    ]


def test_top_p_top_k_and_min_p_cut_the_tail(local: LocalServer) -> None:
    first = local.whole(max_tokens=1, logprobs=True, top_logprobs=3)["choices"][0]["logprobs"]["content"][0]
    best, _, third = (entry["logprob"] for entry in first["top_logprobs"])
    assert min(drawn(local)) < third - 1e-3  # without a cut other tokens come too
    assert min(drawn(local, top_k=3)) >= third - 1e-3
    assert min(drawn(local, min_p=0.5)) >= best - 0.6932  # ln 2
    assert min(drawn(local, top_p=0.3)) >= best - 1e-3  # the best token alone has more than that


def distinct(text: str) -> int:
    return len(set(text))


@pytest.mark.parametrize(
    ("name", "neutral", "strong"),
    [("repetition_penalty", 1.0, 1.9), ("presence_penalty", 0, 2), ("frequency_penalty", 0, 2)],
)
def test_each_penalty_lowers_repetition_and_is_neutral_at_its_neutral_value(
    local: LocalServer, name: str, neutral: float, strong: float
) -> None:
    plain = local.text(max_tokens=80)
    assert local.text(max_tokens=80, **{name: neutral}) == plain
    most_common = Counter(plain).most_common(1)[0][1]
    penalised = local.text(max_tokens=80, **{name: strong})
    assert distinct(penalised) > 1.5 * distinct(plain)
    assert Counter(penalised).most_common(1)[0][1] < most_common


def test_a_negative_penalty_rewards_repetition(local: LocalServer) -> None:
    free = sum(distinct(local.text(seed=seed, temperature=1, max_tokens=60)) for seed in range(3))
    rewarded = sum(
        distinct(local.text(seed=seed, temperature=1, max_tokens=60, frequency_penalty=-2)) for seed in range(3)
    )
    assert rewarded < free


# Letters that stand in no longer token of the model, where a ban of the letter alone would not reach them.
LONE: Final = "".join(sorted(set(string.ascii_letters) - set("".join(MERGES))))


@hypothesis(max_examples=8)
@given(letter=st.sampled_from(LONE), bias=st.sampled_from([-100, 100]))
def test_a_bias_of_100_forces_a_token_and_of_minus_100_bans_it(local: LocalServer, letter: str, bias: int) -> None:
    text = local.text(logit_bias={str(ord(letter)): bias}, temperature=1, max_tokens=30)
    assert set(text) == {letter} if bias > 0 else letter not in text


def test_a_ban_holds_for_the_best_token(local: LocalServer) -> None:
    plain = local.text(max_tokens=20)
    best = plain[0]
    assert best not in local.text(max_tokens=20, logit_bias={str(ord(best)): -100})


def test_keys_that_are_no_token_ids_are_ignored_and_said(local: LocalServer) -> None:
    response = local.ask(logit_bias={"ANY_ADDITIONAL_PROPERTY": 1, "66": 100}, max_tokens=3)
    assert response.json()["choices"][0]["message"]["content"] == "BBB"
    assert params(response) == {"logit_bias.ANY_ADDITIONAL_PROPERTY": "ignored"}


def test_an_id_that_the_model_does_not_have_is_refused(local: LocalServer) -> None:
    for token in ("271", "99999999999999999999"):
        error = local.refusal(logit_bias={token: 1})
        assert error["param"] == "logit_bias"
        assert "the tokens 0 to 270" in error["message"]


# Seeds


def test_a_seed_gives_the_same_twice_and_streamed(local: LocalServer) -> None:
    first = local.whole(**SEEDED)
    again = local.whole(**SEEDED)
    stream = local.streamed(**SEEDED)
    text = first["choices"][0]["message"]["content"]
    assert text == again["choices"][0]["message"]["content"] == text_of(stream)
    assert text != local.text(**SEEDED | {"seed": 8})
    prints = {first["system_fingerprint"], again["system_fingerprint"], *(c["system_fingerprint"] for c in stream)}
    assert len(prints) == 1


def test_a_seed_gives_the_same_under_load(local: LocalServer) -> None:
    quiet = local.text(**SEEDED)
    with ThreadPoolExecutor(8) as pool:
        noise = [pool.submit(local.text, temperature=1, max_tokens=30) for _ in range(12)]
        busy = [pool.submit(local.text, **SEEDED) for _ in range(4)]
        assert {each.result() for each in busy} == {quiet}
        assert len({each.result() for each in noise}) > 1


def test_a_seed_gives_the_same_after_a_restart_and_the_fingerprint_tells_settings_and_models_apart(
    tmp_path: Path,
) -> None:
    def answer(server: LocalServer, **body: Any) -> tuple[str, str]:
        whole = server.whole(**SEEDED | body)
        return whole["choices"][0]["message"]["content"], whole["system_fingerprint"]

    with LocalServer(tmp_path / "one") as server:
        first = answer(server)
        server.stop()
        server.start()
        assert answer(server) == first
        server.add(write_tiny_gguf(tmp_path / "other.gguf", seed=1))
        other = answer(server, model="other")
        assert other[0] != first[0]
        assert other[1] != first[1]
    with LocalServer(tmp_path / "two", PENSTOCK_ENGINE__CONTEXT="2048") as server:
        resized = answer(server)
        assert resized[1] not in (first[1], other[1])
