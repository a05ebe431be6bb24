"""How an answer of a local model ends: stop sequences, lengths, the context. Over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from tests.conformance.local_server import END, LocalServer, finish_of, params, text_of

CONTEXT = 256


@pytest.fixture(scope="module")
def plain(local: LocalServer) -> str:
    """40 characters and more that the model writes unhindered."""
    text = local.text(max_tokens=40)
    assert len(text) >= 40
    return text


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """A server whose models have a context of 256 tokens."""
    with LocalServer(tmp_path_factory.mktemp("small"), PENSTOCK_ENGINE__CONTEXT=str(CONTEXT)) as running:
        yield running


# Stop sequences


@hypothesis(max_examples=12)
@given(start=st.integers(3, 30), size=st.integers(1, 6), included=st.booleans())
def test_a_stop_sequence_never_leaks(local: LocalServer, plain: str, start: int, size: int, included: bool) -> None:
    stop = plain[start : start + size]
    end = plain.index(stop) + (size if included else 0)
    asked: dict[str, Any] = {"max_tokens": 40, "stop": stop, "include_stop_str_in_output": included}
    chunks = local.streamed(**asked)
    assert (text_of(chunks), finish_of(chunks)) == (plain[:end], "stop")
    so_far = ""
    for c in chunks:  # at no moment is there more than what the whole answer has
        so_far += c["choices"][0]["delta"].get("content") or ""
        assert plain[:end].startswith(so_far)
    choice = local.whole(**asked)["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (plain[:end], "stop")


def test_the_first_of_four_ends_the_answer(local: LocalServer, plain: str) -> None:
    stop = [plain[20:23], plain[10:13], "never", plain[30:33]]
    end = min(plain.find(each) for each in stop if each in plain)
    assert local.text(max_tokens=40, stop=stop) == plain[:end]


def test_a_fifth_is_too_many(local: LocalServer) -> None:
    assert local.refusal(stop=["a", "b", "c", "d", "e"])["param"] == "stop"


def test_in_the_tokensmind_dialect_the_sequence_stays(local: LocalServer, plain: str) -> None:
    asked: dict[str, Any] = {"max_tokens": 40, "stop": plain[8:11], "headers": {"x-api-dialect": "tokensmind"}}
    end = plain.index(plain[8:11])
    assert local.text(**asked) == plain[: end + 3]
    assert local.text(include_stop_str_in_output=False, **asked) == plain[:end]
    assert text_of(local.streamed(**asked)) == plain[: end + 3]


# Lengths


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_the_maximum_is_kept(local: LocalServer, name: str) -> None:
    answer = local.whole(**{"max_tokens": ..., name: 5})
    assert answer["usage"]["completion_tokens"] == 5
    assert answer["choices"][0]["finish_reason"] == "length"


def test_of_two_maxima_the_newer_wins(local: LocalServer) -> None:
    response = local.ask(max_tokens=9, max_completion_tokens=4)
    assert response.json()["usage"]["completion_tokens"] == 4
    assert params(response)["max_tokens"] == "ignored"


def test_an_answer_that_ends_by_itself_is_stop(local: LocalServer) -> None:
    answer = local.whole(logit_bias={END: 100}, max_tokens=20)
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert answer["usage"]["completion_tokens"] == 1


# The context


def test_without_a_maximum_the_answer_ends_with_the_context(small: LocalServer) -> None:
    response = small.ask(max_tokens=...)
    assert response.json()["usage"]["total_tokens"] == CONTEXT
    assert response.json()["choices"][0]["finish_reason"] == "length"
    assert "max_tokens" not in params(response)


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_maximum_that_does_not_fit_is_reduced_and_said(small: LocalServer, name: str, stream: bool) -> None:
    prompt = small.whole(max_tokens=1)["usage"]["prompt_tokens"]
    for most, told in ((CONTEXT - prompt, None), (CONTEXT - prompt + 1, "translated"), (100_000, "translated")):
        asked: dict[str, Any] = {"max_tokens": ..., name: most, "stream": stream}
        response = small.ask(**asked)
        assert params(response).get(name) == told
        assert '"finish_reason":"length"' in response.text
        if not stream:
            assert response.json()["usage"]["total_tokens"] == CONTEXT


@pytest.mark.parametrize("stream", [False, True])
def test_behaviour_error_says_the_numbers(small: LocalServer, stream: bool) -> None:
    prompt = small.whole(max_tokens=1)["usage"]["prompt_tokens"]
    asked: dict[str, Any] = {"context_length_exceeded_behavior": "error", "stream": stream}
    assert small.ask(max_tokens=CONTEXT - prompt, **asked).status_code == 200
    error = small.refusal(max_tokens=CONTEXT - prompt + 1, **asked)
    assert error["code"] == "context_length_exceeded"
    for number in (CONTEXT, prompt, CONTEXT - prompt + 1):
        assert f" {number}" in error["message"]


def test_strict_parameters_are_not_reduced_either(small: LocalServer) -> None:
    error = small.refusal(max_tokens=CONTEXT, headers={"x-strict-params": "true"})
    assert error["code"] == "context_length_exceeded"


@pytest.mark.parametrize("behaviour", [{}, {"context_length_exceeded_behavior": "truncate"}])
def test_a_prompt_that_is_too_long_by_itself_is_refused(small: LocalServer, behaviour: dict[str, Any]) -> None:
    messages = [{"role": "user", "content": "x" * 300}]
    counted = small.post({"model": "tiny", "messages": messages}, "/v1/tokenize").json()["count"]
    error = small.refusal(messages=messages, max_tokens=1, **behaviour)
    assert error["code"] == "context_length_exceeded"
    assert f" {CONTEXT} tokens" in error["message"]
    assert f" {counted} tokens" in error["message"]
