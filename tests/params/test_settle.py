from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from penstock.core.errors import UnsupportedParameter
from penstock.dialects.chat.request import KNOWN
from penstock.params import Capabilities, check_strict, parameters, settle
from penstock.params.capabilities import OPENAI_FIELDS, OWN_FIELDS, SAMPLING_FIELDS
from penstock.params.effort import ByEffort

BASE = {"model": "m", "messages": []}


def abilities(passes_unknown: bool = False, **given: Any) -> Capabilities:
    table = parameters(**{"renamed": {}, "unsupported": (), "extras": (), "passes_unknown": passes_unknown, **given})
    return Capabilities.of("the model", table, passes_unknown=passes_unknown)


def settled(request: dict[str, Any], **given: Any) -> tuple[dict[str, Any], dict[str, str]]:
    """What is sent beside model and messages, and what is said of it."""
    members = msgspec.json.decode(msgspec.json.encode({**BASE, **request}), type=dict[str, Raw])
    found = settle(members, abilities(**given))
    sent = {name: msgspec.json.decode(value) for name, value in found.members.items()}
    assert {name: sent.pop(name) for name in BASE} == BASE
    return sent, found.changed


def settled_by_effort(rules: ByEffort, request: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    capabilities = Capabilities.of("m", parameters(renamed={}, unsupported=(), extras=()), by_effort=rules)
    members = msgspec.json.decode(msgspec.json.encode(request), type=dict[str, Raw])
    found = settle(members, capabilities)
    return {name: msgspec.json.decode(value) for name, value in found.members.items()}, found.changed


@pytest.mark.parametrize(
    ("request_", "dropped"),
    [
        ({"temperature": 0.2, "top_p": 0.5, "logprobs": True, "top_logprobs": 2}, ()),
        ({"temperature": 0.2, "reasoning_effort": None}, ()),
        ({"temperature": 0.2, "reasoning_effort": "none"}, ()),
        ({"temperature": 0.2, "reasoning_effort": "low", "seed": 1}, ("temperature",)),
        (
            {"temperature": 0, "top_p": 0.5, "logprobs": True, "top_logprobs": 2, "reasoning_effort": "high"},
            ("temperature", "top_p", "logprobs", "top_logprobs"),
        ),
    ],
)
def test_sampling_goes_where_it_is_taken_at_the_effort(request_: dict[str, Any], dropped: tuple[str, ...]) -> None:
    sent, changed = settled_by_effort(ByEffort("none", sampling="none"), request_)
    assert sent == {name: value for name, value in request_.items() if name not in dropped}
    assert changed == dict.fromkeys(dropped, "ignored")


def test_sampling_that_asks_for_nothing_goes_without_a_word() -> None:
    rules = ByEffort("none", sampling="none")
    asked = {"reasoning_effort": "low", "temperature": 1, "logprobs": False, "top_p": None}
    assert settled_by_effort(rules, asked) == ({"reasoning_effort": "low"}, {})


TOOLS = [{"type": "function", "function": {"name": "f"}}]


@pytest.mark.parametrize(
    ("rules", "request_", "effort", "changed"),
    [
        (ByEffort("medium", beside_tools="none"), {"tools": TOOLS}, "none", "translated"),
        (ByEffort("medium", beside_tools="none"), {"functions": [{"name": "f"}]}, "none", "translated"),
        (ByEffort("medium", beside_tools="none"), {"tools": TOOLS, "reasoning_effort": "low"}, "none", "translated"),
        (ByEffort("medium", beside_tools="none"), {"tools": TOOLS, "reasoning_effort": "none"}, "none", None),
        (ByEffort("medium", beside_tools="none"), {"tools": [], "reasoning_effort": "low"}, "low", None),
        (ByEffort("medium", beside_tools="none"), {"reasoning_effort": "low"}, "low", None),
        (ByEffort("medium", beside_tools="none"), {}, None, None),
        (ByEffort("none", beside_tools="unsaid"), {"tools": TOOLS}, None, None),
        (ByEffort("none", beside_tools="unsaid"), {"tools": TOOLS, "reasoning_effort": "none"}, None, None),
        (ByEffort("none", beside_tools="unsaid"), {"tools": TOOLS, "reasoning_effort": "high"}, None, "ignored"),
        (ByEffort("none", beside_tools="unsaid"), {"reasoning_effort": "high"}, "high", None),
    ],
)
def test_the_effort_beside_tools_is_the_one_that_the_model_needs(
    rules: ByEffort, request_: dict[str, Any], effort: str | None, changed: str | None
) -> None:
    sent, found = settled_by_effort(rules, request_)
    assert sent.get("reasoning_effort") == effort
    assert found == ({} if changed is None else {"reasoning_effort": changed})


def test_sampling_is_taken_beside_tools_where_they_put_the_effort_there() -> None:
    rules = ByEffort("none", sampling="none", beside_tools="unsaid")
    sent, changed = settled_by_effort(rules, {"tools": TOOLS, "reasoning_effort": "high", "temperature": 0.3})
    assert sent == {"tools": TOOLS, "temperature": 0.3}
    assert changed == {"reasoning_effort": "ignored"}


def test_openais_fields_are_native() -> None:
    request = dict.fromkeys(OPENAI_FIELDS - BASE.keys() - {"max_tokens"}, 1)
    assert settled(request) == (request, {})


def test_members_keep_their_order_and_their_bytes() -> None:
    members = {"b": Raw(b"1.50"), "model": Raw(b'"\\u0041"'), "seed": Raw(b" 1"), "a": Raw(b"[1,  2]")}
    found = settle(members, abilities(renamed={"seed": "random_seed"}, passes_unknown=True))
    assert list(found.members) == ["b", "model", "random_seed", "a"]
    assert bytes(found.members["a"]) == b"[1,  2]"
    assert found.members["model"] is members["model"]


def test_the_clients_members_are_left_alone() -> None:
    members = {"model": Raw(b"1")}
    settle(members, abilities()).members["model"] = Raw(b"2")
    assert members == {"model": Raw(b"1")}


@pytest.mark.parametrize(
    ("request_", "given", "sent", "changed"),
    [
        ({"seed": 1}, {"renamed": {"seed": "random_seed"}}, {"random_seed": 1}, {"seed": "translated"}),
        ({"seed": None}, {"renamed": {"seed": "random_seed"}}, {}, {}),
        ({"logit_bias": {"1": 2}}, {"unsupported": ("logit_bias",)}, {}, {"logit_bias": "ignored"}),
        ({"logit_bias": None}, {"unsupported": ("logit_bias",)}, {}, {}),
        ({"logit_bias": {}}, {"unsupported": ("logit_bias",)}, {}, {}),
        ({"frequency_penalty": 0.0}, {"unsupported": ("frequency_penalty",)}, {}, {}),
        ({"tool_choice": "auto"}, {"unsupported": ("tool_choice",)}, {}, {}),
        ({"tool_choice": "none"}, {"unsupported": ("tool_choice",)}, {}, {"tool_choice": "ignored"}),
        ({"n": 1}, {"fans_out": True}, {}, {}),
        ({"n": 3}, {"fans_out": True}, {}, {"n": "emulated"}),
        ({"n": 3}, {}, {"n": 3}, {}),
        ({"top_k": 4}, {}, {}, {"top_k": "ignored"}),
        ({"top_k": 0}, {}, {}, {}),
        ({"top_k": 4}, {"extras": ("top_k",)}, {"top_k": 4}, {}),
        ({"top_k": 4}, {"passes_unknown": True}, {"top_k": 4}, {"top_k": "passed"}),
        ({"safe_prompt": True}, {}, {}, {"safe_prompt": "ignored"}),
        ({"provider": "openai"}, {"passes_unknown": True}, {}, {}),
        ({"provider": {"order": ["a"]}}, {}, {}, {"provider": "ignored"}),
        ({"context_length_exceeded_behavior": "truncate"}, {}, {}, {}),
        ({"provider": "auto"}, {}, {}, {}),
        ({"provider": {"order": ["a"]}}, {"extras": ("provider",)}, {"provider": {"order": ["a"]}}, {}),
        ({"enable_thinking": True}, {"passes_unknown": True}, {}, {"enable_thinking": "ignored"}),
        ({"stream_options": {"include_usage": True}}, {"unsupported": ("stream_options",)}, {}, {}),
        (
            {"stream_options": {"include_usage": True, "include_obfuscation": True}},
            {"unsupported": ("stream_options",)},
            {},
            {"stream_options": "ignored"},
        ),
        ({"max_tokens": 5, "max_completion_tokens": 6}, {}, {"max_completion_tokens": 6}, {"max_tokens": "ignored"}),
        ({"max_tokens": None, "max_completion_tokens": 6}, {}, {"max_completion_tokens": 6}, {}),
        ({"max_tokens": 5, "max_completion_tokens": None}, {}, {"max_tokens": 5, "max_completion_tokens": None}, {}),
        (
            {"max_completion_tokens": 6, "max_tokens": 5},
            {"renamed": {"max_completion_tokens": "max_tokens"}},
            {"max_tokens": 6},
            {"max_completion_tokens": "translated", "max_tokens": "ignored"},
        ),
        (
            {"max_tokens": 5},
            {"renamed": {"max_completion_tokens": "max_tokens"}},
            {"max_tokens": 5},
            {},
        ),
        (
            {"seed": 1, "random_seed": 2},
            {"renamed": {"seed": "random_seed"}, "extras": ("random_seed",)},
            {"random_seed": 2},
            {"seed": "ignored"},
        ),
        (
            {"random_seed": None, "seed": 1},
            {"renamed": {"seed": "random_seed"}, "extras": ("random_seed",)},
            {"random_seed": 1},
            {"seed": "translated"},
        ),
    ],
)
def test_each_case(
    request_: dict[str, Any], given: dict[str, Any], sent: dict[str, Any], changed: dict[str, str]
) -> None:
    assert settled(request_, **given) == (sent, changed)


def test_strict_mode_lists_every_case_at_once() -> None:
    given = abilities(renamed={"seed": "random_seed"}, unsupported=("user",), fans_out=True, passes_unknown=True)
    members = msgspec.json.decode(b'{"seed":1,"user":"u","n":2,"x":1}', type=dict[str, Raw])
    with pytest.raises(UnsupportedParameter) as raised:
        check_strict(settle(members, given).changed, given)
    error = raised.value
    assert (error.status, error.code, error.param) == (400, "unsupported_parameter", "seed")
    assert error.message.startswith("the model does not have")
    for words in (
        "'seed': it would be sent as 'random_seed'",
        "'user': it would be ignored",
        "'n': it would be emulated",
    ):
        assert words in error.message
    assert "'x'" not in error.message


def test_strict_mode_has_nothing_to_say_where_nothing_is_lacking() -> None:
    check_strict({}, abilities())
    check_strict({"x": "passed"}, abilities())


def test_every_field_of_the_dialect_is_known_here() -> None:
    """A field that the dialect learns must be OpenAI's, one of our own, or a vendor's extra: decided, not forgotten."""
    assert KNOWN == OPENAI_FIELDS | OWN_FIELDS | SAMPLING_FIELDS
