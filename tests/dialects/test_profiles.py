"""The six dialects, rule by rule: what each refuses that others take, and what each fills in."""

from __future__ import annotations

import json
from typing import Any, get_args

import msgspec
import pytest

from penstock.core.call import Call
from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.request import ChatCompletionRequest, decode
from penstock.dialects.profiles import PROFILES
from penstock.settings import Limits
from penstock.settings.schema import Server

NAMES = ["openai", "aimlapi", "aimlapi-legacy", "tokensmind", "sgp", "openresponses"]


def read(dialect: str, default_max_tokens: int | None = None, **fields: Any) -> Call:
    body = {"model": "openai/gpt-4", "messages": [{"role": "user", "content": "Hi"}], **fields}
    return decode(
        json.dumps(body).encode(),
        Limits(),
        id="chatcmpl-1",
        request_id="req_1",
        now=0,
        strict=False,
        profile=PROFILES[dialect],
        default_max_tokens=default_max_tokens,
    )


def test_there_are_six_and_the_setting_names_the_same() -> None:
    assert list(PROFILES) == NAMES
    assert [profile.name for profile in PROFILES.values()] == NAMES
    (setting,) = [field for field in msgspec.structs.fields(Server) if field.name == "dialect"]
    assert list(get_args(setting.type)) == NAMES
    assert setting.default == "openai"


def test_bounds_are_of_fields_that_there_are() -> None:
    for profile in PROFILES.values():
        assert set(profile.bounds) <= set(ChatCompletionRequest.__struct_fields__)


# field, value, the dialects that refuse it, the code, what the message says is allowed
RANGES: list[tuple[str, Any, set[str], str, str]] = [
    ("seed", 0, {"aimlapi", "aimlapi-legacy"}, "integer_below_min_value", "an integer of at least 1"),
    ("seed", -(2**63), {"aimlapi", "aimlapi-legacy"}, "integer_below_min_value", "an integer of at least 1"),
    ("seed", 1, set(), "", ""),
    ("seed", 2**63 - 1, set(), "", ""),
    ("seed", None, set(), "", ""),
    ("top_p", 0, {"aimlapi", "aimlapi-legacy", "tokensmind"}, "decimal_below_min_value", ""),
    ("top_p", 0.005, {"aimlapi", "aimlapi-legacy"}, "decimal_below_min_value", ""),
    ("top_p", 0.01, {"aimlapi-legacy"}, "decimal_below_min_value", "a number from 0.1 to 1"),
    ("top_p", 0.0999, {"aimlapi-legacy"}, "decimal_below_min_value", "a number from 0.1 to 1"),
    ("top_p", 0.1, set(), "", ""),
    ("top_p", 1e-300, {"aimlapi", "aimlapi-legacy"}, "decimal_below_min_value", ""),
    ("top_p", 1, set(), "", ""),
    ("top_p", None, set(), "", ""),
    ("top_k", 0, {"tokensmind"}, "integer_below_min_value", "an integer from 1 to 127"),
    ("top_k", 1, set(), "", ""),
    ("top_k", 127, set(), "", ""),
    ("top_k", 128, {"tokensmind"}, "integer_above_max_value", "an integer from 1 to 127"),
    ("top_k", None, set(), "", ""),
    ("repetition_penalty", 0, set(NAMES), "decimal_below_min_value", "a number between 0 and 2, both excluded"),
    ("repetition_penalty", 2, set(NAMES), "decimal_above_max_value", "a number between 0 and 2, both excluded"),
    ("repetition_penalty", 1.99, set(), "", ""),
    ("n", 128, set(), "", ""),
    ("n", 129, set(NAMES), "integer_above_max_value", "an integer from 1 to 128"),
    ("n", 0, set(NAMES), "integer_below_min_value", "an integer from 1 to 128"),
    ("min_p", 1.1, set(NAMES), "decimal_above_max_value", "a number from 0 to 1"),
    ("max_tokens", 0, set(NAMES), "integer_below_min_value", ""),
]


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize(("field", "value", "refusing", "code", "allowed"), RANGES)
def test_ranges(dialect: str, field: str, value: Any, refusing: set[str], code: str, allowed: str) -> None:
    if dialect not in refusing:
        assert getattr(read(dialect, **{field: value}).wire, field) == value
        return
    with pytest.raises(InvalidRequest) as refused:
        read(dialect, **{field: value})
    error = refused.value
    assert (error.param, error.code, error.status) == (field, code, 400)
    assert f"'{field}' is " in error.message
    assert allowed in error.message


@pytest.mark.parametrize(
    ("dialect", "allowed"),
    [
        ("aimlapi", "'top_p' is 0.0; in the dialect 'aimlapi' it must be a number from 0.01 to 1."),
        ("aimlapi-legacy", "'top_p' is 0.0; in the dialect 'aimlapi-legacy' it must be a number from 0.1 to 1."),
        ("tokensmind", "'top_p' is 0.0; in the dialect 'tokensmind' it must be a number above 0, and at most 1."),
    ],
)
def test_a_refusal_says_what_was_sent_where_and_what_is_allowed(dialect: str, allowed: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(dialect, top_p=0)
    assert refused.value.message == allowed


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("options", [{}, {"include_obfuscation": True}, {"include_usage": None}])
def test_include_usage_is_needed_inside_stream_options_in_aimlapi_alone(dialect: str, options: dict[str, Any]) -> None:
    if dialect not in ("aimlapi", "aimlapi-legacy"):
        read(dialect, stream=True, stream_options=options)
        return
    with pytest.raises(InvalidRequest) as refused:
        read(dialect, stream=True, stream_options=options)
    assert (refused.value.param, refused.value.code) == ("stream_options.include_usage", "missing_required_parameter")
    read(dialect, stream=True, stream_options={"include_usage": False})
    read(dialect, stream=True)


@pytest.mark.parametrize("dialect", NAMES)
def test_every_stream_of_aimlapi_ends_with_usage(dialect: str) -> None:
    assert read(dialect, stream=True).include_usage is (dialect == "aimlapi")
    assert read(dialect, stream=True, stream_options={"include_usage": True}).include_usage is True
    assert read(dialect).include_usage is False


@pytest.mark.parametrize("dialect", NAMES)
@pytest.mark.parametrize("model", ["gpt-4", "openai/gpt-4", "fireworks_ai/meta/llama"])
def test_a_model_may_come_with_or_without_its_vendor(dialect: str, model: str) -> None:
    assert read(dialect, model=model).model == model


@pytest.mark.parametrize("dialect", NAMES)
def test_answers_have_512_tokens_in_aimlapi_legacy_where_nothing_is_said(dialect: str) -> None:
    most = 512 if dialect == "aimlapi-legacy" else None
    call = read(dialect, max_tokens=None)
    assert call.wire.max_tokens == most
    assert json.loads(bytes(call.members["max_tokens"])) == most
    assert ("max_tokens" in read(dialect).members) is (most is not None)


@pytest.mark.parametrize("dialect", NAMES)
def test_a_request_that_says_how_long_is_left_alone(dialect: str) -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        call = read(dialect, default_max_tokens=5, **{name: 600})
        assert {"max_tokens", "max_completion_tokens"} & call.members.keys() == {name}
        assert bytes(call.members[name]) == b"600"
        assert getattr(call.wire, name) == 600


@pytest.mark.parametrize("dialect", NAMES)
def test_the_setting_of_a_key_goes_before_the_dialect(dialect: str) -> None:
    call = read(dialect, default_max_tokens=77)
    assert call.wire.max_tokens == 77
    assert bytes(call.members["max_tokens"]) == b"77"


@pytest.mark.parametrize("dialect", NAMES)
def test_stop_and_function_required_are_taken_everywhere(dialect: str) -> None:
    function = {"name": "f", "description": "d", "parameters": None, "required": ["a"]}
    call = read(dialect, stop=["a", "b", "c", "d"], tools=[{"type": "function", "function": function}])
    assert call.wire.tools[0].function.name == "f"
    assert PROFILES[dialect].stop_included is (dialect == "tokensmind")


def test_how_each_says_no() -> None:
    by_kind = {name: (p.errors, p.invalid_status, p.no_key_status, p.no_credit_status) for name, p in PROFILES.items()}
    assert by_kind == {
        "openai": ("openai", 400, 401, 429),
        "aimlapi": ("flat", 400, 401, 403),
        "aimlapi-legacy": ("flat", 400, 401, 403),
        "tokensmind": ("codes", 400, 403, 403),
        "sgp": ("detail", 422, 401, 429),
        "openresponses": ("openai", 400, 401, 429),
    }
