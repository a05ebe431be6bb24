"""`n` choices of a local model, over a real socket."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.local_server import LocalServer, finish_of, params, text_of


def test_each_choice_has_its_own_seed(local: LocalServer) -> None:
    asked: dict[str, Any] = {"temperature": 1, "max_tokens": 10, "seed": 40}
    answer = local.whole(n=3, **asked)
    texts = [choice["message"]["content"] for choice in answer["choices"]]
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2]
    assert len(set(texts)) == 3
    assert texts == [local.text(**asked | {"seed": 40 + i}) for i in range(3)]
    assert [choice["message"]["content"] for choice in local.whole(n=3, **asked)["choices"]] == texts
    chunks = local.streamed(n=3, **asked)
    assert [text_of(chunks, i) for i in range(3)] == texts


def test_streamed_choices_begin_in_order(local: LocalServer) -> None:
    chunks = local.streamed(n=5, temperature=1, max_tokens=6)
    begun = [choice["index"] for c in chunks for choice in c["choices"] if choice["delta"].get("role")]
    assert begun == [0, 1, 2, 3, 4]
    assert [finish_of(chunks, i) for i in range(5)] == ["length"] * 5
    assert len({c["id"] for c in chunks}) == 1


def test_usage_is_the_sum_whole_and_streamed(local: LocalServer) -> None:
    asked: dict[str, Any] = {"temperature": 0, "max_tokens": 7}
    one = local.whole(**asked)["usage"]
    whole = local.whole(n=4, **asked)["usage"]
    *chunks, last = local.streamed(n=4, stream_options={"include_usage": True}, **asked)
    assert whole["completion_tokens"] == 4 * one["completion_tokens"] == 28
    assert whole["prompt_tokens"] == 4 * one["prompt_tokens"]
    assert whole["total_tokens"] == whole["prompt_tokens"] + whole["completion_tokens"]
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], whole["total_tokens"])
    assert all(c["usage"] is None for c in chunks)
    assert {c["system_fingerprint"] for c in [*chunks, last]} == {chunks[0]["system_fingerprint"]}
    assert last["system_fingerprint"].startswith("fp_")


@pytest.mark.parametrize("stream", [False, True])
def test_calls_made_for_choices_are_reported(local: LocalServer, stream: bool) -> None:
    response = local.ask(n=2, max_tokens=2, stream=stream)
    assert params(response) == {"n": "emulated"}
    assert params(local.ask(n=1, max_tokens=2, stream=stream)) == {}
    error = local.refusal(n=2, stream=stream, headers={"x-strict-params": "true"})
    assert (error["code"], error["param"]) == ("unsupported_parameter", "n")


def test_128_choices(local: LocalServer) -> None:
    answer = local.whole(n=128, temperature=1, max_tokens=1)
    assert [choice["index"] for choice in answer["choices"]] == list(range(128))
    assert answer["usage"]["completion_tokens"] == 128


@pytest.mark.parametrize("n", [0, 129])
def test_out_of_range(local: LocalServer, n: int) -> None:
    assert local.refusal(n=n)["param"] == "n"
