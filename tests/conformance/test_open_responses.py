"""The HTTP cases of the Open Responses compliance suite, written from its specification (2026-04-24)."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.conformance.responses_server import PATH, PNG, TOOL, ResponsesServer
from tests.conformance.responses_vendor import THOUGHT

MODELS = ("native", "chat", "tiny")
NULL = type(None)

REQUIRED: dict[str, tuple[type, ...]] = {
    "id": (str,),
    "object": (str,),
    "created_at": (int,),
    "completed_at": (int, NULL),
    "status": (str,),
    "incomplete_details": (dict, NULL),
    "model": (str,),
    "previous_response_id": (str, NULL),
    "instructions": (str, NULL),
    "output": (list,),
    "error": (dict, NULL),
    "tools": (list,),
    "tool_choice": (str, dict),
    "truncation": (str,),
    "parallel_tool_calls": (bool,),
    "text": (dict,),
    "top_p": (int, float),
    "presence_penalty": (int, float),
    "frequency_penalty": (int, float),
    "top_logprobs": (int,),
    "temperature": (int, float),
    "reasoning": (dict, NULL),
    "usage": (dict, NULL),
    "max_output_tokens": (int, NULL),
    "max_tool_calls": (int, NULL),
    "store": (bool,),
    "background": (bool,),
    "service_tier": (str,),
    "metadata": (dict,),
    "safety_identifier": (str, NULL),
    "prompt_cache_key": (str, NULL),
}
"""The keys that a response must have, and of which types their values may be."""

_PLACE = ("item_id", "output_index")
_PART = (*_PLACE, "content_index")
_SUMMARY = (*_PLACE, "summary_index")
EVENTS: dict[str, tuple[str, ...]] = {
    **{
        f"response.{name}": ("response",)
        for name in ("created", "queued", "in_progress", "completed", "failed", "incomplete")
    },
    **{f"response.output_item.{name}": ("output_index", "item") for name in ("added", "done")},
    **{f"response.content_part.{name}": (*_PART, "part") for name in ("added", "done")},
    "response.output_text.delta": (*_PART, "delta", "logprobs"),
    "response.output_text.done": (*_PART, "text", "logprobs"),
    "response.output_text.annotation.added": (*_PART, "annotation_index", "annotation"),
    "response.refusal.delta": (*_PART, "delta"),
    "response.refusal.done": (*_PART, "refusal"),
    "response.function_call_arguments.delta": (*_PLACE, "delta"),
    "response.function_call_arguments.done": (*_PLACE, "arguments"),
    "response.reasoning.delta": (*_PART, "delta"),
    "response.reasoning.done": (*_PART, "text"),
    **{f"response.reasoning_summary_part.{name}": (*_SUMMARY, "part") for name in ("added", "done")},
    "response.reasoning_summary_text.delta": (*_SUMMARY, "delta"),
    "response.reasoning_summary_text.done": (*_SUMMARY, "text"),
    "error": ("error",),
}
"""Every type of event that a stream may have, and what each holds besides `type` and `sequence_number`."""

USAGE = ("input_tokens", "input_tokens_details", "output_tokens", "output_tokens_details", "total_tokens")


def check_response(response: dict[str, Any], status: str | None = "completed") -> None:
    """Holds a response to the schema of ResponseResource."""
    assert len(REQUIRED) == 31
    for name, kinds in REQUIRED.items():
        assert name in response, name
        value = response[name]
        assert isinstance(value, kinds), (name, value)
        assert bool in kinds or not isinstance(value, bool), (name, value)
    assert response["object"] == "response"
    assert status is None or response["status"] == status
    assert response["text"]["format"]["type"] in ("text", "json_object", "json_schema")
    assert response["text"].get("verbosity", "low") in ("low", "medium", "high")
    assert response["reasoning"] is None or {"effort", "summary"} <= response["reasoning"].keys()
    assert response["service_tier"] in ("auto", "default", "flex", "priority")
    assert response["truncation"] in ("auto", "disabled")
    for tool in response["tools"]:
        assert {"type", "name", "description", "parameters", "strict"} <= tool.keys()
    if status == "completed":
        assert isinstance(response["completed_at"], int)
    for item in response["output"]:
        check_item(item)
    unfinished = [item.get("status") in ("in_progress", "incomplete") for item in response["output"]]
    assert not any(unfinished[:-1])  # an incomplete item is the last one
    if unfinished and unfinished[-1] and response["status"] != "in_progress":
        assert response["status"] in ("incomplete", "failed")
    if response["usage"] is not None:
        assert response["usage"].keys() >= set(USAGE)
        assert "cached_tokens" in response["usage"]["input_tokens_details"]
        assert "reasoning_tokens" in response["usage"]["output_tokens_details"]


def check_item(item: dict[str, Any]) -> None:
    """Holds an output item to its schema."""
    assert isinstance(item["id"], str)
    assert item["id"]
    # OpenAI's own reasoning items have no status, and the suite's schema of them asks for none.
    status = item.get("status", "completed") if item["type"] == "reasoning" else item["status"]
    assert status in ("in_progress", "incomplete", "completed"), item
    if item["type"] == "message":
        assert item["role"] == "assistant"
        for part in item["content"]:
            check_part(part)
    elif item["type"] == "function_call":
        assert 1 <= len(item["call_id"]) <= 64
        assert isinstance(item["name"], str)
        assert isinstance(item["arguments"], str)
    else:
        assert item["type"] == "reasoning"
        assert isinstance(item["summary"], list)


def check_part(part: dict[str, Any]) -> None:
    """Holds a part of a message to its schema."""
    if part["type"] == "refusal":
        assert isinstance(part["refusal"], str)
        return
    assert part["type"] == "output_text"
    assert isinstance(part["text"], str)
    assert isinstance(part["annotations"], list)
    assert isinstance(part["logprobs"], list)


def check_stream(answer: httpx.Response) -> list[dict[str, Any]]:
    """Holds a stream to the specification's rules, and gives its events."""
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
    assert "\r" not in answer.text
    *frames, done, rest = answer.text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    found = []
    for number, frame in enumerate(frames):
        first, second = frame.split("\n")  # two lines: no id, and one line of data
        event = json.loads(second.removeprefix("data: "))
        assert first == f"event: {event['type']}"
        assert event["sequence_number"] == number
        assert event["type"] in EVENTS, event["type"]
        for name in EVENTS[event["type"]]:
            assert name in event, (event["type"], name)
        if "response" in event:
            check_response(event["response"], status=None)
        found.append(event)
    assert found[0]["type"] == "response.created"
    assert found[-1]["type"] in ("response.completed", "response.incomplete", "response.failed")
    _check_grammar(found)
    return found


def _check_grammar(found: list[dict[str, Any]]) -> None:
    """Items, and parts within them, are added, grow, and end; nothing is said outside of them."""
    items: dict[int, str] = {}
    parts: dict[tuple[int, str, int], str] = {}
    ended: set[int] = set()
    for event in found:
        kind, index = event["type"], event.get("output_index")
        if index is None:
            continue
        assert index not in ended
        if kind == "response.output_item.added":
            assert index == len(items)
            assert event["item"].get("status", "in_progress") == "in_progress"
            items[index] = event["item"]["id"]
        elif kind == "response.output_item.done":
            assert event["item"]["id"] == items[index]
            assert event["item"].get("status") != "in_progress"
            check_item(event["item"])
            ended.add(index)
            assert all(state == "done" for (item, _, _), state in parts.items() if item == index)
        else:
            assert event["item_id"] == items[index]
            counter = next((name for name in ("content_index", "summary_index") if name in event), None)
            if counter is not None:
                place = (index, counter, event[counter])
                if kind.endswith("_part.added"):
                    assert place not in parts
                    parts[place] = "open"
                else:
                    assert parts[place] == "open"
                    if kind.endswith("_part.done"):
                        parts[place] = "done"
    assert ended == items.keys()


@pytest.fixture(params=["openresponses", "openai"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The suite asks without a word about dialects: what it checks holds in both."""
    return str(request.param)


def ask(server: ResponsesServer, dialect: str, model: str, **body: Any) -> httpx.Response:
    """One request of the suite; local models, which write without end, stop after some tokens."""
    if model == "tiny":
        body |= {"stop": ["e", "o", "A"], "max_output_tokens": 600, "seed": 1}
    return server.post({"model": model} | body, PATH, headers={"x-api-dialect": dialect})


def user(content: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": content}


@pytest.mark.parametrize("model", MODELS)
def test_basic_response(responding: ResponsesServer, dialect: str, model: str) -> None:
    answer = ask(responding, dialect, model, input=[user("Say hello in exactly 3 words.")])
    assert answer.status_code == 200
    check_response(answer.json())
    assert answer.json()["output"]


@pytest.mark.parametrize("model", MODELS)
def test_assistant_phase(responding: ResponsesServer, dialect: str, model: str) -> None:
    said = [
        {"type": "message", "role": "assistant", "content": "I will look.", "phase": "commentary"},
        {"type": "message", "role": "assistant", "content": "It is blue.", "phase": "final_answer"},
    ]
    answer = ask(responding, dialect, model, input=[user("What colour?"), *said, user("Sure?")])
    assert answer.status_code == 200, answer.text
    check_response(answer.json())


def test_response_output_phase_schema() -> None:
    """A message of an answer may tell its phase."""
    check_item(
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "phase": "final_answer",
            "content": [{"type": "output_text", "text": "Hi", "annotations": [], "logprobs": []}],
        }
    )


@pytest.mark.parametrize("model", MODELS)
def test_streaming_response(responding: ResponsesServer, dialect: str, model: str) -> None:
    found = check_stream(ask(responding, dialect, model, input=[user("Count from 1 to 5.")], stream=True))
    check_response(found[-1]["response"])
    assert found[-1]["type"] == "response.completed"
    deltas = "".join(event["delta"] for event in found if event["type"] == "response.output_text.delta")
    assert deltas == found[-1]["response"]["output"][-1]["content"][0]["text"]


@pytest.mark.parametrize("model", MODELS)
def test_system_prompt(responding: ResponsesServer, dialect: str, model: str) -> None:
    system = {"type": "message", "role": "system", "content": "You are a pirate. Always respond in pirate speak."}
    answer = ask(responding, dialect, model, input=[system, user("Say hello.")])
    assert answer.status_code == 200, answer.text
    check_response(answer.json())


@pytest.mark.parametrize("model", ["native", "chat"])
@pytest.mark.parametrize("stream", [False, True])
def test_tool_calling(responding: ResponsesServer, dialect: str, model: str, stream: bool) -> None:
    tool = {name: value for name, value in TOOL.items() if name != "strict"}
    answer = ask(responding, dialect, model, input=[user("Weather in Paris?")], tools=[tool], stream=stream)
    response = check_stream(answer)[-1]["response"] if stream else answer.json()
    check_response(response)
    assert "function_call" in [item["type"] for item in response["output"]]


@pytest.mark.parametrize("model", ["native", "chat"])
def test_image_input(responding: ResponsesServer, dialect: str, model: str) -> None:
    parts = [{"type": "input_text", "text": "What is this?"}, {"type": "input_image", "image_url": PNG}]
    answer = ask(responding, dialect, model, input=[user(parts)])
    assert answer.status_code == 200, answer.text
    check_response(answer.json())
    sent = json.dumps(responding.vendor.requests[-1].json)
    assert PNG in sent


@pytest.mark.parametrize("model", MODELS)
def test_multi_turn(responding: ResponsesServer, dialect: str, model: str) -> None:
    before = [user("My name is Alice."), {"type": "message", "role": "assistant", "content": "Hello Alice!"}]
    answer = ask(responding, dialect, model, input=[*before, user("What is my name?")])
    assert answer.status_code == 200, answer.text
    check_response(answer.json())


# Cases that older branches of the suite have.


@pytest.mark.parametrize("model", MODELS)
def test_function_call_roundtrip(responding: ResponsesServer, dialect: str, model: str) -> None:
    call = {"type": "function_call", "call_id": "c" * 64, "name": "get_weather", "arguments": '{"city":"Paris"}'}
    output = {"type": "function_call_output", "call_id": "c" * 64, "output": "sunny"}
    more = {} if model == "tiny" else {"tools": [TOOL]}
    answer = ask(responding, dialect, model, input=[user("Weather?"), call, output], **more)
    assert answer.status_code == 200, answer.text
    check_response(answer.json())


@pytest.mark.parametrize("model", MODELS)
def test_previous_response_id(responding: ResponsesServer, dialect: str, model: str) -> None:
    first = ask(responding, dialect, model, input=[user("My name is Alice.")]).json()
    second = ask(responding, dialect, model, input=[user("My name?")], previous_response_id=first["id"])
    check_response(second.json())
    assert second.json()["previous_response_id"] == first["id"]


def test_file_input(responding: ResponsesServer, dialect: str) -> None:
    pdf = "data:application/pdf;base64,JVBERi0xLjQKJSVFT0YK"
    parts = [{"type": "input_file", "filename": "a.pdf", "file_data": pdf}, {"type": "input_text", "text": "What?"}]
    for model in ("native", "chat"):
        answer = ask(responding, dialect, model, input=[user(parts)])
        assert answer.status_code == 200, answer.text
        check_response(answer.json())
        assert pdf in json.dumps(responding.vendor.requests[-1].json)


def test_reasoning_has_its_name_here(responding: ResponsesServer) -> None:
    """Open Responses calls the events of reasoning text otherwise than OpenAI."""
    asked = {"input": [user("Please reason")], "stream": True}
    found = check_stream(ask(responding, "openresponses", "chat", **asked))
    said = "".join(event["delta"] for event in found if event["type"] == "response.reasoning.delta")
    assert said == THOUGHT
    (done,) = [event for event in found if event["type"] == "response.reasoning.done"]
    assert done["text"] == THOUGHT
    theirs = ask(responding, "openai", "chat", **asked)
    assert "event: response.reasoning_text.delta" in theirs.text
    assert "event: response.reasoning.delta" not in theirs.text
    summary = check_stream(ask(responding, "openresponses", "thinker", **asked))
    assert "response.reasoning_summary_text.delta" in [event["type"] for event in summary]


@pytest.mark.parametrize("cut", [{"max_output_tokens": 16}])
def test_an_incomplete_item_is_the_last_one(responding: ResponsesServer, dialect: str, cut: dict[str, Any]) -> None:
    answer = responding.post(
        {"model": "tiny", "input": [user("Hi")], "stream": True} | cut, PATH, headers={"x-api-dialect": dialect}
    )
    last = check_stream(answer)[-1]
    assert last["type"] == "response.incomplete"
    check_response(last["response"], status="incomplete")
    assert last["response"]["output"][-1]["status"] == "incomplete"
    assert last["response"]["incomplete_details"] == {"reason": "max_output_tokens"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model": "native"}, 400, "missing_required_parameter"),
        ({"model": "nobody/knows", "input": "a"}, 404, "model_not_found"),
        ({"model": "native", "input": "a", "previous_response_id": "resp_no"}, 400, "previous_response_not_found"),
    ],
)
def test_errors(responding: ResponsesServer, dialect: str, body: dict[str, Any], status: int, code: str) -> None:
    answer = responding.post(body, PATH, headers={"x-api-dialect": dialect})
    assert answer.status_code == status
    error = answer.json()["error"]
    assert error["code"] == code
    assert isinstance(error["message"], str)
