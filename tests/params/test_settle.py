from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import Raw

from penstock.core.errors import UnsupportedParameter
from penstock.dialects.chat.request import KNOWN
from penstock.params import Capabilities, check_strict, parameters, settle
from penstock.params.capabilities import OPENAI_FIELDS, OWN_FIELDS, SAMPLING_FIELDS

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
