"""Log probabilities of a local model, over a real socket."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.conformance.local_server import LocalServer, text_of


def entries(answer: dict[str, Any]) -> list[dict[str, Any]]:
    found = answer["choices"][0]["logprobs"]["content"]
    assert isinstance(found, list)
    return found


@pytest.mark.parametrize("top", [0, 1, 20])
@pytest.mark.parametrize("how", [{"temperature": 0}, {"temperature": 1.3, "seed": 3}])
def test_every_token_has_an_entry(local: LocalServer, top: int, how: dict[str, Any]) -> None:
    answer = local.whole(logprobs=True, top_logprobs=top, max_tokens=15, **how)
    found = entries(answer)
    text = answer["choices"][0]["message"]["content"]
    assert len(found) == answer["usage"]["completion_tokens"] == 15
    assert bytes(byte for entry in found for byte in entry["bytes"]).decode() == text
    for entry in found:
        top_entries = entry["top_logprobs"]
        assert len(top_entries) == top
        assert len({each["id"] for each in top_entries}) == top
        assert sum(math.exp(each["logprob"]) for each in top_entries) <= 1 + 1e-6
        assert [each["logprob"] for each in top_entries] == sorted((e["logprob"] for e in top_entries), reverse=True)
        assert all(each["logprob"] <= 0 for each in (entry, *top_entries))
        for each in (entry, *top_entries):
            assert set(each) - {"top_logprobs"} == {"id", "token", "logprob", "bytes"}
        same = [each["logprob"] for each in top_entries if each["id"] == entry["id"]]
        assert all(math.isclose(value, entry["logprob"], abs_tol=1e-6) for value in same)
        if top and how["temperature"] == 0:
            assert top_entries[0]["id"] == entry["id"]


def test_streamed_they_are_what_they_are_whole(local: LocalServer) -> None:
    asked: dict[str, Any] = {"logprobs": True, "top_logprobs": 4, "seed": 5, "temperature": 1}
    whole = local.whole(**asked)
    chunks = local.streamed(**asked)
    told = [entry for c in chunks for choice in c["choices"] for entry in (choice["logprobs"] or {}).get("content", [])]
    assert told == entries(whole)
    assert text_of(chunks) == whole["choices"][0]["message"]["content"]


def test_ids_are_those_of_the_tokenizer(local: LocalServer) -> None:
    answer = local.whole(logprobs=True)
    ids = [entry["id"] for entry in entries(answer)]
    response = local.post({"model": "tiny", "tokens": ids}, "/v1/detokenize")
    assert response.json()["prompt"] == answer["choices"][0]["message"]["content"]


def test_without_being_asked_there_are_none(local: LocalServer) -> None:
    assert local.whole()["choices"][0]["logprobs"] is None
    assert local.whole(logprobs=False)["choices"][0]["logprobs"] is None
    assert all(choice["logprobs"] is None for c in local.streamed() for choice in c["choices"])


def test_a_character_of_several_tokens_has_its_bytes_once(local: LocalServer) -> None:
    """llama.cpp tells the last token of such a character only; its bytes are all there, and join to the text."""
    schema = {"type": "object", "properties": {"a": {"const": "é€b"}}, "required": ["a"], "additionalProperties": False}
    answer = local.whole(
        logprobs=True,
        max_tokens=60,
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
    )
    text = answer["choices"][0]["message"]["content"]
    assert "é€b" in text
    assert bytes(byte for entry in entries(answer) for byte in entry["bytes"]).decode() == text
