"""The official SDK in strict validation mode drives the responses API: over a vendor that has it, one that has not, and
a model of this machine."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.responses import Response
from pydantic import BaseModel

from tests.conformance.responses_server import TOOL, ResponsesServer
from tests.conformance.responses_vendor import ENCRYPTED, REFUSAL, TEXT, THOUGHT
from tests.upstream import Request, Wire, chunk

pytestmark = pytest.mark.anyio

ALL = pytest.mark.parametrize("model", ["native", "chat", "tiny"])
VENDORS = pytest.mark.parametrize("model", ["native", "chat"])
MOST = 24  # the models of this machine write noise, and never end it

# What it is called with comes to an end by itself.
LOCAL_TOOL = TOOL | {"parameters": TOOL["parameters"] | {"properties": {"city": {"enum": ["Paris", "Rome"]}}}}  # type: ignore[operator]


class Person(BaseModel):
    name: str
    age: int


@pytest.fixture
def client(responding: ResponsesServer) -> Iterator[OpenAI]:
    with responding.client() as made:
        yield made


def sent(server: ResponsesServer) -> dict[str, Any]:
    """What the vendor was sent last."""
    found: dict[str, Any] = server.vendor.requests[-1].json
    return found


def final(client: OpenAI, **asked: Any) -> Response:
    """The response that a stream ends with; the SDK's own helper knows of completed ones alone."""
    with client.responses.create(stream=True, **asked) as stream:
        last = list(stream)[-1]
    assert isinstance(last.response, Response)
    return last.response


def said_before(server: ResponsesServer) -> list[tuple[str, Any]]:
    """Who said what in the vendor's last request; a call by its arguments, an output by itself."""
    body = sent(server)
    if "messages" in body:
        found = []
        for message in body["messages"]:
            if message["content"] is not None:
                found.append((message["role"], message["content"]))
            found += [("call", call["function"]["arguments"]) for call in message.get("tool_calls", ())]
        return found
    items = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
    shown = []
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            content = item["content"]
            text = content if isinstance(content, str) else "".join(part["text"] for part in content)
            shown.append((item["role"], text))
        elif kind == "function_call":
            shown.append(("call", item["arguments"]))
        elif kind == "function_call_output":
            shown.append(("tool", item["output"]))
    return shown


@ALL
def test_whole(client: OpenAI, responding: ResponsesServer, model: str) -> None:
    raw = client.responses.with_raw_response.create(model=model, input="Hello", max_output_tokens=MOST)
    answer = raw.parse()
    assert answer.id.startswith("resp_")
    assert answer.id != "resp_of_the_vendor"
    assert answer._request_id == raw.headers["x-request-id"]
    assert answer.model == {"native": "native-2024-08-06", "chat": "chat-0613", "tiny": "tiny"}[model]
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens
    if model == "tiny":
        assert answer.status == "incomplete"
        assert answer.incomplete_details is not None
        assert answer.incomplete_details.reason == "max_output_tokens"
        assert answer.usage.output_tokens == MOST
        assert answer.output_text
    else:
        assert answer.status == "completed"
        assert answer.output_text == TEXT == raw.http_response.json()["output_text"]
        assert answer.usage.input_tokens == 12
        assert answer.usage.input_tokens_details.cached_tokens == 3
        assert said_before(responding) == [("user", "Hello")]


@ALL
def test_stream(client: OpenAI, model: str) -> None:
    with client.responses.create(model=model, input="Hello", max_output_tokens=MOST, stream=True) as stream:
        seen = list(stream)
    types = [event.type for event in seen]
    assert types[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert types[-4:-1] == ["response.output_text.done", "response.content_part.done", "response.output_item.done"]
    assert set(types[4:-4]) == {"response.output_text.delta"}
    assert [event.sequence_number for event in seen] == list(range(len(seen)))
    last = seen[-1]
    assert last.type == ("response.incomplete" if model == "tiny" else "response.completed")
    assert last.response.output_text == "".join(e.delta for e in seen if e.type == "response.output_text.delta")
    assert last.response.output_text


async def test_async_whole_and_stream(responding: ResponsesServer) -> None:
    async with AsyncOpenAI(
        base_url=responding.url + "/v1", api_key=responding.key, _strict_response_validation=True
    ) as client:
        answers = await asyncio.gather(*(client.responses.create(model="native", input="Hello") for _ in range(10)))
        assert len({answer.id for answer in answers}) == 10
        async with client.responses.stream(model="chat", input="Hello") as stream:
            events = [event async for event in stream]
            last = await stream.get_final_response()
        assert last.output_text == TEXT
        assert events[-1].type == "response.completed"
        kept = await client.responses.retrieve(last.id)
        assert kept.output == (await client.responses.retrieve(last.id)).output
        assert [item.id async for item in client.responses.input_items.list(last.id)]
        await client.responses.delete(last.id)
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve(last.id)


@VENDORS
def test_the_helper_for_text(client: OpenAI, model: str) -> None:
    with client.responses.stream(model=model, input="Hello") as stream:
        snapshots = [event.snapshot for event in stream if event.type == "response.output_text.delta"]
        last = stream.get_final_response()
    assert snapshots[-1] == TEXT == last.output_text
    whole = client.responses.create(model=model, input="Hello")
    assert without_ids(whole) == without_ids(last)


@VENDORS
@pytest.mark.parametrize("parallel", [True, False])
def test_the_helper_for_tools(client: OpenAI, model: str, parallel: bool) -> None:
    asked = {"model": model, "input": "Weather?", "tools": [TOOL], "parallel_tool_calls": parallel}
    with client.responses.stream(**asked) as stream:
        done = [event for event in stream if event.type == "response.function_call_arguments.done"]
        last = stream.get_final_response()
    cities = ["Paris", "Rome"] if parallel else ["Paris"]
    assert [json.loads(event.arguments)["city"] for event in done] == cities
    calls = [item for item in last.output if item.type == "function_call"]
    assert [(call.name, call.parsed_arguments) for call in calls] == [("get_weather", {"city": c}) for c in cities]
    assert len({call.call_id for call in calls}) == len(cities)
    assert without_ids(client.responses.create(**asked)) == without_ids(last)
    assert last.parallel_tool_calls is parallel


def test_a_tool_of_the_local_model(client: OpenAI) -> None:
    answer = final(
        client,
        model="tiny",
        input="Weather?",
        tools=[LOCAL_TOOL],
        tool_choice="required",
        temperature=0,
        max_output_tokens=300,
    )
    (call,) = answer.output
    assert call.type == "function_call"
    assert call.name == "get_weather"
    assert json.loads(call.arguments)["city"] in ("Paris", "Rome")
    assert answer.status == "completed"


@VENDORS
def test_parse(client: OpenAI, responding: ResponsesServer, model: str) -> None:
    parsed = client.responses.parse(model=model, input="Ada", text_format=Person)
    assert parsed.output_parsed == Person(name="Ada", age=36)
    assert parsed.text is not None
    assert parsed.text.format is not None
    assert parsed.text.format.type == "json_schema"
    body = sent(responding)
    form = body["text"]["format"] if model == "native" else body["response_format"]["json_schema"]
    assert (form["name"], form["strict"]) == ("Person", True)
    assert form["schema"]["required"] == ["name", "age"]
    with client.responses.stream(model=model, input="Ada", text_format=Person) as stream:
        assert stream.get_final_response().output_parsed == parsed.output_parsed


def test_parse_of_the_local_model(client: OpenAI) -> None:
    class Choice(BaseModel):
        yes: bool

    parsed = client.responses.parse(model="tiny", input="?", text_format=Choice, max_output_tokens=60, temperature=0)
    assert isinstance(parsed.output_parsed, Choice)


@VENDORS
def test_a_refusal(client: OpenAI, model: str) -> None:
    with client.responses.stream(model=model, input="Please refuse") as stream:
        pieces = [event.delta for event in stream if event.type == "response.refusal.delta"]
        last = stream.get_final_response()
    assert "".join(pieces) == REFUSAL
    (message,) = last.output
    assert message.type == "message"
    (part,) = message.content
    assert part.type == "refusal"
    assert part.refusal == REFUSAL
    assert without_ids(client.responses.create(model=model, input="Please refuse")) == without_ids(last)


def test_reasoning_of_a_chat_vendor(client: OpenAI) -> None:
    with client.responses.stream(model="chat", input="Please reason") as stream:
        pieces = [event.delta for event in stream if event.type == "response.reasoning_text.delta"]
        last = stream.get_final_response()
    reasoning, message = last.output
    assert reasoning.type == "reasoning"
    assert reasoning.content is not None
    assert "".join(pieces) == reasoning.content[0].text == THOUGHT
    assert message.type == "message"
    assert without_ids(client.responses.create(model="chat", input="Please reason")) == without_ids(last)


def test_reasoning_of_a_responses_vendor(client: OpenAI, responding: ResponsesServer) -> None:
    """It is kept in the form that goes back, and shown in that form only to those who ask."""
    plain = client.responses.create(model="thinker", input="Please reason", reasoning={"summary": "auto"})
    assert "reasoning.encrypted_content" in sent(responding)["include"]
    assert plain.output[0].type == "reasoning"
    assert plain.output[0].encrypted_content is None
    assert plain.output[0].summary[0].text == THOUGHT
    shown = client.responses.create(model="thinker", input="reason", include=["reasoning.encrypted_content"])
    assert shown.output[0].type == "reasoning"
    assert shown.output[0].encrypted_content == ENCRYPTED
    with client.responses.create(model="thinker", input="Please reason", stream=True) as stream:
        assert all(ENCRYPTED not in event.to_json() for event in stream)
    client.responses.create(model="thinker", input="And now?", previous_response_id=plain.id)
    (back,) = [item for item in sent(responding)["input"] if item.get("type") == "reasoning"]
    assert back["encrypted_content"] == ENCRYPTED
    kept = client.responses.retrieve(plain.id, include=["reasoning.encrypted_content"])
    assert kept.output[0].type == "reasoning"
    assert kept.output[0].encrypted_content == ENCRYPTED


@VENDORS
def test_logprobs(client: OpenAI, model: str) -> None:
    asked = {"model": model, "input": "Hello", "include": ["message.output_text.logprobs"], "top_logprobs": 1}
    with client.responses.stream(**asked) as stream:
        last = stream.get_final_response()
    whole = client.responses.create(**asked)
    for answer in (whole, last):
        part = answer.output[0].content[0]  # type: ignore[union-attr]
        assert part.type == "output_text"
        assert bytes(b for entry in part.logprobs or () for b in entry.bytes).decode() == TEXT
    assert without_ids(whole) == without_ids(last)


@ALL
def test_retrieve_and_delete(client: OpenAI, model: str) -> None:
    made = client.responses.create(model=model, input="Hello", metadata={"team": "a"}, max_output_tokens=MOST)
    kept = client.responses.retrieve(made.id)
    assert kept.to_dict() == made.to_dict()
    assert kept.metadata == {"team": "a"}
    client.responses.delete(made.id)
    for call in (client.responses.retrieve, client.responses.delete, client.responses.cancel):
        with pytest.raises(openai.NotFoundError):
            call(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.input_items.list(made.id)
    with pytest.raises(openai.BadRequestError) as error:
        client.responses.create(model=model, input="And?", previous_response_id=made.id)
    assert error.value.code == "previous_response_not_found"


@VENDORS
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_not_stored_is_not_there(client: OpenAI, model: str, stream: bool) -> None:
    asked = {"model": model, "input": "Hello", "store": False}
    if stream:
        with client.responses.stream(**asked) as events:
            made: Response = events.get_final_response()
    else:
        made = client.responses.create(**asked)
    assert made.store is False  # type: ignore[attr-defined]
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.BadRequestError) as error:
        client.responses.create(model=model, input="And?", previous_response_id=made.id)
    assert error.value.code == "previous_response_not_found"


@ALL
def test_a_stored_stream_is_given_again(client: OpenAI, responding: ResponsesServer, model: str) -> None:
    with client.responses.create(model=model, input="Hello", max_output_tokens=MOST, stream=True) as stream:
        seen = list(stream)
    id = seen[0].response.id  # type: ignore[union-attr]
    calls = len(responding.vendor.requests)
    with client.responses.retrieve(id, stream=True) as stream:
        assert list(stream) == seen
    for after in (0, 4, len(seen) - 2):
        with client.responses.retrieve(id, stream=True, starting_after=after) as stream:
            assert list(stream) == seen[after + 1 :]
    with client.responses.retrieve(id, stream=True, include_obfuscation=False) as stream:
        again = list(stream)
    assert all(getattr(event, "obfuscation", None) is None for event in again)
    assert len(again) == len(seen)
    if model != "tiny":
        with client.responses.stream(response_id=id, starting_after=3) as joined:
            assert joined.get_final_response().output_text == TEXT
    assert len(responding.vendor.requests) == calls
    assert client.responses.retrieve(id).to_dict() == seen[-1].response.to_dict()  # type: ignore[union-attr]


def test_input_items(client: OpenAI) -> None:
    texts = [f"number {number}" for number in range(5)]
    first = client.responses.create(
        model="native", input=[{"role": "user", "content": text} for text in texts], instructions="Count"
    )
    pages = client.responses.input_items.list(first.id, limit=2)
    assert len(pages.data) == 2
    assert pages.has_more

    def shown(**how: Any) -> list[str]:
        return [item.content[0].text for item in client.responses.input_items.list(first.id, **how)]  # type: ignore[union-attr]

    assert shown(limit=2) == texts[::-1]  # the newest first, over three pages
    assert shown(limit=2, order="asc") == texts
    assert shown(order="asc", after=pages.data[-1].id) == texts[4:]
    ids = [item.id for item in client.responses.input_items.list(first.id)]
    assert len(set(ids)) == 5
    with pytest.raises(openai.BadRequestError):
        client.responses.input_items.list(first.id, after="msg_nobody_knows")


@ALL
def test_input_tokens(client: OpenAI, responding: ResponsesServer, model: str) -> None:
    counted = client.responses.input_tokens.count(model=model, input="Hello there")
    more = client.responses.input_tokens.count(model=model, input="Hello there", instructions="Be brief", tools=[TOOL])
    assert counted.object == "response.input_tokens"
    assert 0 < counted.input_tokens < more.input_tokens
    asked_for = [request.path.rpartition("/responses")[2] for request in responding.vendor.requests]
    assert asked_for == (["/input_tokens"] * 2 if model == "native" else [])  # nothing is generated
    asked = {"model": model, "input": "Hello there", "max_output_tokens": MOST}
    if model == "tiny":
        answer = client.responses.create(**asked)
        assert answer.usage is not None
        assert answer.usage.input_tokens == counted.input_tokens
        continued = client.responses.input_tokens.count(model=model, input="More", previous_response_id=answer.id)
        assert continued.input_tokens > counted.input_tokens + MOST


def slow(pieces: int, pause_s: float) -> Any:
    """Behaves: a chat stream that takes its time."""

    async def behave(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        for number in range(pieces):
            await wire.event(chunk({"content": f"{number} "}))
            await asyncio.sleep(pause_s)
        await wire.event(chunk({}, "stop"))
        await wire.event("[DONE]")
        await wire.end_stream()

    return behave


def waited_for(client: OpenAI, id: str, status: str, seconds: float = 10) -> Response:
    end = time.monotonic() + seconds
    while (answer := client.responses.retrieve(id)).status != status:
        assert time.monotonic() < end, answer.status
        time.sleep(0.05)
    return answer


@ALL
def test_background(client: OpenAI, model: str) -> None:
    made = client.responses.create(model=model, input="Hello", background=True, max_output_tokens=MOST)
    assert made.background is True
    assert made.status in ("queued", "in_progress")
    assert made.output == []
    answer = waited_for(client, made.id, "incomplete" if model == "tiny" else "completed")
    assert answer.output_text
    assert answer.background is True
    assert client.responses.cancel(made.id).to_dict() == answer.to_dict()  # over: it stays what it is
    again = client.responses.create(model=model, input="And?", previous_response_id=made.id, max_output_tokens=MOST)
    assert again.previous_response_id == made.id


def test_background_cancelled(client: OpenAI, responding: ResponsesServer) -> None:
    responding.vendor.behave = slow(200, 0.05)
    made = client.responses.create(model="chat", input="Hello", background=True)
    waited_for(client, made.id, "in_progress")
    while not client.responses.retrieve(made.id).output_text:
        time.sleep(0.02)
    ended = client.responses.cancel(made.id)
    assert ended.status == "cancelled"
    assert ended.output_text.startswith("0 ")
    assert client.responses.retrieve(made.id).to_dict() == ended.to_dict()
    assert client.responses.cancel(made.id).status == "cancelled"
    assert len(responding.vendor.requests) == 1


def test_background_streamed_and_joined(client: OpenAI, responding: ResponsesServer) -> None:
    """Its client leaves; it goes on, and whoever joins sees all of it."""
    responding.vendor.behave = slow(10, 0.05)
    with client.responses.create(model="chat", input="Hello", background=True, stream=True) as stream:
        first = next(stream)
        second = next(stream)
    assert (first.type, second.type) == ("response.created", "response.queued")
    id = first.response.id  # type: ignore[union-attr]
    with client.responses.retrieve(id, stream=True, starting_after=1) as stream:
        rest = list(stream)
    assert [event.sequence_number for event in rest] == list(range(2, 2 + len(rest)))
    assert rest[0].type == "response.in_progress"
    assert rest[-1].type == "response.completed"
    assert rest[-1].response.output_text == "".join(f"{number} " for number in range(10))
    assert len(responding.vendor.requests) == 1


@ALL
def test_a_chain(client: OpenAI, responding: ResponsesServer, model: str) -> None:
    first = client.responses.create(model=model, input="One", instructions="Be brief", max_output_tokens=MOST)
    second = client.responses.create(model=model, input="Two", previous_response_id=first.id, max_output_tokens=MOST)
    third = client.responses.create(model=model, input="Three", previous_response_id=second.id, max_output_tokens=MOST)
    assert third.previous_response_id == second.id
    if model == "tiny":
        assert first.usage is not None
        assert third.usage is not None
        assert third.usage.input_tokens > first.usage.input_tokens + 2 * MOST
    else:
        turns = [("user", "One"), ("assistant", TEXT), ("user", "Two"), ("assistant", TEXT), ("user", "Three")]
        assert said_before(responding) == turns  # instructions are not carried on
    # Another branch of the same chain, on another model.
    client.responses.create(model="chat", input="Four", previous_response_id=first.id)
    assert said_before(responding)[-1] == ("user", "Four")
    assert len(said_before(responding)) == 3


@VENDORS
@pytest.mark.parametrize("stream", [False, True])
def test_a_chain_over_calls_of_tools(client: OpenAI, responding: ResponsesServer, model: str, stream: bool) -> None:
    asked: dict[str, Any] = {"model": model, "tools": [TOOL]}
    if stream:
        with client.responses.stream(input="Weather?", **asked) as events:
            first: Response = events.get_final_response()
    else:
        first = client.responses.create(input="Weather?", **asked)
    calls = [item for item in first.output if item.type == "function_call"]
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "sunny"} for call in calls]
    second = client.responses.create(input=results, previous_response_id=first.id, **asked)  # type: ignore[arg-type]
    assert second.output_text == TEXT
    both = [("call", '{"city":"Paris"}'), ("call", '{"city":"Rome"}')]
    before = [("user", "Weather?"), *both, ("tool", "sunny"), ("tool", "sunny")]
    assert spaceless(said_before(responding)) == before
    client.responses.create(model=model, input="Thanks", previous_response_id=second.id)
    assert spaceless(said_before(responding)) == [*before, ("assistant", TEXT), ("user", "Thanks")]
    with pytest.raises(openai.BadRequestError) as error:  # one call would stay without its output
        client.responses.create(input=results[:1], previous_response_id=first.id, **asked)  # type: ignore[arg-type]
    assert calls[1].call_id in error.value.message


def test_a_chain_over_a_call_of_the_local_model(client: OpenAI) -> None:
    asked: dict[str, Any] = {"model": "tiny", "tools": [LOCAL_TOOL], "temperature": 0}
    first = client.responses.create(input="Weather?", tool_choice="required", max_output_tokens=300, **asked)
    (call,) = first.output
    assert call.type == "function_call"
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    second = client.responses.create(
        input=[result],  # type: ignore[list-item]
        previous_response_id=first.id,
        tool_choice="none",
        max_output_tokens=MOST,
        **asked,
    )
    assert second.output_text
    assert first.usage is not None
    assert second.usage is not None
    assert second.usage.input_tokens > first.usage.input_tokens


def test_a_chain_goes_from_one_kind_of_model_to_another(client: OpenAI, responding: ResponsesServer) -> None:
    first = client.responses.create(model="thinker", input="Please reason")
    second = client.responses.create(model="chat", input="Two", previous_response_id=first.id)
    assert said_before(responding) == [("user", "Please reason"), ("assistant", TEXT), ("user", "Two")]
    third = client.responses.create(model="tiny", input="Three", previous_response_id=second.id, max_output_tokens=MOST)
    client.responses.create(model="native", input="Four", previous_response_id=third.id)
    turns = said_before(responding)
    assert [role for role, _ in turns] == ["user", "assistant"] * 3 + ["user"]
    assert turns[5] == ("assistant", third.output_text)


@ALL
def test_a_conversation(client: OpenAI, responding: ResponsesServer, model: str) -> None:
    conversation = client.conversations.create(
        items=[{"type": "message", "role": "developer", "content": "Be brief"}], metadata={"team": "a"}
    )
    asked = {"model": model, "max_output_tokens": MOST}
    first = client.responses.create(input="One", conversation=conversation.id, **asked)
    assert first.conversation is not None
    assert first.conversation.id == conversation.id
    second = final(client, input="Two", conversation={"id": conversation.id}, **asked)
    if model != "tiny":
        turns = [("developer", "Be brief"), ("user", "One"), ("assistant", TEXT), ("user", "Two")]
        assert [("developer" if role == "system" else role, text) for role, text in said_before(responding)] == turns
    items = list(client.conversations.items.list(conversation.id, order="asc"))
    assert [item.role for item in items] == ["developer", "user", "assistant", "user", "assistant"]  # type: ignore[union-attr]
    assert items[2].id == first.output[0].id
    assert items[4].id == second.output[0].id
    assert items[2].content[0].text == first.output_text  # type: ignore[union-attr]
    one = client.conversations.items.retrieve(items[1].id, conversation_id=conversation.id)
    assert one == items[1]
    client.conversations.items.delete(items[1].id, conversation_id=conversation.id)
    client.conversations.items.delete(items[2].id, conversation_id=conversation.id)
    added = client.conversations.items.create(
        conversation.id, items=[{"type": "message", "role": "user", "content": "Between"}]
    )
    assert len(added.data) == 1
    client.responses.create(input="Three", conversation=conversation.id, **asked)
    left = [item.role for item in client.conversations.items.list(conversation.id, order="asc")]  # type: ignore[union-attr]
    assert left == ["developer", "user", "assistant", "user", "user", "assistant"]
    assert client.conversations.update(conversation.id, metadata={"team": "b"}).metadata == {"team": "b"}
    assert client.conversations.retrieve(conversation.id).metadata == {"team": "b"}
    assert client.conversations.delete(conversation.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.create(input="Four", conversation=conversation.id, **asked)
    assert client.responses.retrieve(first.id).output_text == first.output_text


@VENDORS
def test_a_conversation_with_calls_of_tools(client: OpenAI, responding: ResponsesServer, model: str) -> None:
    conversation = client.conversations.create()
    asked: dict[str, Any] = {"model": model, "tools": [TOOL], "conversation": conversation.id}
    first = client.responses.create(input="Weather?", **asked)
    results = [
        {"type": "function_call_output", "call_id": item.call_id, "output": "sunny"}
        for item in first.output
        if item.type == "function_call"
    ]
    answer = client.responses.create(input=results, **asked)  # type: ignore[arg-type]
    assert answer.output_text == TEXT
    kinds = [item.type for item in client.conversations.items.list(conversation.id, order="asc")]
    assert kinds == ["message", *["function_call"] * 2, *["function_call_output"] * 2, "message"]


def test_errors_of_the_vendor(client: OpenAI, responding: ResponsesServer) -> None:
    async def refused(request: Request, wire: Wire) -> None:
        error = {"message": "the vendor's words", "type": "invalid_request_error", "param": "model", "code": "bad"}
        await wire.whole({"error": error}, 400)

    async def failed(request: Request, wire: Wire) -> None:
        await wire.begin_stream()
        await wire.event(chunk({"role": "assistant", "content": "Hel"}))
        wire.reset()

    responding.vendor.behave = refused
    for stream in (False, True):
        with pytest.raises(openai.BadRequestError) as error:
            client.responses.create(model="native", input="Hello", stream=stream)
        assert "the vendor's words" in error.value.message
        assert error.value.code == "bad"
    responding.vendor.behave = failed
    with client.responses.create(model="chat", input="Hello", stream=True) as stream:
        id = next(stream).response.id  # type: ignore[union-attr]
        with pytest.raises(openai.APIError, match="vendor"):
            list(stream)
    kept = client.responses.retrieve(id)
    assert kept.status == "failed"
    assert kept.error is not None
    assert kept.error.code == "server_error"
    assert kept.output_text == "Hel"


def spaceless(turns: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Vendors write the JSON of arguments with spaces and without."""
    return [(who, said.replace(" ", "") if who == "call" else said) for who, said in turns]


def without_ids(response: Any) -> dict[str, Any]:
    """A response without what differs from one run to the next; the vendor's chunks do not tell of the tier."""
    found: dict[str, Any] = json.loads(response.to_json())
    for name in ("id", "created_at", "completed_at", "service_tier"):
        found.pop(name)
    for item in found["output"]:
        item.pop("id")
        item.pop("call_id", None)
        item.pop("parsed_arguments", None)
        for part in item.get("content") or ():
            part.pop("parsed", None)
    return found
