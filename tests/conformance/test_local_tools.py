"""Tools of a local model, over a real socket, whole and streamed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.local_server import LocalServer, finish_of, params, text_of

TOOL_CALL = {"267": 100}  # draws the token `<tool_call>` of the tiny model: it calls, and calls again
FUNCTIONS = [
    {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"enum": ["Paris", "Rome"]}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
    {"name": "now"},
]
TOOLS = [{"type": "function", "function": function} for function in FUNCTIONS]
NOW = {"type": "function", "function": {"name": "now"}}


def allowed(mode: str) -> dict[str, Any]:
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": [NOW]}}


def called(local: LocalServer, **body: Any) -> list[tuple[str, str]]:
    """Names and arguments of the calls, which are the same whole and streamed."""
    asked: dict[str, Any] = {"tools": TOOLS, "max_tokens": 300} | body
    choice = local.whole(**asked)["choices"][0]
    chunks = local.streamed(**asked)
    assert choice["finish_reason"] == finish_of(chunks)
    streamed: dict[int, list[str]] = {}
    for c in chunks:
        for call in c["choices"][0]["delta"].get("tool_calls", ()):
            known = streamed.setdefault(call["index"], ["", ""])
            known[0] += call["function"].get("name", "")
            known[1] += call["function"].get("arguments", "")
    whole = [
        (call["function"]["name"], call["function"]["arguments"]) for call in choice["message"].get("tool_calls", ())
    ]
    assert [tuple(call) for call in streamed.values()] == whole
    if whole:
        assert choice["message"]["content"] is None
        assert choice["finish_reason"] == ("tool_calls" if "logit_bias" not in body else choice["finish_reason"])
    return whole


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        ("required", {"get_weather", "now"}),
        (NOW, {"now"}),
        (TOOLS[0] | {"function": {"name": "get_weather"}}, {"get_weather"}),
        (allowed("required"), {"now"}),
    ],
)
@pytest.mark.parametrize("how", [{}, {"temperature": 1.5, "seed": 2}, {"parallel_tool_calls": False}])
def test_a_call_that_must_be_made_is_made(
    local: LocalServer, choice: Any, names: set[str], how: dict[str, Any]
) -> None:
    ((name, arguments),) = called(local, tool_choice=choice, **how)
    assert name in names
    given = json.loads(arguments)
    assert given == {} if name == "now" else given["city"] in ("Paris", "Rome")


def test_none_never_calls(local: LocalServer) -> None:
    assert called(local, tool_choice="none", max_tokens=30) == []
    assert called(local, tool_choice="none", max_tokens=60, logit_bias=TOOL_CALL) == []


@pytest.mark.parametrize("choice", ["auto", allowed("auto")])
def test_auto_may_call_and_may_not(local: LocalServer, choice: Any) -> None:
    assert called(local, tool_choice=choice, max_tokens=30) == []
    assert called(local, tool_choice=choice, max_tokens=250, logit_bias=TOOL_CALL) != []


def test_parallel_calls_and_at_most_one(local: LocalServer) -> None:
    assert len(called(local, logit_bias=TOOL_CALL, max_tokens=250)) > 1
    asked: dict[str, Any] = {"tools": TOOLS, "logit_bias": TOOL_CALL, "max_tokens": 250, "parallel_tool_calls": False}
    assert len(called(local, **asked)) == 1
    assert local.whole(**asked)["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("choice", ["none", "auto", "required"])
def test_tools_and_logprobs_go_together(local: LocalServer, choice: str) -> None:
    """llama.cpp has no stream of both."""
    asked: dict[str, Any] = {"tools": TOOLS, "tool_choice": choice, "logprobs": True, "top_logprobs": 2}
    whole = local.whole(max_tokens=100, **asked)
    chosen = whole["choices"][0]
    entries = chosen["logprobs"]["content"]
    assert 0 < len(entries) <= whole["usage"]["completion_tokens"]
    stream = local.streamed(max_tokens=100, **asked)
    told = [e for c in stream for choice in c["choices"] for e in (choice["logprobs"] or {}).get("content", [])]
    assert [entry["id"] for entry in told] == [entry["id"] for entry in entries]
    if choice == "required":
        assert chosen["finish_reason"] == finish_of(stream) == "tool_calls"
    else:
        text = chosen["message"]["content"]
        assert "".join(entry["token"] for entry in entries) == text == text_of(stream)
        cut = local.whole(max_tokens=100, stop=text[10:13], **asked)["choices"][0]
        assert cut["message"]["content"] == text[: text.index(text[10:13])]
        assert "".join(entry["token"] for entry in cut["logprobs"]["content"]).startswith(cut["message"]["content"])
        assert len(cut["logprobs"]["content"]) < len(entries)


@pytest.mark.parametrize(("choice", "name"), [({"name": "now"}, "now"), ("auto", None), ("none", None)])
def test_the_deprecated_form_both_ways(local: LocalServer, choice: Any, name: str | None) -> None:
    asked: dict[str, Any] = {"functions": FUNCTIONS, "function_call": choice, "max_tokens": 60}
    response = local.ask(**asked)
    answer = response.json()["choices"][0]
    chunks = local.streamed(**asked)
    parts = [c["choices"][0]["delta"].get("function_call", {}) for c in chunks]
    if name is None:
        assert "function_call" not in answer["message"]
        assert not any(parts)
        return
    assert answer["message"]["function_call"] == {"name": "now", "arguments": "{}"}
    assert answer["finish_reason"] == finish_of(chunks) == "function_call"
    assert "".join(part.get("name", "") for part in parts) == name
    assert "".join(part.get("arguments", "") for part in parts) == "{}"
    assert params(response)["functions"] == "translated"
    messages = [
        {"role": "user", "content": "when?"},
        {"role": "assistant", "content": None, "function_call": answer["message"]["function_call"]},
        {"role": "function", "name": "now", "content": "noon"},
    ]
    assert local.ask(functions=FUNCTIONS, messages=messages).status_code == 200


def test_a_forced_call_is_reported_as_emulated(local: LocalServer) -> None:
    asked: dict[str, Any] = {"tools": TOOLS, "max_tokens": 100}
    assert local.changed(tool_choice="required", **asked)["tool_choice"] == "emulated"
    assert "tool_choice" not in local.changed(tool_choice="auto", **asked)
