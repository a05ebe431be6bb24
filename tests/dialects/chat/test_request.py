"""Reading a chat completion request: every field at the edges of its range and just outside, any JSON anywhere, and
the real requests of the seeds, the official document and recorded traffic."""

from __future__ import annotations

import ast
import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dialects.chat.request_rows import ACCEPTED, ACCEPTED_TOGETHER, REFUSED, REFUSED_BYTES, tool

from penstock.core.call import Call
from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.request import ENDPOINT, KNOWN, ChatCompletionRequest, decode
from penstock.dialects.profiles import PROFILES
from penstock.settings import Limits

LIMITS = Limits()
USER = {"role": "user", "content": "Hello"}
LEAST = {"model": "gpt-4", "messages": [USER]}


def read(body: bytes, *, strict: bool = False, limits: Limits = LIMITS) -> Call:
    return decode(body, limits, id="chatcmpl-1", request_id="req_1", now=1_790_000_000, strict=strict)


def request(**fields: Any) -> bytes:
    return json.dumps(LEAST | fields).encode()


# every field


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in ACCEPTED.items() for value in values])
def test_a_field_is_accepted_up_to_its_edges(field: str, value: Any) -> None:
    got = getattr(read(request(**{field: value})).wire, field)
    assert got is not None
    if not isinstance(value, list | dict):
        assert got == value
        assert isinstance(got, bool) == isinstance(value, bool)


@pytest.mark.parametrize("case", ACCEPTED_TOGETHER)
def test_fields_are_accepted_together(case: str) -> None:
    assert read(request(**ACCEPTED_TOGETHER[case])).model == "gpt-4"


def test_null_means_absent_in_every_optional_field() -> None:
    optional = KNOWN - {"model", "messages"}
    assert read(request(**dict.fromkeys(optional))).wire == read(request()).wire


def test_every_field_has_its_rows() -> None:
    accepted = set(ACCEPTED).union(*ACCEPTED_TOGETHER.values())
    refused = {row[1].partition(".")[0].partition("[")[0] for row in [*REFUSED.values(), *REFUSED_BYTES.values()]}
    assert KNOWN - {"messages"} - accepted == set()
    assert KNOWN - refused == set()


@pytest.mark.parametrize("case", REFUSED)
def test_a_field_is_refused(case: str) -> None:
    fields, *expected = REFUSED[case]
    check_refused(request(**fields), *expected)


@pytest.mark.parametrize("case", REFUSED_BYTES)
def test_bytes_are_refused(case: str) -> None:
    body, *expected = REFUSED_BYTES[case]
    check_refused(body, *expected)


def check_refused(body: bytes, param: str, code: str, words: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(body)
    error = caught.value
    assert (error.param, error.code) == (param, code), error.message
    assert words in error.message
    assert param.partition("[")[0].partition(".")[0] in error.message
    assert (error.status, error.type) == (400, "invalid_request_error")
    assert len(error.message) < 1000


def test_a_key_of_a_map_may_be_empty() -> None:
    check_refused(request(logit_bias={"": None}), "logit_bias.", "invalid_type", "must be a number")


def test_what_a_client_sent_is_not_repeated_at_length() -> None:
    for fields in (
        {"stop": "", "model": "x" * 100_000},
        {"reasoning_effort": "x" * 100_000},
        {"metadata": {"k" * 9999: 1}},
    ):
        with pytest.raises(InvalidRequest) as caught:
            read(request(**fields))
        assert len(caught.value.message) < 500
        assert len(caught.value.param or "") < 200


def test_a_text_of_the_wrong_place_is_counted_and_not_shown() -> None:
    with pytest.raises(InvalidRequest) as caught:
        read(request(messages="my secret"))
    assert "secret" not in caught.value.message
    assert "a string of 9 characters" in caught.value.message


# the call


def test_the_call_holds_what_was_asked_for() -> None:
    body = request(stream=True, stream_options={"include_usage": True}, n=3, seed=7, zzz={"a": [1.50]})
    call = decode(body, LIMITS, id="chatcmpl-9", request_id="req_9", now=5, strict=True, profile=PROFILES["aimlapi"])
    assert (call.id, call.request_id, call.created, call.dialect) == ("chatcmpl-9", "req_9", 5, "aimlapi")
    assert (call.endpoint, call.model, call.strict) == (ENDPOINT, "gpt-4", True)
    assert (call.stream, call.include_usage, call.n, call.seed) == (True, True, 3, 7)
    assert isinstance(call.wire, ChatCompletionRequest)
    assert call.wire.messages[0].role == "user"
    assert {name: json.loads(bytes(raw)) for name, raw in call.members.items()} == json.loads(body)
    assert call.changed == {}


def test_the_call_holds_the_defaults() -> None:
    call = read(request())
    assert (call.stream, call.include_usage, call.n, call.seed, call.dialect) == (False, False, 1, None, "openai")


def test_members_keep_their_bytes() -> None:
    call = read(
        b'{"model":"m" , "messages":[ {"role":"user","content":"x","zzz":1.50} ],"temperature":1.0e0,"zzz": 1E1}'
    )
    assert bytes(call.members["messages"]) == b'[ {"role":"user","content":"x","zzz":1.50} ]'
    assert bytes(call.members["temperature"]) == b"1.0e0"
    assert bytes(call.members["zzz"]) == b"1E1"


def test_whole_numbers_become_integers_in_what_is_sent_too() -> None:
    call = read(request(max_tokens=5.0, n=2.0, top_k=1e2, temperature=1.0))
    assert (call.wire.max_tokens, call.wire.n, call.wire.top_k, call.n) == (5, 2, 100, 2)
    assert [bytes(call.members[name]) for name in ("max_tokens", "n", "top_k")] == [b"5", b"2", b"100"]
    assert bytes(call.members["temperature"]) == b"1.0"


def test_strict_allows_one_limit_of_length_only() -> None:
    both = request(max_tokens=5, max_completion_tokens=6)
    assert read(both).wire.max_completion_tokens == 6
    with pytest.raises(InvalidRequest) as caught:
        read(both, strict=True)
    assert (caught.value.param, caught.value.code) == ("max_tokens", "invalid_parameter_combination")
    assert read(request(max_tokens=5, max_completion_tokens=None), strict=True).wire.max_tokens == 5


def test_the_limits_are_settings() -> None:
    limits = Limits(tools=2, messages=3, nesting=8)
    assert read(request(tools=[tool()] * 2, messages=[USER] * 3), limits=limits)
    with pytest.raises(InvalidRequest, match="at most 2 tools"):
        read(request(tools=[tool()] * 3), limits=limits)
    with pytest.raises(InvalidRequest, match="an array of 4; at most 3 messages"):
        read(request(messages=[USER] * 4), limits=limits)
    with pytest.raises(InvalidRequest, match="at most 8 levels"):
        read(request(tools=[tool(parameters={"a": {"a": {"a": {"a": {}}}}})]), limits=limits)


# anything at all

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8)
)
WORDS = st.sampled_from(
    ["type", "role", "user", "assistant", "tool", "content", "text", "function", "name", "id", "auto"]
)
JSON = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(KNOWN)), JSON, st.booleans())
def test_any_json_in_any_field_is_read_or_refused(field: str, value: Any, strict: bool) -> None:
    try:
        call = read(request(**{field: value}), strict=strict)
    except InvalidRequest as error:
        refused = error
    else:
        assert call.members.keys() == LEAST.keys() | {field}
        return
    assert (refused.param or "").startswith(field) or refused.param == "audio"
    assert refused.code
    assert refused.message.endswith(".")


@settings(deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {"role": WORDS | SCALARS, "content": JSON}, optional={"tool_calls": JSON, "tool_call_id": WORDS}
        ),
        max_size=4,
    )
)
def test_any_messages_are_read_or_refused(messages: list[Any]) -> None:
    try:
        read(request(messages=messages))
    except InvalidRequest as error:
        refused = error
    else:
        return
    assert refused.param is not None
    assert refused.param.startswith("messages")


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(KNOWN)), JSON, max_size=6), st.integers(0, 400), st.binary(max_size=4))
def test_damaged_bytes_are_read_or_refused(fields: dict[str, Any], at: int, damage: bytes) -> None:
    body = bytearray(request(**fields))
    body[at : at + len(damage)] = damage
    try:
        read(bytes(body))
    except InvalidRequest as error:
        refused = error
    else:
        return
    assert refused.message


# real requests


def curl_body(text: str) -> str:
    """The JSON of a `curl` command as it stands in documentation."""
    found = re.search(r"(?:--data|-d) '(.*?)'\s*(?:\n|$)", text, re.DOTALL)
    assert found is not None
    return found[1]


def seed(shared: Path, number: str) -> str:
    (path,) = (shared / "seeds").glob(f"{number}_*.txt")
    return path.read_text("utf-8")


def test_the_first_curl_of_the_seeds(shared: Path) -> None:
    call = read(curl_body(seed(shared, "000")).encode())
    assert (call.model, call.stream, call.include_usage, call.n, call.seed) == ("gpt-4", True, True, 1, 1)
    assert call.wire.tools[0].function.parameters is None
    assert call.wire.tool_choice == "none"


def test_the_python_samples_of_the_seeds(shared: Path) -> None:
    samples = [
        sample
        for number in ("001", "002")
        for sample in re.findall(r"json=(\{.*?\n    \})\n\)", seed(shared, number), re.DOTALL)
    ]
    chats = [body for body in map(ast.literal_eval, samples) if "messages" in body]
    assert {read(json.dumps(body).encode()).model for body in chats} == {"gpt-4", "gpt-4-0125-preview"}


def test_the_sample_with_a_trailing_comma_is_refused_for_it(shared: Path) -> None:
    (sample,) = re.findall(r"^\{ \"model\".*\}$", seed(shared, "004"), re.MULTILINE)
    with pytest.raises(InvalidRequest, match="trailing comma in array, at byte"):
        read(sample.encode())
    assert read(re.sub(r",\s*\]", "]", sample).encode()).model == "gpt-4o"


def test_the_examples_of_the_official_document(shared: Path) -> None:
    document = json.loads((shared / "spec" / "openai-openapi.json").read_text("utf-8"))
    examples = document["paths"]["/chat/completions"]["post"]["x-oaiMeta"]["examples"]
    calls = {example["title"]: read(curl_body(example["request"]["curl"]).encode()) for example in examples}
    assert len(calls) >= 5
    assert calls["Streaming"].stream
    assert calls["Logprobs"].wire.top_logprobs == 2
    assert calls["Functions"].wire.tools[0].function.name == "get_current_weather"
    assert calls["Image input"].wire.messages[0].content[1].type == "image_url"


BEYOND_THE_DIALECT = {
    # Forms of one vendor alone, which no document of the dialect has: vendor, param, and what stands there.
    ("mistral", "tools[0].type"): "tools without a type",
    ("mistral", "tool_choice"): "'any' for 'required'",
    ("mistral", "content type"): "document_url and thinking parts",
    ("openrouter", "tools[0].type"): "tools that run at the vendor",
    ("huggingface", "tool_choice.type"): "a named tool without a type",
    ("groq", "service_tier"): "'on_demand'",
    ("groq", "reasoning_effort"): "'default'",
    ("azure", "model"): "null, since its older addresses name the deployment",
}


def test_recorded_requests(shared: Path) -> None:
    """What clients really send, and vendors accepted, is read; what is beyond the dialect is listed above."""
    read_well, beyond = 0, Counter[tuple[str, str]]()
    for path in sorted((shared / "recordings").glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                if '"api": "chat"' not in line and '"api":"chat"' not in line:
                    continue
                recording = json.loads(line)
                if recording["api"] != "chat" or not recording["req"].get("t"):
                    continue
                try:
                    read(recording["req"]["t"].encode())
                    read_well += 1
                except InvalidRequest as error:
                    param = re.sub(r"messages\[\d+\]\.content\[\d+\]\.type", "content type", error.param or "")
                    beyond[recording["provider"], param] += 1
    assert read_well > 1100
    assert set(beyond) <= set(BEYOND_THE_DIALECT)
