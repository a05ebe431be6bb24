from __future__ import annotations

import json
from typing import Any

import pytest
from tests.vendor_calls import CALL_ID, CREATED, TARGET, a_call

from penstock.core.answer import Answer
from penstock.core.errors import UpstreamBroke, UpstreamError, UpstreamRejected
from penstock.core.usage import Usage
from penstock.dialects.chat.normalise import Quirks
from penstock.dialects.chat.stream import ChunkReader
from penstock.dialects.chat.whole import read_whole

ALL = Quirks(**dict.fromkeys(Quirks.__struct_fields__, True))
BODY = (
    b'{ "id": "chatcmpl-theirs", "object": "chat.completion", "created": 17, "model": "acme-large-2-0601",'
    b' "choices": [ {"index": 0, "message": {"role": "assistant", "content": "\\u00e9 \xf0\x9f\x8e\x89"},'
    b' "logprobs": {"content": [{"logprob": -1.50e-05}]}, "finish_reason": "stop"} ],'
    b' "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}, "x": [1.10,  null]}'
)


def read(body: bytes, quirks: Quirks | None = None) -> Answer:
    return read_whole(body, a_call(), TARGET, quirks=quirks, secrets=("s3cret",))


@pytest.mark.parametrize("quirks", [None, ALL])
def test_the_body_goes_through_but_for_id_and_model(quirks: Quirks | None) -> None:
    answer = read(BODY, quirks)
    body = answer.body
    assert json.loads(body) == {**json.loads(BODY), "id": CALL_ID, "model": "gpt-4-0613"}
    assert b'[ {"index": 0, "message": {"role": "assistant", "content": "\\u00e9 \xf0\x9f\x8e\x89"}' in body
    assert b'"x":[1.10,  null]' in body
    assert b"-1.50e-05" in body


def test_what_the_meter_and_the_record_need() -> None:
    answer = read(BODY)
    assert answer.usage == Usage(9, 2)
    assert answer.finish_reasons == ["stop"]
    assert answer.upstream_id == "chatcmpl-theirs"


def test_nothing_is_filled_in_without_a_quirk() -> None:
    assert read(b'{"choices":[{"message":{}}]}').body == b'{"choices":[{"message":{}}]}'
    assert json.loads(read(b'{"choices":[{"message":{}}]}', ALL).body) == {
        "choices": [{"index": 0, "message": {}, "finish_reason": None}],
        "id": CALL_ID,
        "model": "gpt-4-0613",
        "object": "chat.completion",
        "created": CREATED,
    }


def test_finish_reasons_of_every_choice_as_the_client_sees_them() -> None:
    body = b'{"choices":[{"finish_reason":"eos"},{"finish_reason":null},{"finish_reason":"tool_calls"}]}'
    assert read(body).finish_reasons == ["eos", "tool_calls"]
    assert read(body, Quirks(finish_names=True)).finish_reasons == ["stop", "tool_calls"]


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"message": "filtered", "code": "content_filter", "status": 400}, UpstreamRejected, 400),
        ({"message": "filtered s3cret", "code": "x"}, UpstreamError, 502),
        ("filtered", UpstreamError, 502),
    ],
)
def test_an_error_in_an_answer_of_status_200_is_raised(error: Any, kind: type[UpstreamError], status: int) -> None:
    with pytest.raises(kind, match="filtered") as caught:
        read(json.dumps({"error": error}).encode())
    assert caught.value.status == status
    assert "s3cret" not in caught.value.message


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"choices":[]}',
        b'{"choices":null}',
        b'{"choices":{}}',
        b'{"choices":[1]}',
        b'{"choices":[{"finish_reason":1}]}',
        b"<html></html>",
        b"data: {}\n\n",
        BODY + b"x",
        b'{"a":' + b"[" * 100_000,
    ],
)
@pytest.mark.parametrize("quirks", [None, ALL])
def test_what_is_no_answer_is_broken(body: bytes, quirks: Quirks | None) -> None:
    with pytest.raises(UpstreamBroke, match="the answer of provider 'acme'") as caught:
        read(body, quirks)
    assert caught.value.retryable


@pytest.mark.parametrize("half", [rb"\ud83c", b"\xf0\x9f\x8e"], ids=["of a surrogate pair", "of the bytes"])
@pytest.mark.parametrize("quirks", [None, ALL])
def test_half_a_character_is_replaced(half: bytes, quirks: Quirks | None) -> None:
    answer = read(BODY.replace(b"\\u00e9", half), quirks)
    assert json.loads(answer.body)["choices"][0]["message"]["content"] == "\ufffd 🎉"


@pytest.mark.parametrize("quirks", [None, ALL])
def test_whole_and_streamed_answers_are_metered_alike(quirks: Quirks | None) -> None:
    whole = read(BODY, quirks)
    reader = ChunkReader(a_call(stream=True), TARGET, quirks=quirks)
    reader.feed(b"data: " + BODY.replace(b"message", b"delta").replace(b'completion"', b'completion.chunk"') + b"\n\n")
    reader.close()
    assert (reader.usage, list(reader.finish_reasons.values()), reader.upstream_id) == (
        whole.usage,
        whole.finish_reasons,
        whole.upstream_id,
    )
