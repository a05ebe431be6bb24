from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.vendor_calls import CALL_ID, CREATED, TARGET, a_call, split

from penstock.core.answer import Frame
from penstock.core.errors import UpstreamBroke, UpstreamError, UpstreamRejected
from penstock.core.usage import Usage
from penstock.dialects.chat.normalise import Quirks
from penstock.dialects.chat.stream import ChunkReader

USAGE = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11, "prompt_tokens_details": {"cached_tokens": 4}}
ALL = Quirks(**dict.fromkeys(Quirks.__struct_fields__, True))


def chunk(delta: dict[str, Any] | None = None, finish: str | None = None, index: int = 0, **members: Any) -> bytes:
    return json.dumps(
        {
            "id": "chatcmpl-theirs",
            "object": "chat.completion.chunk",
            "created": 1_784_728_648,
            "model": "acme-large-2-0601",
            "choices": [{"index": index, "delta": delta or {}, "finish_reason": finish}],
            **members,
        },
        separators=(",", ":"),
        ensure_ascii=False,
    ).encode()


def events(*payloads: bytes) -> bytes:
    return b"".join(b"data: " + payload + b"\n\n" for payload in payloads)


def patched(payload: bytes) -> bytes:
    return payload.replace(b"chatcmpl-theirs", CALL_ID.encode()).replace(b"acme-large-2-0601", b"gpt-4-0613")


def reader(*, include_usage: bool = True, quirks: Quirks | None = None) -> ChunkReader:
    call = a_call(stream=True, include_usage=include_usage)
    return ChunkReader(call, TARGET, quirks=quirks, secrets=("s3cret",))


def read(stream: bytes, sizes: list[int] | None = None, **options: Any) -> list[Frame]:
    reading = reader(**options)
    frames = [frame for part in split(stream, sizes or [1 << 20]) for frame in reading.feed(part)]
    return frames + reading.close()


ROLE = chunk({"role": "assistant", "content": ""})
HELLO = chunk({"content": "Hello"})
THERE = chunk({"content": " there ✨"})
END = chunk(finish="stop")
LAST = chunk(choices=[], usage=USAGE)
DONE = b"[DONE]"
PLAIN = events(ROLE, HELLO, THERE, END, LAST, DONE)


def test_payloads_go_through_but_for_id_and_model() -> None:
    assert read(PLAIN) == [
        Frame(patched(ROLE), content=False),
        Frame(patched(HELLO), content=True),
        Frame(patched(THERE), content=True),
        Frame(patched(END), content=True),
        Frame(patched(LAST), content=False, usage=True),
    ]


def test_usage_that_nobody_asked_for_is_withheld_but_metered() -> None:
    reading = reader(include_usage=False)
    frames = reading.feed(PLAIN)
    assert [frame.data for frame in frames] == [patched(payload) for payload in (ROLE, HELLO, THERE, END)]
    assert reading.usage == Usage(9, 2, cached_tokens=4)
    assert reading.finish_reasons == {0: "stop"}
    assert reading.upstream_id == "chatcmpl-theirs"
    assert reading.done


def test_every_byte_that_is_not_id_or_model_stays() -> None:
    """Spaces, escapes, numbers, members that nobody knows: also after the vendor's way to begin a chunk is known."""
    odd = b'{"id":"chatcmpl-theirs","model":"acme-large-2-0601","choices":[ {"index":0,"delta":{"content":"\\u00e9"},'
    odd += b'"logprobs":{"content":[{"logprob":-1.50e-05}]} } ], "x" : [1.10,  null]}'
    assert [frame.data for frame in read(events(odd, odd, END, DONE))[1:2]] == [patched(odd)]


@pytest.mark.parametrize(
    "first",
    [
        b'{"id": "chatcmpl-theirs", "model": "acme", "choices": [{"index": 0, "delta": {"content": "%d"}}]}',
        b'{"id":"chatcmpl-theirs","created":1,"choices":[{"index":0,"delta":{"content":"%d"}}],"model":"acme"}',
        b'{"choices":[{"index":0,"delta":{"content":"%d"}}],"model":"acme","id":"chatcmpl-theirs"}',
        b' {"id":"chatcmpl-theirs" ,"model":"acme","choices":[{"index":0,"delta":{"content":"%d"}}]}',
        b'{"id":1,"model":17,"choices":[{"index":0,"delta":{"content":"%d"}}]}',
        b'{"i\\u0064":"chatcmpl-theirs","model":"acme","choices":[{"index":0,"delta":{"content":"%d"}}]}',
    ],
    ids=["spaced", "model behind", "sorted", "loose", "numbers", "escaped name"],
)
def test_id_and_model_are_ours_wherever_they_stand(first: bytes) -> None:
    frames = read(events(*(first % number for number in range(3)), END, DONE))
    found = [json.loads(frame.data) for frame in frames]
    assert {(each["id"], each["model"]) for each in found} == {(CALL_ID, "gpt-4-0613")}
    assert [each["choices"][0]["delta"].get("content") for each in found] == ["0", "1", "2", None]


def test_an_id_that_changes_from_chunk_to_chunk_is_ours_in_each() -> None:
    stream = events(*(HELLO.replace(b"theirs", b"%d" % number) for number in range(3)), END, DONE)
    reading = reader()
    assert {json.loads(frame.data)["id"] for frame in reading.feed(stream)} == {CALL_ID}
    assert reading.upstream_id == "chatcmpl-0"


def test_a_model_whose_name_begins_like_anothers_is_replaced_whole() -> None:
    first, second = (HELLO.replace(b"acme-large-2-0601", name) for name in (b"acme", b"acme-2"))
    assert [frame.data for frame in read(events(first, second, END, DONE))[:2]] == [patched(HELLO)] * 2


def test_usage_is_last_whatever_comes_behind_it() -> None:
    moderation = chunk(choices=[], usage=None, moderation={"flagged": False})
    frames = read(events(HELLO, END, LAST, moderation, DONE))
    assert [frame.data for frame in frames] == [patched(payload) for payload in (HELLO, END, moderation, LAST)]


@pytest.mark.parametrize("quirks", [None, Quirks(usage_in_content=True)])
def test_usage_with_content_gets_a_chunk_of_its_own(quirks: Quirks | None) -> None:
    end = chunk(finish="stop", usage=USAGE)
    frames = read(events(HELLO, end, DONE), quirks=quirks)
    assert json.loads(frames[-1].data) == {
        "id": CALL_ID,
        "object": "chat.completion.chunk",
        "created": 1_784_728_648,
        "model": "gpt-4-0613",
        "choices": [],
        "usage": USAGE,
    }
    assert json.loads(frames[-2].data)["usage"] == (None if quirks else USAGE)
    assert len(read(events(HELLO, end, DONE), quirks=quirks, include_usage=False)) == 2


def test_the_last_of_many_usages_counts() -> None:
    stream = events(*(chunk({"content": "x"}, usage={**USAGE, "completion_tokens": n}) for n in (1, 2)), END, DONE)
    reading = reader(quirks=Quirks(usage_in_content=True))
    frames = reading.feed(stream)
    assert reading.usage == Usage(9, 2, cached_tokens=4)
    assert [json.loads(frame.data).get("usage") for frame in frames] == [None, None, None, USAGE]


def test_usage_of_groq_is_found() -> None:
    reading = reader()
    frames = reading.feed(events(HELLO, chunk(finish="stop", x_groq={"id": "r", "usage": USAGE}), DONE))
    assert reading.usage == Usage(9, 2, cached_tokens=4)
    assert json.loads(frames[-1].data)["usage"] == USAGE


def test_no_usage_is_no_usage_chunk() -> None:
    reading = reader()
    assert len(reading.feed(events(HELLO, END, DONE))) == 2
    assert reading.usage is None


def test_a_chunk_of_our_own_has_the_calls_time_where_the_vendor_tells_none() -> None:
    payload = b'{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1}}'
    assert json.loads(read(events(payload, DONE))[-1].data)["created"] == CREATED


def test_all_quirks_at_once_give_a_stream_by_the_contract() -> None:
    first = b'{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[]}'
    hello = (
        b'{"id":"1","created":7,"model":"m","choices":[{"delta":{"role":"assistant","content":"a"}}],"usage":{"n":1}}'
    )
    again = hello.replace(b'"1"', b'"2"').replace(b"7", b"8").replace(b'"delta"', b'"finish_reason":"eos","delta"')
    frames = read(events(first, hello, again, again, DONE), quirks=ALL)
    found = [json.loads(frame.data) for frame in frames]
    assert {each["id"] for each in found} == {CALL_ID}
    assert {each["object"] for each in found} == {"chat.completion.chunk"}
    assert [each["created"] for each in found[1:]] == [7] * (len(found) - 1)
    choices = [choice for each in found for choice in each["choices"]]
    assert [choice["delta"].get("role") for choice in choices] == ["assistant", None, None]
    assert [choice["finish_reason"] for choice in choices] == [None, "stop", None]
    assert [choice["index"] for choice in choices] == [0, 0, 0]
    assert [bool(each.get("usage")) for each in found] == [False, False, False, False, True]


def test_a_reading_without_quirks_touches_none_of_them() -> None:
    payload = (
        b'{"id":"x","choices":[{"delta":{"role":"assistant","content":[]},"finish_reason":"eos"}],"usage":{"a":1}}'
    )
    frames = read(events(payload, payload, DONE), include_usage=False)
    assert [frame.data for frame in frames] == [payload.replace(b'"x"', b'"chatcmpl-ours"')] * 2


def test_what_comes_after_done_is_ignored() -> None:
    reading = reader()
    assert len(reading.feed(PLAIN + events(HELLO, b"no json"))) == 5
    assert reading.feed(events(HELLO)) == []
    assert reading.close() == []


@pytest.mark.parametrize("done", [b"data: [DONE]\n\n", b"data:[DONE]\r\n\r\n", b"data: [DONE]", b"data: [DONE] \n\n"])
def test_done_in_every_form(done: bytes) -> None:
    reading = reader()
    frames = reading.feed(events(HELLO, END, LAST) + done) + reading.close()
    assert len(frames) == 3
    assert reading.done


def test_an_end_without_done_is_one_where_every_choice_has_its_end() -> None:
    assert len(read(events(HELLO, END, LAST))) == 3
    assert len(read(events(HELLO, END) + b"data: " + LAST)) == 3


@pytest.mark.parametrize(
    "stream",
    [
        events(ROLE),
        events(HELLO, THERE),
        events(HELLO, chunk({"content": "b"}, index=1), END),
        events(HELLO, END) + b"data: " + LAST[:-20],
        b"",
        b": nothing\n\n",
        events(DONE),
        events(LAST, DONE),
        events(b'{"type":"ping"}', DONE),
        b"<html>busy</html>",
    ],
    ids=["role", "text", "one of two", "cut in usage", "empty", "comment", "done", "usage", "no chunk", "page"],
)
@pytest.mark.parametrize("size", [1, 50, 1 << 20])
def test_an_answer_that_is_not_whole_is_broken(stream: bytes, size: int) -> None:
    with pytest.raises(UpstreamBroke, match="the stream of provider 'acme'"):
        read(stream, [size])


def test_a_stream_that_is_cut_anywhere_never_ends_well() -> None:
    stream = events(ROLE, HELLO, chunk({"content": "x"}), END)
    end = stream.index(b"data: " + END)
    for at in range(end + len(b"data: " + END) - 1):
        with pytest.raises(UpstreamBroke):
            read(stream[:at])


@pytest.mark.parametrize(
    "bad", [b"{", b"no json", b"[1]", b'"x"', b'{"choices":{}}', b'{"choices":[1]}', b'{"a":' + b"[" * 100_000]
)
def test_an_event_that_is_no_chunk_breaks_the_stream_after_what_was_good(bad: bytes) -> None:
    reading = reader()
    assert len(reading.feed(events(HELLO, bad, END, DONE))) == 1
    assert reading.done
    with pytest.raises(UpstreamBroke, match="is no chunk"):
        reading.close()
    assert reading.feed(events(END)) == []  # it was said


@pytest.mark.parametrize("quirks", [None, ALL])
def test_events_that_are_no_chunks_are_passed_over(quirks: Quirks | None) -> None:
    assert len(read(events(b'{"type":"ping"}', b"", b" ", HELLO, b"{}", END, DONE), quirks=quirks)) == 2


@pytest.mark.parametrize(
    "event",
    [
        b'event: error\ndata: {"error":{"message":"too bad","status_code":400}}\n\n',
        events(chunk(error={"message": "too bad", "code": 400}, usage=USAGE)),
        events(chunk(x_groq={"error": {"message": "too bad", "code": 400}})),
    ],
    ids=["event", "in a chunk", "groq"],
)
def test_an_error_in_the_stream_is_raised(event: bytes) -> None:
    reading = reader()
    with pytest.raises(UpstreamRejected, match="too bad"):
        reading.feed(event)
    reading = reader()
    assert len(reading.feed(events(HELLO) + event + events(END, DONE))) == 1
    assert reading.done
    with pytest.raises(UpstreamRejected, match="too bad") as caught:
        reading.close()
    assert caught.value.status == 400


def test_an_error_in_the_stream_tells_no_secret_and_leaves_its_usage() -> None:
    reading = reader()
    with pytest.raises(UpstreamError) as caught:
        reading.feed(events(chunk(error={"message": "key s3cret is bad"}, usage=USAGE)))
    assert "s3cret" not in caught.value.message
    assert reading.usage == Usage(9, 2, cached_tokens=4)


@pytest.mark.parametrize("empty", [None, "", {}, False])
def test_an_error_that_is_none_is_none(empty: Any) -> None:
    assert len(read(events(chunk({"content": "a"}, "stop", error=empty), DONE))) == 1


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_body_that_is_an_error_and_no_stream_is_explained(size: int) -> None:
    with pytest.raises(UpstreamRejected, match="no such model"):
        read(b'\n{"error":\n\n{"message":"no such model","code":404}}\n', [size])


@pytest.mark.parametrize("body", [b'{"error": ', b'{"error":"' + b"x" * 70_000 + b'"}', b'{"choices":[]}'])
def test_a_body_that_is_neither_is_broken(body: bytes) -> None:
    with pytest.raises(UpstreamBroke, match="ended without an answer"):
        read(body)


def test_choices_are_bounded() -> None:
    reading = reader()
    for index in range(256):
        reading.feed(events(chunk({"content": "x"}, index=index)))
    reading.feed(events(chunk({"content": "x"}, index=7)))
    with pytest.raises(UpstreamBroke, match="256 choices"):
        reading.feed(events(chunk({"content": "x"}, index=1000)))


def test_json_in_several_lines_goes_out_in_one() -> None:
    lines = json.dumps(json.loads(HELLO), indent=2).encode().replace(b"\n", b"\ndata: ")
    for end in (b"\n", b"\r\n"):
        (frame, _) = read((b"data: " + lines).replace(b"\n", end) + end * 2 + events(END, DONE))
        assert b"\n" not in frame.data
        assert json.loads(frame.data) == json.loads(patched(HELLO))


@pytest.mark.parametrize("half", [rb"\ud83c", b"\xf0\x9f\x8e"], ids=["of a surrogate pair", "of the bytes"])
@pytest.mark.parametrize("quirks", [None, ALL])
def test_half_a_character_does_not_end_the_stream(half: bytes, quirks: Quirks | None) -> None:
    bad = HELLO.replace(b"Hello", half)
    frames = read(events(bad, bad, END, DONE), quirks=quirks)
    assert [json.loads(frame.data)["choices"][0]["delta"].get("content") for frame in frames] == [
        "\ufffd",
        "\ufffd",
        None,
    ]


def test_several_choices_are_followed_apart() -> None:
    reading = reader()
    stream = events(
        chunk({"role": "assistant"}),
        chunk({"role": "assistant"}, index=1),
        chunk({"content": "a"}, "stop"),
        chunk({"content": "b"}, "length", index=1),
    )
    assert [frame.content for frame in reading.feed(stream)] == [False, False, True, True]
    assert reading.finish_reasons == {0: "stop", 1: "length"}
    assert reading.close() == []


MESSY = [
    PLAIN,
    events(HELLO, chunk(finish="stop", usage=USAGE), DONE).replace(b"\n", b"\r\n"),
    b": wait\n\n" + events(HELLO, b"{}", END).replace(b"\n", b"\r"),
    events(ROLE, chunk({"role": "assistant", "content": [{"type": "text", "text": "漢"}]}, "eos"), END),
    events(HELLO, b"no json", END, DONE),
    events(HELLO) + b'event: error\ndata: {"error":"too bad"}\n\n' + events(END, DONE),
    events(HELLO, THERE)[:-9],
]


@settings(deadline=None)
@given(
    st.sampled_from(MESSY),
    st.lists(st.integers(1, 400), min_size=1, max_size=6),
    st.booleans(),
    st.sampled_from([None, ALL]),
)
def test_no_split_changes_what_is_read(stream: bytes, sizes: list[int], include: bool, quirks: Quirks | None) -> None:
    def everything(sizes: list[int]) -> tuple[Any, ...]:
        reading = reader(include_usage=include, quirks=quirks)
        frames: list[Frame] = []
        error = ""
        try:
            for part in split(stream, sizes):
                frames += reading.feed(part)
            frames += reading.close()
        except UpstreamError as caught:
            error = f"{type(caught).__name__}: {caught}"
        return frames, error, reading.usage, reading.finish_reasons, reading.upstream_id

    assert everything(sizes) == everything([1 << 20])
