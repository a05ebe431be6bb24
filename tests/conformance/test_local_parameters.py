"""Everything else that a request to a local model may ask, over a real socket: usage, reasoning, what it cannot do."""

from __future__ import annotations

import json
from typing import Any

import pytest

from penstock.dialects.profiles import PROFILES
from tests.conformance.local_server import LocalServer, chunks, params, text_of
from tests.parameter_samples import AT_A_LOCAL_MODEL, SAMPLES, asking, told

THINK = "269"
"""the token `<think>` of the tiny models"""

# The body of the reference page of 2025, as it stands there but for the model's name.
PAGE_BODY: dict[str, Any] = {
    "model": "tiny",
    "frequency_penalty": 1,
    "logit_bias": {"ANY_ADDITIONAL_PROPERTY": 1},
    "logprobs": True,
    "top_logprobs": 1,
    "max_tokens": 1,
    "max_completion_tokens": 1,
    "n": 1,
    "prediction": {"type": "content", "content": "text"},
    "presence_penalty": 1,
    "seed": 1,
    "messages": [{"role": "system", "content": "text", "name": "text"}],
    "stream": True,
    "stream_options": {"include_usage": True},
    "top_p": 1,
    "temperature": 1,
    "stop": "text",
    "tools": [
        {
            "type": "function",
            "function": {"description": "text", "name": "text", "parameters": None, "required": ["text"]},
        }
    ],
    "tool_choice": "none",
    "parallel_tool_calls": True,
    "reasoning_effort": "low",
    "response_format": {"type": "text"},
}


@pytest.mark.parametrize("dialect", ["openai", "aimlapi", "aimlapi-legacy"])
def test_the_body_of_the_reference_page(local: LocalServer, dialect: str) -> None:
    headers = {"x-api-dialect": dialect}
    response = local.post(PAGE_BODY, headers=headers)
    *first, last = chunks(response)
    assert last["usage"]["completion_tokens"] == 1
    assert any(choice["finish_reason"] == "length" for c in first for choice in c["choices"])
    told = params(response)
    assert {told[name] for name in told if name.startswith(("logit_bias", "prediction"))} == {"ignored"}
    whole = {name: value for name, value in PAGE_BODY.items() if name not in ("stream", "stream_options")}
    answer = local.post(whole, headers=headers).json()
    assert len(answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"]) == 1


def test_usage_has_every_detail(local: LocalServer) -> None:
    whole = local.whole(max_tokens=6)["usage"]
    *_, last = local.streamed(max_tokens=6, stream_options={"include_usage": True})
    for usage in (whole, last["usage"]):
        assert usage["total_tokens"] == usage["prompt_tokens"] + 6
        prompt, answer = usage["prompt_tokens_details"], usage["completion_tokens_details"]
        assert prompt | {"cached_tokens": 0} == {
            "cached_tokens": 0,
            "audio_tokens": 0,
            "text_tokens": usage["prompt_tokens"],
            "image_tokens": 0,
            "cache_write_tokens": 0,
        }
        assert answer == {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "text_tokens": 6,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        }
    assert last["system_fingerprint"].startswith("fp_")


def test_cached_tokens_are_told(local: LocalServer) -> None:
    messages = [{"role": "user", "content": "a long beginning that is the same " * 8}]
    first, second = (local.whole(messages=messages, max_tokens=1)["usage"] for _ in range(2))
    assert second["prompt_tokens"] == first["prompt_tokens"]
    assert second["prompt_tokens_details"]["cached_tokens"] > first["prompt_tokens"] // 2
    uncached = local.whole(messages=messages, max_tokens=1, seed=1)["usage"]
    assert uncached["prompt_tokens_details"]["cached_tokens"] == 0


def test_reasoning_is_told_apart_and_counted(local: LocalServer) -> None:
    answer = local.whole(model="thinking", **opened_thought())
    message, usage = answer["choices"][0]["message"], answer["usage"]
    assert message["reasoning_content"]
    assert 0 < usage["completion_tokens_details"]["reasoning_tokens"] <= usage["completion_tokens"]
    streamed = local.streamed(model="thinking", **opened_thought())
    told = "".join(c["choices"][0]["delta"].get("reasoning_content") or "" for c in streamed)
    assert told == message["reasoning_content"]


def opened_thought() -> dict[str, Any]:
    """A schema makes the thinking template begin with a thought."""
    schema = {"type": "object", "properties": {"a": {"const": 1}}, "required": ["a"], "additionalProperties": False}
    return {
        "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
        "max_tokens": 40,
        "temperature": 0,
    }


@pytest.mark.parametrize("off", [{"enable_thinking": False}, {"reasoning_effort": "none"}])
def test_thinking_can_be_turned_off(local: LocalServer, off: dict[str, Any]) -> None:
    answer = local.whole(model="thinking", **opened_thought(), **off)
    assert json.loads(answer["choices"][0]["message"]["content"]) == {"a": 1}
    assert "reasoning_content" not in answer["choices"][0]["message"]
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


def test_prediction_is_ignored_and_said(local: LocalServer) -> None:
    prediction = {"type": "content", "content": [{"type": "text", "text": "something"}]}
    response = local.ask(prediction=prediction)
    assert params(response)["prediction"] == "ignored"
    assert response.json()["choices"][0]["message"]["content"] == local.text()
    assert local.refusal(prediction=prediction, headers={"x-strict-params": "true"})["param"] == "prediction"


def test_speech_is_refused(local: LocalServer) -> None:
    error = local.refusal(modalities=["text", "audio"], audio={"voice": "alloy", "format": "wav"})
    assert (error["param"], error["code"]) == ("modalities", "unsupported_value")
    assert local.ask(modalities=["text"]).status_code == 200


def test_reasoning_stays_in_the_text_where_it_is_not_wanted_apart(local: LocalServer) -> None:
    asked: dict[str, Any] = {"model": "thinking", "logit_bias": {THINK: 100}, "max_tokens": 4}
    apart = local.whole(**asked, separate_reasoning=True)["choices"][0]["message"]
    assert (apart["content"], apart["reasoning_content"]) == ("", "<think>" * 3)
    within = local.whole(**asked, separate_reasoning=False)["choices"][0]["message"]
    assert (within["content"], within.get("reasoning_content")) == ("<think>" * 4, None)
    assert text_of(local.streamed(**asked, separate_reasoning=False)) == within["content"]


@pytest.mark.parametrize("name", sorted(SAMPLES))
@pytest.mark.parametrize("dialect", PROFILES)
def test_on_a_local_model(local: LocalServer, dialect: str, name: str) -> None:
    """What the other tests show in one dialect holds in all, and so does what is said of it."""
    response = local.ask(headers={"x-api-dialect": dialect}, **asking(name))
    assert response.headers["x-penstock-dialect"] == dialect
    if AT_A_LOCAL_MODEL.get(name) == "refused":
        error = response.json()["error"]
        assert (response.status_code, error["param"]) == (PROFILES[dialect].invalid_status, name)
        assert "cannot do that" in error["message"]
        return
    assert response.status_code == 200, response.text
    assert params(response).get(name, "") == told(name, AT_A_LOCAL_MODEL)


def test_what_nobody_knows_is_ignored_and_said(local: LocalServer) -> None:
    assert local.changed(banana=1)["banana"] == "ignored"
