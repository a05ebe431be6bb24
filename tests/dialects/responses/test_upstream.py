"""Answers of vendors that have responses themselves: what is read of them, and what their client is told.

The recordings' own judge, `oracle.py`, which knows nothing of Penstock, says what each of them holds.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import random
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.dialects.responses.answer_samples import COMPLETED_AT, RESOURCE, a_writer, read
from tests.vendor_calls import TARGET, split

from penstock.core.answer import Frame
from penstock.core.errors import (
    UpstreamBroke,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTimeout,
)
from penstock.core.usage import Usage
from penstock.dialects import sse
from penstock.dialects.profiles import PROFILES
from penstock.dialects.responses import native_output
from penstock.dialects.responses.events import Event
from penstock.dialects.responses.fold import fold
from penstock.dialects.responses.upstream import ResponsesReader, read_whole
from penstock.dialects.responses.usage import read_usage, usage_object
from penstock.dialects.responses.writer import ResponseWriter

STREAMING = ["bedrock", "deepseek", "open-responses", "openai", "openrouter", "xai"]
WHOLE = [*STREAMING, "azure"]
FAILED = "openai 4cfeeefacd0617c9"  # an account out of credit: an error event, then response.failed
BEGINNINGS = ("response.created", "response.queued", "response.in_progress")
ENDS = (b'"type":"response.completed"', b'"type":"response.incomplete"')

USAGE = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 14,
}


def recorded(shared: Path, vendor: str) -> Iterator[tuple[str, dict[str, Any], bytes]]:
    """Name, recording and body of each responses recording of `vendor` that was answered."""
    oracle = the_oracle(shared)
    for line in oracle.recordings(str(shared / "recordings" / f"{vendor}.jsonl.gz")):
        recording = json.loads(line)
        if recording["api"] == "responses" and recording["status"] < 400:
            resp = recording["resp"]
            body = base64.b64decode(resp["b64"]) if "b64" in resp else resp["t"].encode("utf-8", "surrogatepass")
            yield f"{vendor} {recording['id']}", recording, body


def the_oracle(shared: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("oracle", shared / "recordings" / "oracle.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def first_answer(body: bytes) -> bytes:
    """The first response of `body`: a few recordings hold the streams of several calls, one after another."""
    events = body.replace(b"\r\n", b"\n").split(b"\n\n")
    end = next(n for n, each in enumerate(events) if any(kind in each.replace(b'": "', b'":"') for kind in ENDS))
    return b"\n\n".join(events[: end + 1]) + b"\n\n"


def read_stream(body: bytes, sizes: list[int]) -> tuple[ResponsesReader, list[Frame]]:
    reader = ResponsesReader(TARGET, secrets=("s3cret",))
    frames = [frame for part in split(body, sizes) for frame in reader.feed(part)]
    return reader, frames + reader.close()


def told(reader: ResponsesReader, frames: list[Frame]) -> tuple[ResponseWriter, list[Event]]:
    writer = a_writer()
    events = writer.start()
    for frame in frames:
        events += writer.native(frame.data)
    return writer, events + writer.finish(reader.usage, completed_at=COMPLETED_AT)


def reasoning_text(events: list[dict[str, Any]]) -> str:
    return "".join(event["delta"] for event in events if event.get("type") == "response.reasoning_text.delta")


@pytest.mark.parametrize("vendor", STREAMING)
def test_recorded_streams(shared: Path, vendor: str) -> None:
    oracle, failures, seen = the_oracle(shared), [], 0
    for name, recording, recorded_body in recorded(shared, vendor):
        if not recording["stream"] or name == FAILED:
            continue
        seen += 1
        body = first_answer(recorded_body)
        reader, frames = read_stream(body, [len(body)])
        writer, events = told(reader, frames)
        problems = []
        sizes = random.Random(name).choices([1, 2, 3, 7, 17, 64, 200], k=50)
        ways = (body, body.replace(b"\n", b"\r\n")) if seen % 5 == 1 else (body,)
        if any(read_stream(way, sizes)[1] != frames for way in ways):
            problems.append("other frames in other bytes")
        want = oracle.read("responses", body, True)
        got = oracle.read("responses", b"".join(sse.named_event(event) for event in events), True)
        problems += [f"{key}: {want[key]} {got[key]}" for key in want if want[key] != got[key]]
        theirs, ours = [json.loads(data) for _, data in oracle.sse(body.decode()) if data != "[DONE]"], read(events)
        if [event["sequence_number"] for event in ours] != list(range(len(ours))):
            problems.append("sequence numbers")
        if [event["type"] for event in ours] != [event.type for event in events]:
            problems.append("types")
        begun = [event["type"] for event in theirs if event["type"] not in BEGINNINGS]
        if [event["type"] for event in ours] != ["response.created", "response.in_progress", *begun]:
            problems.append("not the same events")
        if reasoning_text(theirs) != reasoning_text(ours):
            problems.append("reasoning text")
        final = theirs[-1]["response"]
        if writer.response["output"] != final["output"]:
            problems.append("output")
        if [reader.finish_reasons, reader.upstream_id, reader.done] != [
            {0: want["finish"]},
            theirs[0]["response"]["id"],
            True,
        ]:
            problems.append(f"what is read: {reader.finish_reasons} {reader.upstream_id}")
        if reader.usage is None or reader.usage.prompt_tokens != want["usage"]["in"]:
            problems.append("usage")
        if writer.response["id"] != RESOURCE["id"] or writer.response["model"] != RESOURCE["model"]:
            problems.append("id or model is not ours")
        if writer.response["output_text"] != want["text"]:
            problems.append("output_text")
        if fold(RESOURCE, [event.data for event in events]) != writer.response:
            problems.append("fold")
        failures += [f"{name}: {problem}" for problem in problems]
    assert failures == []
    assert seen > 0


def rounded(value: Any) -> Any:
    """OpenAI rounds the logprobs of a finished item, and not those of its deltas."""
    return json.loads(json.dumps(value), parse_float=lambda number: abs(round(float(number), 3)))


@pytest.mark.parametrize("vendor", STREAMING)
def test_what_was_received_of_a_recorded_stream(shared: Path, vendor: str) -> None:
    """What the parts of a stream tell of its items is what its last event says."""
    failures = []
    for name, recording, recorded_body in recorded(shared, vendor):
        if not recording["stream"] or name == FAILED:
            continue
        _, frames = read_stream(first_answer(recorded_body), [4096])
        writer = a_writer()
        events = writer.start()
        final = json.loads(frames[-1].data)["response"]
        for frame in frames[:-1]:
            if json.loads(frame.data)["type"] != "response.output_item.done":  # which would tell the items again
                events += writer.native(frame.data)
        events += writer.fail(UpstreamBroke("cut"))
        if writer.response != fold(RESOURCE, [event.data for event in events]):
            failures.append(f"{name}: fold")
        for kind, member in (("function_call", "arguments"), ("message", "content"), ("mcp_call", "arguments")):
            want = [rounded(item[member]) for item in final["output"] if item["type"] == kind]
            got = [rounded(item[member]) for item in writer.response["output"] if item["type"] == kind]
            if want != got:
                failures.append(f"{name}: {kind}: {want} {got}")
    assert failures == []


@pytest.mark.parametrize("vendor", WHOLE)
def test_recorded_whole_answers(shared: Path, vendor: str) -> None:
    oracle, failures, seen = the_oracle(shared), [], 0
    for name, recording, body in recorded(shared, vendor):
        if recording["stream"] or b'"output"' not in body:
            continue
        seen += 1
        answer = read_whole(body, TARGET)
        writer = a_writer()
        writer.whole_native(answer.body, answer.usage, completed_at=COMPLETED_AT)
        want = oracle.read("responses", body, False)
        got = oracle.read("responses", writer.json(), False)
        failures += [f"{name}: {key}: {want[key]} {got[key]}" for key in want if want[key] != got[key]]
        theirs = json.loads(body)
        if (answer.upstream_id, answer.finish_reasons, answer.native) != (theirs["id"], [want["finish"]], True):
            failures.append(f"{name}: {answer.finish_reasons}")
        if writer.response["id"] != RESOURCE["id"] or writer.response["output_text"] != want["text"]:
            failures.append(f"{name}: id or text")
    assert failures == []
    assert seen > 0 or vendor == "openrouter"


@pytest.mark.parametrize("vendor", STREAMING)
def test_a_recorded_stream_that_is_cut_is_never_told_as_whole(shared: Path, vendor: str) -> None:
    for _, recording, recorded_body in recorded(shared, vendor):
        if recording["stream"]:
            body = first_answer(recorded_body) if ENDS[0] in recorded_body else recorded_body
            with pytest.raises(UpstreamError):
                read_stream(body[: int(len(body) * 0.6)], [333])


def test_a_recorded_failure(shared: Path) -> None:
    ((body),) = [body for name, _, body in recorded(shared, "openai") if name == FAILED]
    reader = ResponsesReader(TARGET)
    assert [json.loads(frame.data)["type"] for frame in reader.feed(body)] == [
        "response.created",
        "response.in_progress",
    ]
    assert reader.done
    with pytest.raises(UpstreamRateLimited, match="exceeded your current quota"):
        reader.close()


def event(type: str, **members: Any) -> bytes:
    return b"data: " + json.dumps({"type": type, "sequence_number": 7, **members}).encode() + b"\n\n"


def ending(status: str = "completed", type: str | None = None, **members: Any) -> bytes:
    response = {"id": "resp_theirs", "status": status, "output": [], "usage": USAGE, **members}
    return event(type or f"response.{status}", response=response)


CREATED = event("response.created", response={"id": "resp_theirs", "status": "in_progress", "service_tier": "flex"})
ITEM = event("response.output_item.added", output_index=0, item={"id": "msg_theirs", "type": "message", "content": []})
DELTA = event("response.output_text.delta", output_index=0, content_index=0, item_id="msg_theirs", delta="Hé")


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (ending(), "stop"),
        (ending(output=[{"type": "custom_tool_call"}]), "tool_calls"),
        (ending("incomplete", incomplete_details={"reason": "max_output_tokens"}), "length"),
        (ending("incomplete", incomplete_details={"reason": "content_filter"}), "content_filter"),
        (ending("incomplete", incomplete_details=None), "length"),
    ],
)
def test_how_answers_end(end: bytes, reason: str) -> None:
    reader, frames = read_stream(CREATED + ITEM + DELTA + end + DELTA, [1])
    assert (reader.finish_reasons, reader.upstream_id, reader.service_tier) == ({0: reason}, "resp_theirs", "flex")
    assert reader.usage == Usage(prompt_tokens=9, completion_tokens=5, cached_tokens=4, reasoning_tokens=2)
    assert [frame.content for frame in frames] == [False, False, True, True]
    assert all(frame.native for frame in frames)


def test_calls_that_only_the_events_tell() -> None:
    """Some vendors leave the output of their last event empty."""
    call = {
        "id": "fc_1",
        "type": "function_call",
        "call_id": "c",
        "name": "f",
        "arguments": "{}",
        "status": "completed",
    }
    reader, frames = read_stream(event("response.output_item.done", output_index=0, item=call) + ending(), [100])
    assert reader.finish_reasons == {0: "tool_calls"}
    writer, _ = told(reader, frames)
    assert writer.response["output"] == [call]


def test_what_keeps_a_connection_alive_is_no_event() -> None:
    body = b": ping\n\n" + event("keepalive") + b"data: {}\n\ndata:  \n\n" + CREATED + ending() + b"data: [DONE]\n\n"
    assert len(read_stream(body, [5])[1]) == 2


def test_unknown_events_pass() -> None:
    body = CREATED + event("response.new_thing", response_id="resp_theirs", value={"a": [1]}) + ending()
    _, events = told(*read_stream(body, [5]))
    assert read(events)[2] == {
        "type": "response.new_thing",
        "sequence_number": 2,
        "response_id": "resp_ours",
        "value": {"a": [1]},
    }


def test_reasoning_events_have_the_names_of_the_clients_dialect() -> None:
    place = {"item_id": "rs", "output_index": 0, "content_index": 0}
    for profile, name in (("openai", "reasoning_text"), ("openresponses", "reasoning")):
        for theirs in ("reasoning_text", "reasoning"):
            writer = a_writer(profile=PROFILES[profile])
            (given,) = writer.native(event(f"response.{theirs}.delta", **place, delta="x")[6:])
            assert given.type == f"response.{name}.delta"
            assert read([given])[0]["type"] == given.type


def test_only_the_vendor_knows_some_of_it() -> None:
    end = ending(
        model="theirs",
        instructions="theirs",
        billing={"payer": "developer"},
        tool_usage={"web_search": {"num_requests": 2}},
        service_tier="priority",
        usage={**USAGE, "num_sources_used": 3},
    )
    writer, _ = told(*read_stream(CREATED + end, [50]))
    assert writer.response["usage"]["num_sources_used"] == 3
    assert writer.response["usage"]["input_tokens_details"] == {"cached_tokens": 4, "cache_write_tokens": 0}
    assert writer.response["tool_usage"] == {"web_search": {"num_requests": 2}}
    assert writer.response["service_tier"] == "priority"
    assert (writer.response["model"], writer.response["instructions"]) == ("gpt-4-0613", None)
    assert "billing" not in writer.response


def test_bytes_that_are_no_unicode_and_json_in_several_lines() -> None:
    half = DELTA.replace(b"H\\u00e9", b"\\ud83d\xff")
    lines = CREATED.replace(b'"response":', b'\ndata: "response":')
    _, frames = read_stream(lines + half + ending(), [3])
    assert json.loads(frames[1].data)["delta"] == "\ufffd\ufffd"
    assert b"\n" not in frames[0].data


@pytest.mark.parametrize(
    ("error", "kind", "status"),
    [
        ({"code": "rate_limit_exceeded", "message": "m", "param": None}, UpstreamRateLimited, 429),
        ({"error": {"type": "too_many_requests", "message": "m"}}, UpstreamRateLimited, 429),
        ({"error": {"type": "server_error", "code": None, "message": "m"}}, UpstreamError, 502),
        ({"error": {"type": "error", "code": "context_length_exceeded", "message": "m"}}, UpstreamRejected, 400),
        ({"error": {"code": "server_is_overloaded", "message": "m"}}, UpstreamOverloaded, 503),
        ({"error": {"code": "vector_store_timeout", "message": "m"}}, UpstreamTimeout, 504),
        ({"error": {"code": 413, "message": "m"}}, UpstreamRejected, 413),
        ({"message": "m"}, UpstreamError, 502),
    ],
)
def test_errors_within_a_stream(error: dict[str, Any], kind: type[UpstreamError], status: int) -> None:
    for body in (event("error", **error), ending("failed", error=error.get("error", error))):
        reader = ResponsesReader(TARGET)
        assert len(reader.feed(CREATED + body)) == 1
        with pytest.raises(kind, match="m") as caught:
            reader.feed(DELTA)
        assert (type(caught.value), caught.value.status) == (kind, status)
    assert reader.usage is not None  # that of the failed response is metered


def test_no_secret_is_in_an_error() -> None:
    with pytest.raises(UpstreamError) as caught:
        read_stream(event("error", message="the key s3cret and sk-abcdefgh"), [1000])
    assert "s3cret" not in caught.value.message
    assert "sk-abcdefgh" not in caught.value.message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "ended before"),
        (CREATED + DELTA, "ended before"),
        (CREATED + b"data: nonsense\n\n", "has an event that is none"),
        (event("response.completed"), "without its response"),
        (event("response.completed", response=[]), "whose response is none"),
        (event("response.failed"), "response.failed"),
        (b'{"error": {"message": "your own words"}}', "your own words"),
        (b'data: {"error": {"message": "your own words"}}\n\n', "your own words"),
    ],
)
def test_streams_that_are_none(body: bytes, message: str) -> None:
    with pytest.raises(UpstreamError, match=message):
        read_stream(body, [7])


def test_a_last_event_without_its_blank_line() -> None:
    reader, frames = read_stream(CREATED + ending().rstrip(), [9])
    assert reader.done
    assert len(frames) == 2


def test_an_endless_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native_output, "_MOST_BYTES", 500)
    writer = a_writer()
    for _ in range(3):
        writer.native(DELTA[6:])
    with pytest.raises(UpstreamBroke, match="500 bytes"):
        writer.native(DELTA[6:])


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        (
            {"error": {"code": "rate_limit_exceeded", "message": "slow"}, "status": "failed"},
            UpstreamRateLimited,
            "slow",
        ),
        ({"error": {"code": "invalid_prompt", "message": "bad"}, "output": []}, UpstreamRejected, "bad"),
        ({"status": "failed", "output": []}, UpstreamError, "the response failed"),
        ({"status": "completed"}, UpstreamBroke, "has no output"),
        ({"status": "in_progress", "output": []}, UpstreamBroke, "status 'in_progress'"),
        ([], UpstreamBroke, "is no response"),
    ],
)
def test_whole_answers_that_are_none(answer: Any, kind: type[UpstreamError], message: str) -> None:
    with pytest.raises(kind, match=message) as caught:
        read_whole(json.dumps(answer).encode(), TARGET)
    assert type(caught.value) is kind


def test_usage() -> None:
    usage = Usage(prompt_tokens=9, completion_tokens=5, cached_tokens=4, cache_write_tokens=1, reasoning_tokens=2)
    assert read_usage(usage_object(usage)) == usage
    assert read_usage({"input_tokens": -1, "output_tokens": 2.0, "input_tokens_details": None}) == Usage(
        completion_tokens=2
    )
    assert read_usage(None) is None
