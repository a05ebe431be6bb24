"""Reading a responses request: every field at the edges of its range and just outside, the dialects, what must hold
between fields, any JSON anywhere, and real requests."""

from __future__ import annotations

import ast
import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dialects.responses.request_rows import ACCEPTED, ACCEPTED_TOGETHER, REFUSED

from penstock.core.errors import InvalidRequest
from penstock.dialects.profiles import PROFILES
from penstock.dialects.responses.request import CHAT_FIELDS, KNOWN, Asked, decode
from penstock.settings import Limits

LIMITS = Limits()
LEAST = {"model": "gpt-4", "input": "Hello"}


def read(body: bytes, dialect: str = "openai", *, strict: bool = False, limits: Limits = LIMITS) -> Asked:
    return decode(body, limits, profile=PROFILES[dialect], strict=strict)


def request(**fields: Any) -> bytes:
    return json.dumps(LEAST | fields).replace("Infinity", "1e999").encode()


def refused(body: bytes, dialect: str = "openai", **how: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read(body, dialect, **how)
    return caught.value


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in ACCEPTED.items() for value in values])
def test_a_field_is_accepted_up_to_its_edges(field: str, value: Any) -> None:
    got = getattr(read(request(**{field: value})).wire, field)
    assert got is not None
    if not isinstance(value, list | dict):
        assert got == value
        assert isinstance(got, bool) == isinstance(value, bool)


@pytest.mark.parametrize("case", ACCEPTED_TOGETHER)
def test_fields_are_accepted_together(case: str) -> None:
    assert read(request(**ACCEPTED_TOGETHER[case])).wire.model == "gpt-4"


@pytest.mark.parametrize("case", REFUSED)
def test_a_field_is_refused(case: str) -> None:
    fields, param, code, words = REFUSED[case]
    error = refused(request(**fields))
    assert (error.param, error.code) == (param, code), error.message
    assert words in error.message
    assert param.partition("[")[0].partition(".")[0] in error.message
    assert (error.status, error.type) == (400, "invalid_request_error")
    assert len(error.message) < 1000


def test_every_field_has_its_rows() -> None:
    accepted = set(ACCEPTED).union(*ACCEPTED_TOGETHER.values())
    assert KNOWN - accepted == set()
    assert KNOWN - {row[1].partition(".")[0].partition("[")[0] for row in REFUSED.values()} == set()
    assert set(CHAT_FIELDS) < KNOWN


def test_null_means_absent_in_every_optional_field() -> None:
    assert read(request(**dict.fromkeys(KNOWN - {"model", "input"}))).wire == read(request()).wire


@pytest.mark.parametrize("field", ["model", "input"])
def test_a_missing_field_is_named(field: str) -> None:
    error = refused(json.dumps({name: value for name, value in LEAST.items() if name != field}).encode())
    assert (error.param, error.code) == (field, "missing_required_parameter")


@pytest.mark.parametrize("source", [{"previous_response_id": "r"}, {"conversation": "c"}, {"prompt": {"id": "p"}}])
@pytest.mark.parametrize("given_input", [None, []])
def test_what_a_request_continues_may_stand_for_its_input(source: dict[str, Any], given_input: Any) -> None:
    assert read(request(input=given_input, **source)).own_items == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "invalid_json"), (b"[]", "invalid_type"), (b'{"model":', "invalid_json"), (b'{"a":NaN}', "invalid_json")],
)
def test_bytes_are_refused(body: bytes, code: str) -> None:
    assert refused(body).code == code


# what is settled


@pytest.mark.parametrize("dialect", PROFILES)
def test_whether_an_answer_is_stored_is_the_dialects_to_say(dialect: str) -> None:
    assert read(request(), dialect).wire.store is (not dialect.startswith("aimlapi"))
    assert read(request(store=False), dialect).wire.store is False
    assert read(request(store=True), dialect).wire.store is True


def test_an_answer_in_the_background_is_stored() -> None:
    assert read(request(background=True), "aimlapi").wire.store is True


@pytest.mark.parametrize("dialect", PROFILES)
def test_the_length_of_an_answer(dialect: str) -> None:
    usual = 512 if dialect == "aimlapi-legacy" else None
    asked = read(request(), dialect)
    assert asked.wire.max_output_tokens == usual
    assert json.loads(bytes(asked.members.get("max_output_tokens", b"null"))) == usual
    by_key = decode(request(), LIMITS, profile=PROFILES[dialect], strict=False, default_max_tokens=99)
    assert (by_key.wire.max_output_tokens, bytes(by_key.members["max_output_tokens"])) == (99, b"99")
    said = decode(request(max_output_tokens=64), LIMITS, profile=PROFILES[dialect], strict=False, default_max_tokens=9)
    assert said.wire.max_output_tokens == 64


def test_whole_numbers_are_sent_as_integers() -> None:
    asked = read(request(max_output_tokens=20.0, top_logprobs=2.0))
    assert (asked.wire.max_output_tokens, bytes(asked.members["max_output_tokens"])) == (20, b"20")
    assert bytes(asked.members["top_logprobs"]) == b"2"


def test_what_is_asked_for() -> None:
    assert read(request(conversation={"id": "c"})).conversation == "c"
    assert read(request(conversation="c")).conversation == "c"
    assert read(request()).conversation is None
    assert read(request()).own_items == 1
    assert read(request(input=[{"role": "user", "content": "a"}] * 3)).own_items == 3
    assert not read(request(top_logprobs=0)).logprobs
    assert read(request(top_logprobs=1)).logprobs
    assert read(request(include=["message.output_text.logprobs"])).logprobs


def test_unknown_fields_are_kept_as_they_came() -> None:
    assert bytes(read(request(zzz={"a": [1.50]})).members["zzz"]) == b'{"a": [1.5]}'


# dialects


@pytest.mark.parametrize("dialect", PROFILES)
def test_the_least_length_of_an_answer(dialect: str) -> None:
    least = 1 if dialect == "sgp" else 16
    assert read(request(max_output_tokens=least), dialect).wire.max_output_tokens == least
    error = refused(request(max_output_tokens=least - 1), dialect)
    assert (error.param, error.code) == ("max_output_tokens", "integer_below_min_value")
    assert f"at least {least}" in error.message


@pytest.mark.parametrize(
    ("dialect", "field", "good", "bad", "code"),
    [
        ("aimlapi", "top_p", 0.01, 0.009, "decimal_below_min_value"),
        ("aimlapi-legacy", "top_p", 0.1, 0.09, "decimal_below_min_value"),
        ("aimlapi", "seed", 1, 0, "integer_below_min_value"),
        ("tokensmind", "top_p", 0.001, 0.0, "decimal_below_min_value"),
        ("tokensmind", "top_k", 127, 128, "integer_above_max_value"),
        ("openresponses", "max_tool_calls", 1, 0, "integer_below_min_value"),
        ("openresponses", "prompt_cache_key", "x" * 64, "x" * 65, "string_above_max_length"),
    ],
)
def test_narrower_ranges(dialect: str, field: str, good: Any, bad: Any, code: str) -> None:
    assert getattr(read(request(**{field: good}), dialect).wire, field) == good
    assert getattr(read(request(**{field: bad})).wire, field) == bad
    error = refused(request(**{field: bad}), dialect)
    assert (error.param, error.code) == (field, code)
    assert f"'{dialect}'" in error.message
    assert len(error.message) < 300


def test_metadata_of_scale_may_hold_anything() -> None:
    asked = read(request(metadata={"a": 1, "b": "x", "c": {"d": [True]}, "e": "\u00e9"}), "sgp")
    assert asked.wire.metadata == {"a": "1", "b": "x", "c": '{"d": [true]}', "e": "\u00e9"}
    assert json.loads(bytes(asked.members["metadata"])) == asked.wire.metadata
    assert asked.noted == {"metadata": "translated"}
    assert read(request(metadata={"b": "x"}), "sgp").noted == {}
    assert refused(request(metadata=[1]), "sgp").param == "metadata"


# between fields


def test_strict_mode_takes_one_name_of_the_summary() -> None:
    reasoning = {"summary": "auto", "generate_summary": "concise"}
    assert read(request(reasoning=reasoning)).wire.reasoning is not None
    assert refused(request(reasoning=reasoning), strict=True).param == "reasoning.generate_summary"


def test_a_schema_may_nest_as_deeply_as_a_chat_completion_allows() -> None:
    def tool(levels: int) -> dict[str, Any]:
        schema: dict[str, Any] = {}
        for _ in range(levels - 1):
            schema = {"a": schema}
        return {"type": "function", "name": "f", "parameters": schema}

    assert read(request(tools=[tool(60)])).wire.tools
    error = refused(request(tools=[tool(61)]))
    assert (error.param, error.code) == ("tools", "nesting_too_deep")
    assert read(request(metadata={"a": "[" * 99}, tools=[tool(60) | {"description": "{" * 99}])).wire.tools


def test_what_a_client_sent_is_not_repeated_at_length() -> None:
    for fields in ({"service_tier": "x" * 99_999}, {"metadata": {"k" * 9999: 1}}, {"conversation": "x" * 99_999}):
        error = refused(request(**fields))
        assert len(error.message) < 500
        assert len(error.param or "") < 200


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(KNOWN)), ANYTHING, st.sampled_from(sorted(PROFILES)), st.booleans())
def test_any_value_of_any_field_is_read_or_refused_by_name(field: str, value: Any, dialect: str, strict: bool) -> None:
    param = field
    try:
        read(json.dumps(LEAST | {field: value}).encode(), dialect, strict=strict)
    except InvalidRequest as error:
        param = error.param or ""
    assert param.startswith(field)


# real requests


def test_the_samples_of_the_seeds(shared: Path) -> None:
    models = set()
    for number in ("001", "002"):
        (path,) = (shared / "seeds").glob(f"{number}_*.txt")
        for sample in re.findall(r"json=(\{.*?\n    \})\n\)", path.read_text("utf-8"), re.DOTALL):
            body = ast.literal_eval(sample)
            if "input" in body:
                models.add(read(json.dumps(body).encode(), "aimlapi").wire.model)
    assert models == {"gpt-4-0125-preview"}


def test_the_examples_of_the_official_document(shared: Path) -> None:
    document = json.loads((shared / "spec" / "openai-openapi.json").read_text("utf-8"))
    examples = document["paths"]["/responses"]["post"]["x-oaiMeta"]["examples"]
    bodies = [re.search(r"-d '(.*?)'\s*(?:\n|$)", each["request"]["curl"], re.DOTALL) for each in examples]
    assert len([read(body[1].encode()) for body in bodies if body is not None]) >= 6


def test_recorded_requests(shared: Path) -> None:
    """What clients really send, and vendors accepted, is read; four name a template instead of a model."""
    count, beyond = 0, []
    for path in sorted((shared / "recordings").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                recording = json.loads(line) if '"responses"' in line else {"api": ""}
                if recording["api"] != "responses" or not recording["req"].get("t") or recording["status"] >= 400:
                    continue
                try:
                    read(recording["req"]["t"].encode())
                    count += 1
                except InvalidRequest as error:
                    assert '"prompt"' in recording["req"]["t"]
                    beyond.append((error.param, error.code))
    assert count > 450
    assert set(beyond) <= {("model", "missing_required_parameter")}
