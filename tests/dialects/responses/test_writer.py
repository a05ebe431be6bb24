"""Responses from chat completions, streamed and whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import omit
from openai._models import validate_type  # what the SDK's strict mode does to an event
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import ResponseStreamEvent
from tests.dialects.responses.answer_samples import (
    COMPLETED_AT,
    RESOURCE,
    USAGE,
    Contract,
    a_writer,
    chunk,
    more,
    read,
    run,
    tool,
    types,
)
from tests.vendor_calls import TARGET, a_call

from penstock.core.answer import Frame
from penstock.core.errors import (
    InternalError,
    PenstockError,
    RateLimited,
    Unavailable,
    UpstreamBroke,
    UpstreamRejected,
    UpstreamTimeout,
)
from penstock.dialects.chat.assembly import Assembly
from penstock.dialects.profiles import PROFILES
from penstock.dialects.responses import chat_output
from penstock.dialects.responses.events import Event
from penstock.dialects.responses.fold import Fold, fold

OPEN = PROFILES["openresponses"]
USAGE_OBJECT = {
    "input_tokens": 9,
    "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
    "output_tokens": 5,
    "output_tokens_details": {"reasoning_tokens": 2},
    "total_tokens": 14,
}
HELLO = [chunk(role="assistant", content=""), chunk(content="Hel"), chunk(content="lo ✨"), chunk("stop")]
MESSAGE_TYPES = [
    "output_item.added",
    "content_part.added",
    "output_text.delta",
    "output_text.done",
    "content_part.done",
    "output_item.done",
]


@pytest.fixture(scope="session")
def contract(shared: Path) -> Contract:
    return Contract(shared / "spec")


def text_part(text: str, **members: Any) -> dict[str, Any]:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text, **members}


def data(events: list[Event]) -> list[bytes]:
    return [event.data for event in events]


def test_text(contract: Contract) -> None:
    writer = a_writer()
    events = run(writer, HELLO)
    assert types(events) == ["created", "in_progress", *MESSAGE_TYPES, "completed"]
    assert contract.breaches(events) == []
    message = {
        "id": "msg_0",
        "type": "message",
        "status": "completed",
        "content": [text_part("Hello ✨")],
        "role": "assistant",
    }
    assert writer.response == {
        **RESOURCE,
        "status": "completed",
        "completed_at": COMPLETED_AT,
        "output": [message],
        "output_text": "Hello ✨",
        "usage": USAGE_OBJECT,
    }
    assert json.loads(writer.json()) == writer.response
    said = {value["type"]: value for value in read(events)}
    assert said["response.completed"]["response"] == writer.response
    assert said["response.created"]["response"] == RESOURCE
    assert said["response.output_item.added"]["item"] == {**message, "status": "in_progress", "content": []}
    assert said["response.output_item.done"] == {
        "type": "response.output_item.done",
        "sequence_number": 8,
        "output_index": 0,
        "item": message,
    }
    assert said["response.output_text.done"] == {
        "type": "response.output_text.done",
        "sequence_number": 6,
        "item_id": "msg_0",
        "output_index": 0,
        "content_index": 0,
        "text": "Hello ✨",
        "logprobs": [],
    }


def test_events_go_out_as_their_chunks_come() -> None:
    writer = a_writer()
    writer.start()
    given = [types(writer.chunk(each)) for each in HELLO]
    assert given == [[], ["output_item.added", "content_part.added", "output_text.delta"], ["output_text.delta"], []]
    assert writer.response["status"] == "in_progress"
    assert writer.response["output_text"] == "Hello ✨"
    assert writer.response["output"][0]["status"] == "in_progress"


def test_a_delta_is_filled_up_to_a_multiple_of_16_bytes_unless_it_must_not_be() -> None:
    text = ["", *("x" * length for length in range(1, 40)), 'é"\n✨']
    chunks = [chunk(content=piece) for piece in text if piece]
    padded = [value for value in read(run(a_writer(), chunks)) if value["type"].endswith("delta")]
    assert {
        (len(json.dumps(v["delta"], ensure_ascii=False).encode()) + len(v["obfuscation"])) % 16 for v in padded
    } == {0}
    assert all(1 <= len(value["obfuscation"]) <= 16 for value in padded)
    plain = [value for value in read(run(a_writer(obfuscation=False), chunks)) if value["type"].endswith("delta")]
    assert all("obfuscation" not in value for value in plain)
    assert [{**value, "obfuscation": ""} for value in plain] == [{**value, "obfuscation": ""} for value in padded]


def test_reasoning_is_an_item_before_the_message(contract: Contract) -> None:
    writer = a_writer()
    chunks = [chunk(reasoning_content="Let me "), chunk(reasoning_content="see."), chunk(content="Hi"), chunk("stop")]
    events = run(writer, chunks)
    assert contract.breaches(events) == []
    reasoning = [
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
    ]
    assert types(events)[2:-1] == [*reasoning, *MESSAGE_TYPES]
    assert writer.response["output"][0] == {
        "id": "rs_0",
        "type": "reasoning",
        "status": "completed",
        "summary": [],
        "content": [{"type": "reasoning_text", "text": "Let me see."}],
    }
    assert writer.response["output_text"] == "Hi"


def test_open_responses_has_other_names_for_reasoning() -> None:
    writer = a_writer(profile=OPEN)
    events = run(writer, [chunk(reasoning_content="a"), chunk(content="b"), chunk("stop")])
    assert types(events)[4:6] == ["reasoning.delta", "reasoning.done"]
    assert writer.response["output"][0]["content"] == [{"type": "reasoning_text", "text": "a"}]
    assert fold(RESOURCE, data(events)) == writer.response


def test_reasoning_between_texts_is_an_item_of_its_own() -> None:
    writer = a_writer()
    run(writer, [chunk(content="a"), chunk(reasoning="b"), chunk(content="c"), chunk("stop")])
    assert [item["type"] for item in writer.response["output"]] == ["message", "reasoning", "message"]
    assert writer.response["output_text"] == "ac"


def test_a_refusal_is_a_part(contract: Contract) -> None:
    writer = a_writer()
    events = run(writer, [chunk(content="Well, "), chunk(refusal="I can"), chunk(refusal="not."), chunk("stop")])
    assert contract.breaches(events) == []
    (message,) = writer.response["output"]
    assert message["content"] == [text_part("Well, "), {"type": "refusal", "refusal": "I cannot."}]
    assert [kind for kind in types(events) if "refusal" in kind] == ["refusal.delta", "refusal.done"]


def test_several_calls(contract: Contract) -> None:
    writer = a_writer()
    chunks = [
        chunk(content="Wait."),
        chunk(tool_calls=[tool(0, name="f", arguments="")]),
        chunk(tool_calls=[more(0, '{"a"')]),
        chunk(tool_calls=[more(0, ":1}")]),
        chunk(tool_calls=[tool(1, name="g", arguments="{}")]),
        chunk("tool_calls"),
    ]
    events = run(writer, chunks)
    assert contract.breaches(events) == []
    call = ["output_item.added", "function_call_arguments.delta", "function_call_arguments.done", "output_item.done"]
    assert types(events)[2:-1] == [*MESSAGE_TYPES, *call, *call]
    assert writer.response["output"][1:] == [
        {
            "id": "fc_1",
            "type": "function_call",
            "status": "completed",
            "arguments": '{"a":1}',
            "call_id": "call_of_0",
            "name": "f",
        },
        {
            "id": "fc_2",
            "type": "function_call",
            "status": "completed",
            "arguments": "{}",
            "call_id": "call_of_1",
            "name": "g",
        },
    ]
    done = next(value for value in read(events) if value["type"] == "response.function_call_arguments.done")
    assert (done["name"], done["arguments"], done["item_id"], done["output_index"]) == ("f", '{"a":1}', "fc_1", 1)


def test_calls_may_come_in_turns(contract: Contract) -> None:
    writer = a_writer()
    chunks = [
        chunk(tool_calls=[tool(0, name="f", arguments='{"a"'), tool(1, name="g", arguments="[")]),
        chunk(tool_calls=[more(0, ":1}"), more(1, "]")]),
        chunk("tool_calls"),
    ]
    events = run(writer, chunks)
    assert contract.breaches(events) == []
    assert [(item["name"], item["arguments"]) for item in writer.response["output"]] == [("f", '{"a":1}'), ("g", "[]")]


def test_a_call_that_goes_on_after_its_end_is_told() -> None:
    writer = a_writer()
    writer.chunk(chunk(tool_calls=[tool(0, name="f", arguments="{}"), tool(1, name="g", arguments="")]))
    assert writer.chunk(chunk(tool_calls=[more(0, "\n")])) == []
    with pytest.raises(UpstreamBroke, match="had ended"):
        writer.chunk(chunk(tool_calls=[more(0, '{"a":1}')]))


def test_calls_without_their_usual_members() -> None:
    """Names that come late or not at all, no id, arguments that are no string, the call of before there were tools."""
    writer = a_writer()
    chunks = [
        chunk(tool_calls=[{"index": 0, "id": "c", "function": {"arguments": "{"}}]),
        chunk(tool_calls=[{"index": 0, "function": {"name": "late", "arguments": "}"}}]),
        chunk(tool_calls=[{"index": 1, "function": {"name": "g", "arguments": {"a": 1}}}]),
        chunk(tool_calls=[{"index": 2, "function": {"arguments": "{}"}}]),
        chunk(function_call={"name": "old", "arguments": "{"}),
        chunk("function_call", function_call={"arguments": "}"}),
    ]
    events = run(writer, chunks)
    called = [(item["call_id"], item["name"], item["arguments"]) for item in writer.response["output"]]
    assert called == [("c", "late", "{}"), ("call_2", "g", '{"a":1}'), ("call_4", "old", "{}"), ("call_6", "", "{}")]
    assert fold(RESOURCE, data(events)) == writer.response


def test_custom_calls(contract: Contract) -> None:
    writer = a_writer()
    begin = {"index": 0, "id": "c", "type": "custom", "custom": {"name": "sql", "input": "select "}}
    events = run(
        writer,
        [
            chunk(tool_calls=[begin]),
            chunk(tool_calls=[{"index": 0, "custom": {"input": "1"}}]),
            chunk("tool_calls"),
        ],
    )
    assert contract.breaches(events) == []
    assert types(events)[3:5] == ["custom_tool_call_input.delta", "custom_tool_call_input.done"]
    assert writer.response["output"] == [
        {
            "id": "ctc_0",
            "type": "custom_tool_call",
            "status": "completed",
            "input": "select 1",
            "call_id": "c",
            "name": "sql",
        }
    ]


def test_annotations(contract: Contract) -> None:
    writer = a_writer()
    cited = {"url": "https://example.com/", "title": "Example", "start_index": 0, "end_index": 5}
    bare = {"type": "url_citation", "url_citation": {"url": "https://example.org/", "title": None}}
    events = run(
        writer,
        [
            chunk(content="Hello"),
            chunk(annotations=[{"type": "url_citation", "url_citation": cited}]),
            chunk(annotations=[bare]),
            chunk("stop"),
        ],
    )
    assert contract.breaches(events) == []
    flat = {"type": "url_citation", **cited}
    told = [value for value in read(events) if value["type"] == "response.output_text.annotation.added"]
    assert [(value["annotation_index"], value["annotation"]["url"]) for value in told] == [
        (0, "https://example.com/"),
        (1, "https://example.org/"),
    ]
    assert told[0]["annotation"] == flat
    (part,) = writer.response["output"][0]["content"]
    assert part["annotations"] == [flat, told[1]["annotation"]]


def entry(token: str, **members: Any) -> dict[str, Any]:
    return {"token": token, "logprob": -0.5, "bytes": list(token.encode()), "top_logprobs": [], **members}


def test_logprobs_where_they_are_asked_for(contract: Contract) -> None:
    chunks = [
        chunk(reasoning_content="r", logprobs={"content": [entry("r")]}),
        chunk(content="Hel", logprobs={"content": [entry("Hel", bytes=None)]}),
        chunk(content="", logprobs={"content": [entry("")], "refusal": None}),
        chunk("stop", content="lo", logprobs={"content": [entry("lo", top_logprobs=[entry("la")])]}),
    ]
    writer = a_writer(logprobs=True)
    events = run(writer, chunks)
    assert contract.breaches(events) == []
    deltas = [value for value in read(events) if value["type"] == "response.output_text.delta"]
    assert [[each["token"] for each in value["logprobs"]] for value in deltas] == [["Hel"], [""], ["lo"]]
    (part,) = writer.response["output"][1]["content"]
    assert [(each["token"], each["bytes"]) for each in part["logprobs"]] == [("Hel", []), ("", []), ("lo", [108, 111])]
    assert fold(RESOURCE, data(events)) == writer.response
    unasked = a_writer()
    run(unasked, chunks)
    assert unasked.response["output"][1]["content"] == [text_part("Hello")]


def test_logprobs_of_a_whole_answer_are_those_of_its_text() -> None:
    tokens = [entry("think"), entry("Hel"), entry("lo"), entry("{}")]
    message = {"role": "assistant", "content": "Hello", "reasoning_content": "think"}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": {"content": tokens}}
    writer = a_writer(logprobs=True)
    writer.whole(json.dumps({"choices": [choice]}).encode(), None)
    assert [each["token"] for each in writer.response["output"][1]["content"][0]["logprobs"]] == ["Hel", "lo"]
    choice["message"]["content"] = "Hell"  # cut within a token: nothing adds up
    writer = a_writer(logprobs=True)
    writer.whole(json.dumps({"choices": [choice]}).encode(), None)
    assert len(writer.response["output"][1]["content"][0]["logprobs"]) == 4


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        ("stop", "completed", None),
        ("tool_calls", "completed", None),
        ("length", "incomplete", "max_output_tokens"),
        ("content_filter", "incomplete", "content_filter"),
        (None, "completed", None),
    ],
)
def test_finish_reasons(contract: Contract, finish: str | None, status: str, reason: str | None) -> None:
    writer = a_writer()
    events = run(writer, [chunk(reasoning_content="r"), chunk(content="Hi"), chunk(finish)])
    assert contract.breaches(events) == []
    assert events[-1].type == f"response.{status}"
    assert writer.response["status"] == status
    assert writer.response["incomplete_details"] == ({"reason": reason} if reason else None)
    assert writer.response["completed_at"] == (COMPLETED_AT if status == "completed" else None)
    assert [item["status"] for item in writer.response["output"]] == ["completed", status]
    assert read(events)[-2]["item"]["status"] == status


def test_calls_that_a_limit_cut_are_incomplete() -> None:
    writer = a_writer()
    calls = [tool(0, name="f", arguments='{"a'), tool(1, name="g", arguments="{}"), tool(2, name="h", arguments="{}")]
    run(writer, [chunk(tool_calls=calls), chunk("length")])
    assert [item["status"] for item in writer.response["output"]] == ["incomplete", "completed", "incomplete"]


def test_an_answer_without_a_word_has_an_empty_message(contract: Contract) -> None:
    writer = a_writer()
    events = run(writer, [chunk(role="assistant", content=""), chunk("stop")], usage=None)
    assert contract.breaches(events) == []
    assert [item["content"] for item in writer.response["output"]] == [[text_part("")]]
    assert writer.response["usage"] is None


def test_other_choices_and_the_usage_chunk_say_nothing() -> None:
    writer = a_writer()
    writer.start()
    assert writer.chunk(chunk(index=1, content="x")) == []
    assert writer.chunk(b'{"choices":[],"usage":{"total_tokens":3}}') == []


def test_the_tier_that_served_it() -> None:
    writer = a_writer()
    run(writer, [b'{"choices":[],"service_tier":"flex"}'])
    assert writer.response["service_tier"] == "flex"
    writer = a_writer()
    run(writer, [b'{"choices":[],"service_tier":"on_demand"}'])
    assert writer.response["service_tier"] == "auto"


def test_a_response_that_waits_for_its_turn(contract: Contract) -> None:
    events = a_writer(background=True).start(queued=True)
    assert contract.breaches(events) == []
    assert [(value["type"], value["response"]["status"]) for value in read(events)] == [
        ("response.created", "queued"),
        ("response.queued", "queued"),
        ("response.in_progress", "in_progress"),
    ]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UpstreamBroke("cut \ud83d"), "server_error"),
        (UpstreamTimeout("late"), "server_error"),
        (RateLimited("much"), "rate_limit_exceeded"),
        (UpstreamRejected("no", code="bio_policy", param="input"), "bio_policy"),
        (UpstreamRejected("no"), "invalid_prompt"),
        (InternalError("oh"), "server_error"),
    ],
)
def test_an_error_in_the_middle(contract: Contract, error: PenstockError, code: str) -> None:
    writer = a_writer()
    events = writer.start()
    for each in (chunk(content="Hello"), chunk(tool_calls=[tool(0, name="f", arguments='{"a":')])):
        events += writer.chunk(each)
    events += writer.fail(error, usage=USAGE)
    assert contract.breaches(events) == []
    told = read(events)[-2]
    message = error.message.replace("\ud83d", "?")
    flat = {"code": error.code, "message": message, "param": error.param}
    assert told == {
        "type": "error",
        "sequence_number": len(events) - 2,
        **flat,
        "error": {"type": error.type, **flat},
    }
    assert events[-1].type == "response.failed"
    response = writer.response
    assert read(events)[-1]["response"] == response
    assert (response["status"], response["error"]) == ("failed", {"code": code, "message": message})
    assert [item["status"] for item in response["output"]] == ["completed", "incomplete"]
    assert response["output_text"] == "Hello"
    assert response["usage"] == USAGE_OBJECT
    assert response["completed_at"] is None
    assert fold(RESOURCE, data(events)) == response


@pytest.mark.parametrize("status", ["cancelled", "incomplete"])
def test_an_end_that_is_no_error(contract: Contract, status: str) -> None:
    writer = a_writer()
    events = writer.start() + writer.chunk(chunk(content="Hel")) + writer.fail(Unavailable("left"), status=status)
    assert contract.breaches(events) == []
    assert types(events)[-2:] == ["output_text.delta", "incomplete"]
    assert (writer.response["status"], writer.response["error"]) == (status, None)
    assert writer.response["output"][0]["status"] == "incomplete"
    assert writer.response["output_text"] == "Hel"


def test_an_endless_answer_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chat_output, "_MOST_BYTES", 1000)
    writer = a_writer()
    for _ in range(3):
        writer.chunk(chunk(content="x" * 90))
    with pytest.raises(UpstreamBroke, match="1000 bytes"):
        writer.chunk(chunk(content="x" * 90))


# Any answer, in any chunks

WORDS = st.text(st.characters(codec="utf-8"), max_size=20)
OBJECTS = st.dictionaries(st.text("abc", max_size=2), st.one_of(st.integers(-9, 9), WORDS), max_size=3).map(json.dumps)


@st.composite
def pieces(draw: st.DrawFn, text: str) -> list[str]:
    """`text` cut at random places."""
    places = draw(st.lists(st.integers(0, len(text)), max_size=4).map(sorted))
    return [text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)]


@st.composite
def streams(draw: st.DrawFn) -> list[bytes]:
    """The chunks of an answer: reasoning, text with annotations and logprobs, a refusal, then calls in turns."""
    chunks = [chunk(role="assistant", content="")]
    chunks += [chunk(reasoning_content=piece) for piece in draw(pieces(draw(WORDS)))]
    for piece in draw(pieces(draw(WORDS))):
        chunks.append(chunk(content=piece, logprobs={"content": [entry(piece)]} if piece else None))
        if piece and draw(st.booleans()):
            cited = {"url": "https://example.com", "title": piece, "start_index": 0, "end_index": len(piece)}
            chunks.append(chunk(annotations=[{"type": "url_citation", "url_citation": cited}]))
    chunks += [chunk(refusal=piece) for piece in draw(pieces(draw(WORDS)))]
    ways = []
    for index in range(draw(st.integers(0, 3))):
        custom = draw(st.booleans())
        kind, member = ("custom", "input") if custom else ("function", "arguments")
        said = draw(pieces(draw(WORDS if custom else OBJECTS)))
        chunks.append(
            chunk(tool_calls=[{"index": index, "id": f"c{index}", "type": kind, kind: {"name": "f", member: ""}}])
        )
        calls = [chunk(tool_calls=[{"index": index, kind: {member: piece}}]) for piece in said]
        ways.append(calls)
        while ways and draw(st.booleans()):
            way = draw(st.sampled_from(ways))
            if way:
                chunks.append(way.pop(0))
    chunks += [each for way in ways for each in way]
    finish = draw(st.sampled_from(["stop", "tool_calls", "length", "content_filter"]))
    return [*chunks, chunk(finish)]


def without_ids(response: dict[str, Any]) -> dict[str, Any]:
    return {**response, "output": [{**item, "id": None} for item in response["output"]]}


@given(streams())
def test_whole_and_streamed_answers_are_equal(contract: Contract, chunks: list[bytes]) -> None:
    writer = a_writer(logprobs=True)
    events = run(writer, chunks)
    assert contract.breaches(events) == []
    collected = Assembly(a_call(), TARGET)
    for each in chunks:
        collected.add(Frame(each, content=True))
    whole = a_writer(logprobs=True)
    whole.whole(collected.answer(USAGE).body, USAGE, completed_at=COMPLETED_AT)
    assert without_ids(whole.response) == without_ids(writer.response)


@given(streams(), st.sampled_from(["openai", "openresponses"]), st.data())
def test_the_events_tell_the_response(
    contract: Contract, chunks: list[bytes], profile: str, draw: st.DataObject
) -> None:
    writer = a_writer(logprobs=True, profile=PROFILES[profile])
    events = writer.start()
    known = Fold(RESOURCE)
    for each in chunks:
        events += writer.chunk(each)
    for event in events:
        known.add(event.data)
    assert known.response() == writer.response
    events += writer.finish(USAGE, completed_at=COMPLETED_AT)
    assert fold(RESOURCE, data(events)) == writer.response

    received = events[: draw.draw(st.integers(0, len(events) - 1))]
    partly = fold(RESOURCE, data(received))
    assert partly["status"] == "incomplete"
    assert contract.misfits(partly) == []
    deltas = [v["delta"] for v in read(received) if v["type"] == "response.output_text.delta"]
    assert partly["output_text"] == "".join(deltas)
    ended = {v["output_index"] for v in read(received) if v["type"] == "response.output_item.done"}
    assert {n for n, item in enumerate(partly["output"]) if item["status"] == "incomplete"} >= set(
        range(len(partly["output"]))
    ) - ended
    final = writer.response["output"]
    assert [partly["output"][n] for n in sorted(ended)] == [final[n] for n in sorted(ended)]


@given(streams())
def test_the_sdk_reads_the_stream(chunks: list[bytes]) -> None:
    writer = a_writer(logprobs=True)
    state: Any = ResponseStreamState(input_tools=omit, text_format=omit)
    for value in read(run(writer, chunks)):
        state.handle_event(validate_type(type_=ResponseStreamEvent, value=value))
    if writer.response["status"] == "completed":
        output = json.loads(state._completed_response.model_dump_json(warnings=False))["output"]
        assert [item["id"] for item in output] == [item["id"] for item in writer.response["output"]]
        assert state._completed_response.output_text == writer.response["output_text"]
