"""llama.cpp's stream, read into chunks that keep the chat contract."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.local_calls import TARGET, call, chunk, deltas, entry, local, stream, texts, whole

from penstock.core.answer import Frame, Reader
from penstock.core.errors import UpstreamBroke, UpstreamError, UpstreamRejected
from penstock.core.usage import Usage

TOOLS = [{"type": "function", "function": {"name": name}} for name in ("one", "two")]


def reader(**body: Any) -> Reader:
    return local().reader(call(**({"stream": True} | body)), TARGET)


def read(data: bytes, **body: Any) -> tuple[list[Frame], Reader]:
    """Every frame of a whole stream, and the reader at its end."""
    made = reader(**body)
    return [*made.feed(data), *made.close()], made


def finish_reasons(frames: list[Frame]) -> list[str]:
    return [c["finish_reason"] for f in frames for c in json.loads(f.data)["choices"] if c["finish_reason"] is not None]


def content(frames: list[Frame]) -> str:
    return "".join(delta.get("content") or "" for delta in deltas(frames))


def arguments(frames: list[Frame], index: int = 0) -> str:
    calls = [call for delta in deltas(frames) for call in delta.get("tool_calls", ()) if call["index"] == index]
    return "".join(call["function"]["arguments"] for call in calls)


# The contract


def test_every_chunk_is_ours() -> None:
    frames, _ = read(stream(*texts("a", "b"), chunk(finish="stop")))
    for frame in frames:
        parsed = json.loads(frame.data)
        assert (
            parsed.items()
            >= {
                "id": "chatcmpl-7",
                "object": "chat.completion.chunk",
                "created": 1_800_000_000,
                "model": "gpt-4-0613",
                "system_fingerprint": "fp_abc",
            }.items()
        )
        assert set(parsed) == {"id", "object", "created", "model", "system_fingerprint", "choices"}
        (choice,) = parsed["choices"]
        assert set(choice) == {"index", "delta", "logprobs", "finish_reason"}
        assert choice["index"] == 0
    assert b"/secret/path" not in b"".join(frame.data for frame in frames)


def test_role_first_then_text_then_the_finish_reason_alone() -> None:
    frames, made = read(stream(*texts("a", "b"), chunk(finish="length")))
    assert deltas(frames) == [{"role": "assistant", "content": ""}, {"content": "a"}, {"content": "b"}, {}]
    assert [frame.content for frame in frames] == [False, True, True, True]
    assert finish_reasons(frames) == ["length"]
    assert made.finish_reasons == {0: "length"}
    assert made.done


def test_usage_comes_last_and_only_when_asked() -> None:
    data = stream(
        *texts("a"), chunk(finish="stop"), {"choices": [], "timings": {"cache_n": 2, "prompt_n": 3, "predicted_n": 2}}
    )
    frames, made = read(data, stream_options={"include_usage": True})
    *others, last = [json.loads(frame.data) for frame in frames]
    assert [other["usage"] for other in others] == [None] * 3
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 7
    assert made.usage == Usage(prompt_tokens=5, completion_tokens=2, cached_tokens=2)
    frames, made = read(data)
    assert b"usage" not in b"".join(frame.data for frame in frames)
    assert made.usage == Usage(prompt_tokens=5, completion_tokens=2, cached_tokens=2)


def test_one_of_several_choices_has_its_own_index() -> None:
    made = call(stream=True)
    made.choice = 3
    one = local().reader(made, TARGET)
    frames = [*one.feed(stream(*texts("a"), chunk(finish="stop"))), *one.close()]
    assert {json.loads(frame.data)["choices"][0]["index"] for frame in frames} == {3}
    assert one.finish_reasons == {3: "stop"}


def test_tokens_are_counted_as_they_come() -> None:
    made = reader()
    made.feed(stream(*texts("a", "b", "c"), end=b""))
    assert made.usage == Usage(prompt_tokens=5, completion_tokens=3, cached_tokens=2)


@given(st.lists(st.integers(1, 60), max_size=40))
def test_in_any_split_the_frames_are_the_same(cuts: list[int]) -> None:
    data = stream(*texts("a", "é", "😀"), chunk(finish="stop"))
    whole, _ = read(data)
    made, frames, at = reader(), [], 0
    for cut in cuts:
        frames += made.feed(data[at : at + cut])
        at += cut
    frames += [*made.feed(data[at:]), *made.close()]
    assert [frame.data for frame in frames] == [frame.data for frame in whole]


# Ends and errors


def test_bytes_that_end_before_the_answer_does() -> None:
    made = reader()
    made.feed(stream(*texts("a"), end=b""))
    with pytest.raises(UpstreamBroke, match="before its end"):
        made.close()


def test_an_end_without_a_finish_reason() -> None:
    with pytest.raises(UpstreamBroke, match="without a finish reason"):
        read(stream(*texts("a")))


@pytest.mark.parametrize("event", [b"nonsense", b'{"choices": 1}', b'{"choices": [{}]}', b"[]", b"\xff"])
def test_an_event_that_is_no_chunk(event: bytes) -> None:
    with pytest.raises(UpstreamBroke, match="no chunk"):
        read(stream(event))


def test_an_error_within_the_stream() -> None:
    with pytest.raises(UpstreamError, match="out of memory") as error:
        read(stream(*texts("a"), b'{"error":{"code":500,"message":"out of memory","type":"server_error"}}'))
    assert error.value.status == 502


def test_comments_are_skipped() -> None:
    frames, _ = read(b": ping\n\n" + stream(*texts("a"), chunk(finish="stop")))
    assert content(frames) == "a"


def test_an_answer_that_must_fit_and_does_not() -> None:
    with pytest.raises(UpstreamRejected, match=r"4096 tokens, but the messages have 5 .* 4092") as error:
        read(stream(*texts("a")), max_tokens=4092, context_length_exceeded_behavior="error")
    assert (error.value.status, error.value.code) == (400, "context_length_exceeded")
    frames, _ = read(
        stream(*texts("a"), chunk(finish="stop")), max_tokens=4091, context_length_exceeded_behavior="error"
    )
    assert content(frames) == "a"


# Stop, reasoning, logprobs


def test_a_stop_sequence_ends_the_answer_and_the_reading() -> None:
    made = reader(stop="cd", stream_options={"include_usage": True})
    frames = made.feed(stream(*texts("ab", "c", "de", "f"), end=b""))
    assert content(frames) == "ab"
    assert finish_reasons(frames) == ["stop"]
    assert made.done
    assert json.loads(frames[-1].data)["usage"]["completion_tokens"] == 3
    assert made.feed(stream(*texts("more"), chunk(finish="length"))) == []
    assert made.close() == []


def test_what_may_have_been_a_stop_sequence_comes_with_the_end() -> None:
    frames, _ = read(stream(*texts("a", "c"), chunk(finish="length")), stop=["cd"])
    assert content(frames) == "ac"
    assert finish_reasons(frames) == ["length"]


def test_reasoning_is_its_own_and_no_stop_sequence_ends_it() -> None:
    chunks = [chunk({"reasoning_content": "hm stop"}, tokens=4), chunk({"content": "a"}, tokens=6)]
    frames, made = read(stream(*chunks, chunk(finish="stop", tokens=7)), stop=["stop"])
    assert deltas(frames)[1:] == [{"reasoning_content": "hm stop"}, {"content": "a"}, {}]
    assert made.usage is not None
    assert (made.usage.reasoning_tokens, made.usage.completion_tokens) == (4, 7)


def test_logprobs_in_openais_shape() -> None:
    data = stream(
        chunk({"content": "a"}, logprobs=[entry("a", 7, top=3)]),
        chunk({"content": "b"}, logprobs=[entry("b", 8, -3.4e38, top=3)]),
        chunk({"content": "c"}, logprobs=[entry("c", 9, None)]),
        chunk(finish="stop"),
    )
    frames, _ = read(data, logprobs=True, top_logprobs=2)
    found = [json.loads(frame.data)["choices"][0]["logprobs"] for frame in frames]
    a = {"id": 7, "token": "a", "logprob": -0.5, "bytes": [97]}
    assert found[0] is None
    assert found[1] == {"content": [a | {"top_logprobs": [a, a]}], "refusal": None}
    assert [f["content"][0]["logprob"] for f in found[2:4]] == [-9999.0, -9999.0]
    assert found[4] is None


def test_logprobs_of_tokens_that_nobody_sees_are_left_out() -> None:
    hidden = chunk({"role": "assistant", "content": None}, logprobs=[entry("```")])
    frames, _ = read(
        stream(hidden, chunk({"content": "{"}, logprobs=[entry("{")]), chunk(finish="stop")), logprobs=True
    )
    found = [json.loads(frame.data)["choices"][0]["logprobs"] for frame in frames]
    assert [f and f["content"][0]["token"] for f in found] == [None, "{", None]


def test_logprobs_wait_with_their_text() -> None:
    chunks = [chunk({"content": token}, logprobs=[entry(token)]) for token in ("a", "c", "x")]
    frames, _ = read(stream(*chunks, chunk(finish="stop")), stop=["cd"], logprobs=True)
    told = [(c["delta"].get("content"), c["logprobs"]) for f in frames for c in json.loads(f.data)["choices"]]
    assert [(text, logprobs["content"][0]["token"]) for text, logprobs in told if logprobs] == [
        ("a", "a"),
        ("c", "c"),
        ("x", "x"),
    ]


# Calls


def native(index: int, name: str | None = None, text: str = "") -> dict[str, Any]:
    """llama.cpp's own delta of a call."""
    call: dict[str, Any] = {"index": index, "function": {"arguments": text}}
    if name is not None:
        call |= {"id": "theirs", "type": "function"}
        call["function"]["name"] = name
    return chunk({"tool_calls": [call]})


def test_calls_in_the_models_own_form() -> None:
    chunks = [native(0, "one", "{"), native(0, None, "}"), native(1, "two", "{}"), chunk(finish="tool_calls")]
    frames, _ = read(stream(*chunks), tools=TOOLS)
    calls = [call for delta in deltas(frames) for call in delta.get("tool_calls", ())]
    assert [call for call in calls if "id" in call] == [
        {"index": 0, "id": "call_0", "type": "function", "function": {"name": "one", "arguments": ""}},
        {"index": 1, "id": "call_1", "type": "function", "function": {"name": "two", "arguments": ""}},
    ]
    assert all(call.keys() == {"index", "function"} for call in calls if "id" not in call)
    assert (arguments(frames, 0), arguments(frames, 1)) == ("{}", "{}")
    assert finish_reasons(frames) == ["tool_calls"]


def test_only_one_call_where_only_one_is_allowed() -> None:
    made = reader(tools=TOOLS, parallel_tool_calls=False)
    frames = made.feed(stream(native(0, "one", "{}"), native(1, "two", "{}"), end=b""))
    assert made.done
    assert len([d for d in deltas(frames) if "id" in str(d.get("tool_calls"))]) == 1
    assert finish_reasons(frames) == ["tool_calls"]


FORCED = ['{"name"', ':"one",', '"arguments": {"a"', ":1}", "}"]


def test_a_forced_call() -> None:
    frames, made = read(stream(*texts(*FORCED), chunk(finish="stop")), tools=TOOLS, tool_choice="required")
    assert deltas(frames)[1] == {
        "tool_calls": [{"index": 0, "id": "call_0", "type": "function", "function": {"name": "one", "arguments": ""}}]
    }
    assert arguments(frames) == '{"a":1}'
    assert content(frames) == ""
    assert made.finish_reasons == {0: "tool_calls"}


def test_a_forced_call_that_was_cut_off_is_no_text() -> None:
    for size in (1, 3):
        frames, made = read(stream(*texts(*FORCED[:size]), chunk(finish="length")), tools=TOOLS, tool_choice="required")
        assert content(frames) == ""
        assert made.finish_reasons == {0: "length"}


def test_no_stop_sequence_cuts_a_call() -> None:
    frames, _ = read(stream(*texts(*FORCED), chunk(finish="stop")), tools=TOOLS, tool_choice="required", stop=["a"])
    assert arguments(frames) == '{"a":1}'


def test_of_a_call_or_an_answer_the_beginning_decides() -> None:
    either: dict[str, Any] = {"tools": TOOLS, "response_format": {"type": "json_object"}}
    frames, _ = read(stream(*texts(*FORCED), chunk(finish="stop")), **either)
    assert (arguments(frames), finish_reasons(frames)) == ('{"a":1}', ["tool_calls"])
    frames, _ = read(stream(*texts('{"na', 'me": "x"}'), chunk(finish="stop")), **either)
    assert (content(frames), finish_reasons(frames)) == ('{"name": "x"}', ["stop"])
    frames, _ = read(stream(*texts('{"na'), chunk(finish="length")), **either)
    assert (content(frames), finish_reasons(frames)) == ('{"na', ["length"])
    frames, _ = read(stream(*texts('{"na'), chunk(finish="length")), **either, stop=["a"])
    assert (content(frames), finish_reasons(frames)) == ('{"n', ["stop"])


def test_logprobs_of_a_forced_call_come_with_its_parts() -> None:
    data = whole({"content": "".join(FORCED)}, [entry(text) for text in FORCED])
    frames, _ = read(data, tools=TOOLS, tool_choice="required", logprobs=True)
    told = [c["logprobs"] for f in frames for c in json.loads(f.data)["choices"] if c["logprobs"]]
    assert told[0]["content"][0]["token"] == '"arguments": {"a"'


def test_the_old_form_of_a_call() -> None:
    functions = [tool["function"] for tool in TOOLS]
    frames, _ = read(stream(native(0, "one", "{}"), native(1, "two", "{}"), chunk(finish="stop")), functions=functions)
    assert deltas(frames)[1:] == [
        {"function_call": {"name": "one", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
        {},
    ]
    assert finish_reasons(frames) == ["function_call"]


# Whole answers


def test_a_whole_answer_is_put_together() -> None:
    from penstock.core.exchange import Reply

    data = stream(*texts("a", "b"), chunk(finish="stop"))
    answer = local().read(Reply(200, {}, data), call(), TARGET)
    assert json.loads(answer.body)["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "ab", "refusal": None},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ]
    assert answer.usage == Usage(prompt_tokens=5, completion_tokens=2, cached_tokens=2)
    assert answer.finish_reasons == ["stop"]
    with pytest.raises(UpstreamBroke, match="counts"):
        local().read(Reply(200, {}, stream(chunk({"content": "a"}), chunk(finish="stop"))), call(), TARGET)
