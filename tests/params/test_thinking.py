from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from penstock.core.errors import InvalidRequest
from penstock.params import Capabilities, Parameter, Support, parameters, settle
from penstock.params.thinking import LEVELS, nearest

BASE = {"model": "m", "messages": []}


def settled(
    request: dict[str, Any], thinking: str | None = None, separating: str | None = None, **table: Parameter
) -> Any:
    given = parameters(renamed={}, unsupported=(), extras=("reasoning_format",)) | {
        "enable_thinking": Parameter(Support.TRANSLATED),
        "separate_reasoning": Parameter(Support.TRANSLATED),
    }
    capabilities = Capabilities.of("m", given | table, thinking=thinking, separating=separating)
    found = settle(msgspec.json.decode(msgspec.json.encode(BASE | request), type=dict[str, Raw]), capabilities)
    return {k: msgspec.json.decode(v) for k, v in found.members.items() if k not in BASE}, found.changed


@pytest.mark.parametrize(
    ("level", "levels", "expected"),
    [
        ("none", ("low", "medium", "high"), "low"),
        ("max", ("low", "medium", "high"), "high"),
        ("medium", ("low", "high"), "low"),
        ("minimal", ("none", "low"), "none"),
        ("xhigh", LEVELS, "xhigh"),
    ],
)
def test_the_nearest_level(level: str, levels: tuple[str, ...], expected: str) -> None:
    assert nearest(level, levels) == expected


EFFORTS = {"reasoning_effort": Parameter(Support.NATIVE, values=("low", "high"))}
NONE = {"reasoning_effort": Parameter(Support.IGNORED)}


@pytest.mark.parametrize(
    ("request_", "thinking", "table", "sent", "changed"),
    [
        ({"enable_thinking": True}, "thinking", {}, {"thinking": {"type": "enabled"}}, "translated"),
        ({"enable_thinking": False}, "reasoning", {}, {"reasoning": {"enabled": False}}, "translated"),
        ({"enable_thinking": False}, "reasoning_effort", EFFORTS, {"reasoning_effort": "low"}, "translated"),
        ({"enable_thinking": False}, "reasoning_effort", NONE, {}, None),
        ({"enable_thinking": True}, "reasoning_effort", NONE, {}, "ignored"),
        ({"enable_thinking": True}, "reasoning_effort", {}, {}, "ignored"),
        ({"enable_thinking": True}, None, {}, {}, "ignored"),
        ({"enable_thinking": None}, "thinking", {}, {}, None),
        (
            {"enable_thinking": True, "chat_template_kwargs": {"a": 1}},
            "chat_template_kwargs",
            {"chat_template_kwargs": Parameter(Support.NATIVE)},
            {"chat_template_kwargs": {"a": 1, "enable_thinking": True}},
            "translated",
        ),
        (
            {"chat_template_kwargs": {"enable_thinking": False}, "enable_thinking": True},
            "chat_template_kwargs",
            {"chat_template_kwargs": Parameter(Support.NATIVE)},
            {"chat_template_kwargs": {"enable_thinking": False}},
            "ignored",
        ),
        (
            {"enable_thinking": True, "reasoning_effort": "low"},
            "reasoning_effort",
            EFFORTS,
            {"reasoning_effort": "low"},
            "ignored",
        ),
    ],
)
def test_thinking_is_switched(
    request_: dict[str, Any],
    thinking: str | None,
    table: dict[str, Parameter],
    sent: dict[str, Any],
    changed: str | None,
) -> None:
    assert settled(request_, thinking, **table) == (sent, {"enable_thinking": changed} if changed else {})


@pytest.mark.parametrize(
    ("request_", "separating", "sent", "changed"),
    [
        ({"separate_reasoning": True}, "always", {}, None),
        ({"separate_reasoning": False}, "always", {}, "emulated"),
        ({"separate_reasoning": True}, "reasoning_format", {"reasoning_format": "parsed"}, "translated"),
        ({"separate_reasoning": False}, "reasoning_format", {}, "emulated"),
        (
            {"separate_reasoning": False, "reasoning_format": "hidden"},
            "reasoning_format",
            {"reasoning_format": "hidden"},
            "ignored",
        ),
        ({"separate_reasoning": True}, None, {}, "ignored"),
        ({"separate_reasoning": False}, None, {}, "emulated"),
        ({"separate_reasoning": False, "response_format": None}, None, {"response_format": None}, "emulated"),
        (
            {"separate_reasoning": False, "response_format": {"type": "text"}},
            None,
            {"response_format": {"type": "text"}},
            "emulated",
        ),
        (
            {"separate_reasoning": False, "response_format": {"type": "json_object"}},
            None,
            {"response_format": {"type": "json_object"}},
            "ignored",
        ),
        ({"separate_reasoning": None}, "always", {}, None),
    ],
)
def test_reasoning_is_kept_apart(
    request_: dict[str, Any], separating: str | None, sent: dict[str, Any], changed: str | None
) -> None:
    assert settled(request_, separating=separating) == (sent, {"separate_reasoning": changed} if changed else {})


@pytest.mark.parametrize("value", [True, False])
@pytest.mark.parametrize("name", ["enable_thinking", "separate_reasoning"])
def test_the_operators_word_goes_before(name: str, value: bool) -> None:
    table = {name: Parameter(Support.REFUSED)}
    with pytest.raises(InvalidRequest) as refused:
        settled({name: value}, "thinking", "always", **table)
    assert refused.value.param == name
    ignored = {"separate_reasoning": Parameter(Support.IGNORED)}
    assert settled({"separate_reasoning": value}, separating="always", **ignored) == (
        {},
        {"separate_reasoning": "ignored"},
    )
