"""Every answer and event of the responses API, against OpenAI's document and what its own answers always have."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import httpx
import jsonschema_rs
import pytest

from penstock.dialects.responses.events import Event
from tests.conformance.responses_server import PNG, TOOL, ResponsesServer, events
from tests.dialects.responses.answer_samples import Contract
from tests.upstream import Behave, Request, Wire, chunk, completion

SCHEMA = {
    "type": "object",
    "properties": {"yes": {"type": "boolean"}},
    "required": ["yes"],
    "additionalProperties": False,
}
FORMAT = {"type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True}
LOGPROBS = {"include": ["message.output_text.logprobs"], "top_logprobs": 2}


class Official(Contract):
    """What is wrong with an answer, in words; nothing where it is right."""

    def response(self, value: dict[str, Any]) -> list[str]:
        return self.misfits(value) + self._absent("response", value)

    def stream(self, values: list[dict[str, Any]]) -> list[str]:
        found = [Event(value["type"], json.dumps(value).encode()) for value in values]
        return self.breaches(found) + self.response(values[-1]["response"])

    def error(self, value: dict[str, Any]) -> list[str]:
        return self.schema("ErrorResponse", value) + self._absent("error", value)

    def schema(self, name: str, value: Any) -> list[str]:
        validator = jsonschema_rs.validator_for(
            {"$ref": f"#/components/schemas/{name}", "components": self._components}
        )
        return [error.message for error in validator.iter_errors(value)]

    def _without_null(self, response: dict[str, Any]) -> dict[str, Any]:
        found = super()._without_null(response)
        form = found["text"]["format"]
        if form.get("description", "") is None:  # the same for this member, which is never absent at OpenAI
            form = {name: value for name, value in form.items() if name != "description"}
        return found | {"text": found["text"] | {"format": form}}


@pytest.fixture(scope="module")
def official(shared: Path) -> Official:
    return Official(shared / "spec")


async def _cited(request: Request, wire: Wire) -> None:
    """Behaves: a chat vendor that searched the web."""
    where = {"url": "https://example.com/a", "title": "A", "start_index": 0, "end_index": 5}
    annotations = [{"type": "url_citation", "url_citation": where}]
    if not request.json.get("stream"):
        whole = completion()
        whole["choices"][0]["message"]["annotations"] = annotations
        await wire.whole(whole)
        return
    await wire.begin_stream()
    for event in (chunk({"content": "Hello!"}), chunk({"annotations": annotations}), chunk({}, "stop"), "[DONE]"):
        await wire.event(event)
    await wire.end_stream()


async def _filtered(request: Request, wire: Wire) -> None:
    """Behaves: a vendor whose filter cut the answer."""
    if not request.json.get("stream"):
        whole = completion("Hel")
        whole["choices"][0]["finish_reason"] = "content_filter"
        await wire.whole(whole)
        return
    await wire.begin_stream()
    for event in (chunk({"content": "Hel"}), chunk({}, "content_filter"), "[DONE]"):
        await wire.event(event)
    await wire.end_stream()


async def _silent(request: Request, wire: Wire) -> None:
    """Behaves: a vendor that says nothing at all."""
    if not request.json.get("stream"):
        await wire.whole(completion(""))
        return
    await wire.begin_stream()
    for event in (chunk({"role": "assistant", "content": ""}), chunk({}, "stop"), "[DONE]"):
        await wire.event(event)
    await wire.end_stream()


EVERYTHING = {
    "instructions": "Be brief",
    "metadata": {"team": "a"},
    "temperature": 0.5,
    "top_p": 0.5,
    "max_output_tokens": 40,
    "max_tool_calls": 3,
    "parallel_tool_calls": False,
    "presence_penalty": 0.1,
    "frequency_penalty": 0.1,
    "service_tier": "auto",
    "truncation": "auto",
    "user": "u",
    "safety_identifier": "s",
    "prompt_cache_key": "k",
    "text": {"verbosity": "low"},
    "store": False,
    "stream_options": {"include_obfuscation": False},
}
CASES: dict[str, tuple[dict[str, Any], Behave | None]] = {
    **{f"text-{model}": ({"model": model}, None) for model in ("native", "chat", "tiny", "thinking")},
    **{f"everything-{model}": ({"model": model} | EVERYTHING, None) for model in ("native", "chat", "tiny")},
    **{f"tools-{model}": ({"model": model, "tools": [TOOL]}, None) for model in ("native", "chat")},
    "tools-tiny": (
        {"model": "tiny", "tools": [TOOL], "tool_choice": {"type": "function", "name": "get_weather"}},
        None,
    ),
    "allowed-tools": (
        {
            "model": "chat",
            "tools": [TOOL],
            "tool_choice": {
                "type": "allowed_tools",
                "mode": "required",
                "tools": [{"type": "function", "name": "get_weather"}],
            },
        },
        None,
    ),
    **{f"schema-{model}": ({"model": model, "text": {"format": FORMAT}}, None) for model in ("native", "chat", "tiny")},
    "object-tiny": ({"model": "tiny", "text": {"format": {"type": "json_object"}}}, None),
    "reasoning-native": ({"model": "thinker", "reasoning": {"effort": "low", "summary": "auto"}}, None),
    "reasoning-encrypted": ({"model": "thinker", "include": ["reasoning.encrypted_content"]}, None),
    "reasoning-chat": ({"model": "chat", "input": "Please reason"}, None),
    **{f"refusal-{model}": ({"model": model, "input": "Please refuse"}, None) for model in ("native", "chat")},
    **{f"logprobs-{model}": ({"model": model} | LOGPROBS, None) for model in ("native", "chat", "tiny")},
    "annotations": ({"model": "chat"}, _cited),
    "content-filter": ({"model": "chat"}, _filtered),
    "nothing": ({"model": "chat"}, _silent),
}


@pytest.mark.parametrize("case", CASES)
def test_whole_and_streamed(responding: ResponsesServer, official: Official, case: str) -> None:
    asked, behave = CASES[case]
    if behave is not None:
        responding.vendor.behave = behave
    asked = {"max_output_tokens": 60} | asked
    whole = {name: value for name, value in asked.items() if name != "stream_options"}
    assert official.response(responding.response(**whole)) == []
    streamed = responding.streamed(**asked)
    assert official.stream(streamed) == []
    if asked.get("store", True):
        kept = responding.get(f"/{streamed[-1]['response']['id']}").json()
        assert kept == {**streamed[-1]["response"], **_hidden(kept)}
        assert official.response(kept) == []


def _hidden(kept: dict[str, Any]) -> dict[str, Any]:
    """What of a kept response is shown to those who ask for it alone."""
    return {"output": kept["output"]} if kept["model"] == "thinker" else {}


def _breaks(*pieces: Any) -> Behave:
    async def behave(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        for piece in pieces:
            await wire.event(piece)
        wire.reset()

    return behave


def _fails(status: int) -> Behave:
    async def behave(request: Request, wire: Wire) -> None:
        error = {"message": "the vendor's words", "type": "some_type", "param": None, "code": None}
        await wire.whole({"error": error}, status)

    return behave


NATIVE_START = [
    {"type": "response.created", "sequence_number": 0, "response": {"id": "r", "status": "in_progress"}},
    {
        "type": "response.output_item.added",
        "sequence_number": 1,
        "output_index": 0,
        "item": {"id": "msg_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []},
    },
    {
        "type": "response.content_part.added",
        "sequence_number": 2,
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "part": {"type": "output_text", "text": "", "annotations": [], "logprobs": []},
    },
    {
        "type": "response.output_text.delta",
        "sequence_number": 3,
        "item_id": "msg_1",
        "output_index": 0,
        "content_index": 0,
        "delta": "Hel",
        "logprobs": [],
        "obfuscation": "x",
    },
]
SLOW_DOWN = {
    "type": "error",
    "sequence_number": 4,
    "code": "rate_limit_exceeded",
    "message": "Slow down",
    "param": None,
}


@pytest.mark.parametrize(
    ("model", "behave", "code"),
    [
        ("chat", _breaks(chunk({"content": "Hel"})), "server_error"),
        ("chat", _breaks(chunk({"content": "Hel"}), {"error": {"message": "x", "code": 429}}), "rate_limit_exceeded"),
        ("native", _breaks(*NATIVE_START), "server_error"),
        ("native", _breaks(*NATIVE_START, SLOW_DOWN), "rate_limit_exceeded"),
    ],
)
def test_a_stream_that_breaks(
    responding: ResponsesServer, official: Official, model: str, behave: Behave, code: str
) -> None:
    responding.vendor.behave = behave
    streamed = responding.streamed(model=model)
    assert official.stream(streamed) == []
    assert [event["type"] for event in streamed[-2:]] == ["error", "response.failed"]
    assert streamed[-2]["error"].keys() == {"type", "code", "message", "param"}
    response = streamed[-1]["response"]
    assert response["error"]["code"] == code
    assert response["output_text"] == "Hel"
    assert response["output"][0]["status"] == "incomplete"
    assert responding.get(f"/{response['id']}").json() == response


@pytest.mark.parametrize("status", [400, 404, 429, 500])
@pytest.mark.parametrize("model", ["native", "chat"])
@pytest.mark.parametrize("stream", [False, True])
def test_errors_of_the_vendor(
    responding: ResponsesServer, official: Official, model: str, status: int, stream: bool
) -> None:
    responding.vendor.behave = _fails(status)
    answer = responding.respond(model=model, stream=stream)
    assert answer.status_code == {500: 502}.get(status, status)
    assert official.error(answer.json()) == []
    assert "the vendor's words" in answer.json()["error"]["message"]


BAD: dict[str, dict[str, Any]] = {
    "no model": {"model": ...},
    "no input": {"input": ...},
    "unknown model": {"model": "nobody/knows"},
    "unknown previous": {"previous_response_id": "resp_nobody_knows"},
    "unknown conversation": {"conversation": "conv_nobody_knows"},
    "unknown tool": {"tools": [{"type": "time_travel"}]},
    "hosted tool": {"model": "chat", "tools": [{"type": "web_search"}]},
    "short": {"max_output_tokens": 15},
}


@pytest.mark.parametrize("case", BAD)
def test_errors_of_ours(responding: ResponsesServer, official: Official, case: str) -> None:
    body = {"model": "native", "input": "Hello"} | BAD[case]
    answer = responding.post({name: value for name, value in body.items() if value is not ...}, "/v1/responses")
    assert 400 <= answer.status_code < 500
    assert official.error(answer.json()) == []
    assert responding.vendor.requests == []


@pytest.mark.parametrize("path", ["/resp_nobody_knows", "/resp_nobody_knows/input_items"])
def test_errors_of_paths(responding: ResponsesServer, official: Official, path: str) -> None:
    answer = responding.get(path)
    assert answer.status_code == 404
    assert official.error(answer.json()) == []


@pytest.mark.parametrize("model", ["native", "chat", "tiny"])
def test_background(responding: ResponsesServer, official: Official, model: str) -> None:
    response = responding.response(model=model, background=True, max_output_tokens=40)
    while True:
        assert official.response(response) == []
        if response["status"] not in ("queued", "in_progress"):
            break
        time.sleep(0.05)
        response = responding.get(f"/{response['id']}").json()
    assert response["status"] == ("incomplete" if model == "tiny" else "completed")
    streamed = responding.streamed(model=model, background=True, max_output_tokens=40)
    assert official.stream(streamed) == []
    assert [event["type"] for event in streamed[:3]] == [
        "response.created",
        "response.queued",
        "response.in_progress",
    ]
    assert official.stream(events(responding.get(f"/{streamed[0]['response']['id']}", stream="true"))) == []


def test_cancelled(responding: ResponsesServer, official: Official) -> None:
    async def never(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(chunk({"content": "Hel"}))
        await wire.gone(20)

    responding.vendor.behave = never
    response = responding.response(model="chat", background=True)
    while not response["output_text"]:
        time.sleep(0.02)
        response = responding.get(f"/{response['id']}").json()
    cancelled = responding.get(f"/{response['id']}/cancel", method="POST").json()
    assert official.response(cancelled) == []
    assert cancelled["status"] == "cancelled"
    assert cancelled["output_text"] == "Hel"


ITEMS: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief"},
    {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Be kind"}]},
    {
        "role": "user",
        "content": [{"type": "input_text", "text": "What is this?"}, {"type": "input_image", "image_url": PNG}],
    },
    {"role": "assistant", "content": "A dot.", "phase": "final_answer"},
    {
        "role": "user",
        "content": [{"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,YQ=="}],
    },
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
    {"type": "function_call", "call_id": "call_1", "name": "get_weather", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "call_1", "output": "sunny"},
    {"type": "custom_tool_call", "call_id": "call_2", "name": "shout", "input": "a"},
    {"type": "custom_tool_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "A"}]},
    {"role": "user", "content": "And now?"},
]


def test_input_items(responding: ResponsesServer, official: Official) -> None:
    response = responding.response(input=ITEMS, tools=[TOOL])
    listed = responding.get(f"/{response['id']}/input_items", order="asc").json()
    assert official.schema("ResponseItemList", listed) == []
    assert len(listed["data"]) == len(ITEMS)
    for asked, item in zip(ITEMS, listed["data"], strict=True):
        assert item["type"] == asked.get("type", "message")
        assert item["id"]
        if item["type"] == "message":
            assert isinstance(item["content"], list)


def test_input_tokens(responding: ResponsesServer, official: Official) -> None:
    for model in ("native", "chat", "tiny"):
        answer = responding.post({"model": model, "input": "Hello"}, "/v1/responses/input_tokens")
        assert answer.status_code == 200, answer.text
        counted = answer.json()
        assert official.schema("TokenCountsResource", {n: v for n, v in counted.items() if n != "estimated"}) == []
        assert counted.get("estimated", False) is (model == "chat")
        if model == "native":
            assert counted["input_tokens"] == len(json.dumps({"input": "Hello"}))  # as this vendor says


def test_input_tokens_with_a_tool_that_chat_has_not(responding: ResponsesServer) -> None:
    asked = {"model": "native", "input": "Hello", "tools": [{"type": "web_search"}]}
    counted = responding.post(asked, "/v1/responses/input_tokens").json()
    assert counted == {"object": "response.input_tokens", "input_tokens": counted["input_tokens"]}
    assert json.loads(responding.vendor.requests[-1].body)["tools"][0]["type"] == "web_search"


@pytest.mark.parametrize("status", [404, 500, 200])
def test_input_tokens_of_a_vendor_that_does_not_count_are_an_estimate(responding: ResponsesServer, status: int) -> None:
    async def refuses(request: Request, wire: Wire) -> None:
        await wire.whole({"error": {"message": "not here"}} if status != 200 else {"input_tokens": -1}, status)

    responding.vendor.behave = refuses
    counted = responding.post({"model": "native", "input": "Hello"}, "/v1/responses/input_tokens").json()
    assert counted["estimated"] is True
    assert 0 < counted["input_tokens"] < 50


def test_conversations(responding: ResponsesServer, official: Official) -> None:
    def asked(method: str, path: str) -> Any:
        headers = {"authorization": f"Bearer {responding.key}"}
        answer = httpx.request(method, f"{responding.url}/v1/conversations{path}", headers=headers, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    made = responding.post({"metadata": {"a": "b"}}, "/v1/conversations").json()
    assert official.schema("ConversationResource", made) == []
    path = f"/{made['id']}"
    for model in ("native", "chat", "tiny"):
        response = responding.response(model=model, conversation=made["id"], max_output_tokens=20)
        assert official.response(response) == []
        assert response["conversation"] == {"id": made["id"]}
    listed = asked("GET", f"{path}/items")
    assert official.schema("ConversationItemList", listed) == []
    assert len(listed["data"]) == 6
    assert official.schema("ConversationItem", asked("GET", f"{path}/items/{listed['first_id']}")) == []
    assert official.schema("ConversationResource", asked("DELETE", f"{path}/items/{listed['first_id']}")) == []
    assert official.schema("DeletedConversationResource", asked("DELETE", path)) == []


def test_the_checks_find_what_is_wrong(responding: ResponsesServer, official: Official) -> None:
    response = responding.response()
    assert official.response({name: value for name, value in response.items() if name != "parallel_tool_calls"})
    assert official.response({name: value for name, value in response.items() if name != "user"})
    assert official.response(response | {"status": "nearly"})
    assert official.response(response | {"temperature": "warm"})
    streamed = responding.streamed()
    assert official.stream([*streamed[:2], streamed[2] | {"output_index": "first"}, *streamed[3:]])
    assert official.error({"error": {"message": "a"}})
