"""What this engine is built on: how llama.cpp behaves, asked over a real socket. Checked again with each release."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.engine.chat import Chat
from tests.tiny_gguf import CHATML, THINKING, write_tiny_gguf

from penstock.core.errors import InvalidRequest, UpstreamRejected
from penstock.engine import Engine, Registry
from penstock.settings import EngineSettings

pytestmark = pytest.mark.anyio
Start = Callable[..., Engine]

TOOL_CALL = "267"  # the token `<tool_call>` of the tiny model
FUNCTIONS = [
    {
        "name": "get_weather",
        "description": "The weather in a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"$ref": "#/$defs/City"}, "days": {"type": "integer", "minimum": 1, "maximum": 5}},
            "required": ["city", "days"],
            "additionalProperties": False,
            "$defs": {"City": {"type": "string", "enum": ["Paris", "Rome"]}},
        },
    },
    {"name": "now"},
]
TOOLS = [{"type": "function", "function": function} for function in FUNCTIONS]
SCHEMA = {
    "type": "object",
    "properties": {"colour": {"enum": ["red", "blue"]}, "size": {"type": "integer", "minimum": 1, "maximum": 9}},
    "required": ["colour", "size"],
    "additionalProperties": False,
}
JSON_ANSWER = {"type": "json_schema", "json_schema": {"name": "thing", "strict": True, "schema": SCHEMA}}


@pytest.fixture(scope="module")
async def thinking(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chat]:
    """A model that thinks before it answers."""
    home = tmp_path_factory.mktemp("thinking")
    path = write_tiny_gguf(home / "thinking.gguf", chat_template=THINKING)
    Registry(home).add(path, None, copy=False, progress=lambda done, total: None)
    engine = Engine(EngineSettings(threads=1), home)
    async with engine.lease("thinking") as endpoint:
        yield Chat(endpoint)
    await engine.close()


# Sampling


async def test_a_seed_alone_and_uncached_gives_the_same_again(start: Start) -> None:
    engine = start()
    body: dict[str, Any] = {"seed": 7, "temperature": 1, "max_tokens": 60}

    async def seeded() -> str:
        async with engine.lease("tiny", alone=True) as endpoint:
            return await Chat(endpoint).text(**body)

    async def others() -> None:
        for _ in range(5):
            async with engine.lease("tiny") as endpoint:
                await Chat(endpoint).text(temperature=1, max_tokens=20)

    quiet = {await seeded() for _ in range(4)}
    busy, *_ = await asyncio.gather(seeded(), others(), others(), others())
    again = await asyncio.gather(*(seeded() for _ in range(3)))
    assert len(quiet) == 1
    assert {busy, *again} == quiet


async def test_a_seed_gives_the_same_in_another_process(chat: Chat, start: Start) -> None:
    body: dict[str, Any] = {"seed": 11, "temperature": 1, "max_tokens": 60}
    async with start().lease("tiny", alone=True) as endpoint:
        assert await Chat(endpoint).text(**body) == await chat.text(**body)


@pytest.mark.parametrize("seed", [-1, 2**32 - 1, 2**63 - 1, -(2**63), 2**32 + 5])
async def test_no_seed_means_random(chat: Chat, seed: int) -> None:
    texts = {await chat.text(seed=seed, temperature=1, max_tokens=40) for _ in range(2)}
    assert len(texts) == 1


async def test_seeds_differ(chat: Chat) -> None:
    seeds = (0, 1, 2**32, -1, 2**63 - 1)
    texts = [await chat.text(seed=seed, temperature=1, max_tokens=40) for seed in seeds]
    assert len(set(texts)) == len(seeds)


@pytest.mark.parametrize("greedy", [{"top_k": 1}, {"top_p": 0}, {"temperature": 0}])
async def test_the_ways_to_be_greedy_are_one(chat: Chat, greedy: dict[str, Any]) -> None:
    body = {"temperature": 1} | greedy
    assert await chat.text(**body) == await chat.text(temperature=0)


async def test_unasked_nothing_is_cut_off_the_distribution(chat: Chat) -> None:
    """llama.cpp's own min_p of 0.05 would leave no token of less than a twentieth of the best one."""
    first = (await chat.whole(max_tokens=1, logprobs=True, top_logprobs=1))["choices"][0]["logprobs"]["content"][0]
    least = first["logprob"] + math.log(0.05)
    drawn = []
    for seed in range(30):
        answer = await chat.whole(seed=seed, temperature=1, max_tokens=1, logprobs=True)
        drawn.append(answer["choices"][0]["logprobs"]["content"][0]["logprob"])
    assert any(logprob < least for logprob in drawn)


async def test_the_repetition_penalty_sees_the_whole_text(chat: Chat) -> None:
    """llama.cpp's own window is the last 64 tokens."""

    async def first(letter: str, **more: Any) -> str:
        return await chat.text(messages=[{"role": "user", "content": letter + "z" * 200}], max_tokens=1, **more)

    letter = await first("x")
    assert await first(letter) == letter
    assert await first(letter, repetition_penalty=1.9) != letter
    assert await first("x", repetition_penalty=1.9) == letter


async def test_a_bias_draws_and_bans(chat: Chat) -> None:
    assert await chat.text(logit_bias={"66": 100}, max_tokens=5) == "BBBBB"
    best = await chat.text(max_tokens=1)
    assert await chat.text(logit_bias={str(ord(best)): -100}, max_tokens=1) != best


async def test_logprobs_come_with_every_token(chat: Chat) -> None:
    choice = (await chat.whole(logprobs=True, top_logprobs=3))["choices"][0]
    entries = choice["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == choice["message"]["content"]
    for entry in entries:
        assert bytes(entry["bytes"]).decode() == entry["token"]
        assert len(entry["top_logprobs"]) == 3
        assert entry["top_logprobs"][0]["logprob"] == entry["logprob"] <= 0  # greedy takes the best
        assert entry["top_logprobs"][0]["logprob"] >= entry["top_logprobs"][2]["logprob"]


async def test_logprobs_without_alternatives(chat: Chat) -> None:
    for body in ({"logprobs": True}, {"logprobs": True, "top_logprobs": 0}):
        entries = (await chat.whole(**body))["choices"][0]["logprobs"]["content"]
        assert len(entries) == 12
        assert {len(entry["top_logprobs"]) for entry in entries} == {0}


# Ends


@pytest.mark.parametrize("size", [1, 2, 5])
async def test_stop_ends_the_text_before_or_after_the_sequence(chat: Chat, size: int) -> None:
    whole = await chat.text(max_tokens=20)
    stop = whole[4 : 4 + size]
    at = whole.index(stop)
    body: dict[str, Any] = {"max_tokens": 20, "stop": ["never", stop], "logprobs": True}
    for include, end in ((False, at), (True, at + size)):
        choice = (await chat.whole(**body, include_stop_str_in_output=include))["choices"][0]
        assert (choice["message"]["content"], choice["finish_reason"]) == (whole[:end], "stop")
        # A token may reach beyond the end of the text, never the other way round.
        told = "".join(entry["token"] for entry in choice["logprobs"]["content"])
        assert told.startswith(whole[:end])


async def test_after_a_stop_the_model_is_free_at_once(start: Start) -> None:
    async with start(parallel=1).lease("tiny") as endpoint:
        chat = Chat(endpoint)
        whole = await chat.text(max_tokens=20)
        loop = asyncio.get_running_loop()
        frames, reader = await chat.frames(max_tokens=4000, stop=whole[10:14])
        assert reader.done
        assert frames[-1]["choices"][0]["finish_reason"] == "stop"
        began = loop.time()
        await chat.text(max_tokens=1)
        assert loop.time() - began < 0.5


async def test_a_client_that_leaves_frees_the_model_and_is_metered(start: Start) -> None:
    async with start(parallel=1, context=4096).lease("tiny") as endpoint:
        chat = Chat(endpoint)
        loop = asyncio.get_running_loop()
        begun = asyncio.Event()
        task = asyncio.create_task(chat.frames(on_frame=lambda frame: begun.set(), max_tokens=4000))
        await begun.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        began = loop.time()
        await chat.text(max_tokens=1)
        assert loop.time() - began < 0.5


async def test_the_tokens_so_far_are_known_in_the_middle_of_a_stream(chat: Chat) -> None:
    _, reader = await chat.frames(max_tokens=50)
    assert reader.usage is not None
    assert reader.usage.completion_tokens == 50
    _, stopped = await chat.frames(max_tokens=50, stop=(await chat.text(max_tokens=50))[20:24])
    assert stopped.usage is not None
    assert 0 < stopped.usage.completion_tokens < 50
    assert stopped.usage.prompt_tokens == reader.usage.prompt_tokens > 10


async def test_without_a_limit_the_answer_ends_with_the_context(start: Start) -> None:
    async with start(context=256).lease("tiny") as endpoint:
        answer = await Chat(endpoint).whole(max_tokens=100_000)
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["total_tokens"] == 256


async def test_a_prompt_that_does_not_fit_says_both_numbers(start: Start) -> None:
    async with start(context=256).lease("tiny") as endpoint:
        chat = Chat(endpoint)
        with pytest.raises(
            UpstreamRejected, match=r"length is 256 tokens, but the messages have 3\d\d tokens"
        ) as error:
            await chat.text(messages=[{"role": "user", "content": "x" * 300}])
        assert (error.value.status, error.value.code) == (400, "context_length_exceeded")
        with pytest.raises(UpstreamRejected, match=r"256 tokens.* the answer may have 250"):
            await chat.text(max_tokens=250, context_length_exceeded_behavior="error")


async def test_each_call_has_its_own_context(start: Start) -> None:
    async with start(context=512, parallel=3).lease("tiny") as endpoint:
        chat = Chat(endpoint)
        answers = await asyncio.gather(*(chat.whole(max_tokens=100_000, temperature=1) for _ in range(3)))
    assert [answer["usage"]["total_tokens"] for answer in answers] == [512] * 3


# Tools and JSON


def calls_of(answer: dict[str, Any]) -> list[tuple[str, Any]]:
    choice = answer["choices"][0]
    assert choice["message"]["content"] is None
    assert choice["finish_reason"] == "tool_calls"
    calls = choice["message"]["tool_calls"]
    assert len({call["id"] for call in calls}) == len(calls)
    assert all(call["id"].startswith("call_") and call["type"] == "function" for call in calls)
    return [(call["function"]["name"], json.loads(call["function"]["arguments"])) for call in calls]


def fits(arguments: Any) -> bool:
    return set(arguments) == {"city", "days"} and arguments["city"] in ("Paris", "Rome") and 1 <= arguments["days"] <= 5


@pytest.mark.parametrize("temperature", [0, 1.5])
async def test_a_required_call_is_made(chat: Chat, temperature: float) -> None:
    answer = await chat.whole(tools=TOOLS, tool_choice="required", max_tokens=300, temperature=temperature, seed=3)
    ((name, arguments),) = calls_of(answer)
    assert arguments == {} if name == "now" else fits(arguments)


@pytest.mark.parametrize("name", ["now", "get_weather"])
async def test_a_named_call_is_made(chat: Chat, name: str) -> None:
    choice = {"type": "function", "function": {"name": name}}
    ((called, arguments),) = calls_of(await chat.whole(tools=TOOLS, tool_choice=choice, max_tokens=300))
    assert called == name
    assert arguments == {} if name == "now" else fits(arguments)


async def test_of_allowed_tools_one_is_called(chat: Chat) -> None:
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "now"}}]}
    choice = {"type": "allowed_tools", "allowed_tools": allowed}
    assert calls_of(await chat.whole(tools=TOOLS, tool_choice=choice, max_tokens=300)) == [("now", {})]


async def test_the_template_sees_the_tools_in_every_way(chat: Chat) -> None:
    async def prompt(**body: Any) -> int:
        tokens = (await chat.whole(max_tokens=1, **body))["usage"]["prompt_tokens"]
        assert isinstance(tokens, int)
        return tokens

    without = await prompt()
    with_all = await prompt(tools=TOOLS)
    assert with_all > without + 100
    named = {"type": "function", "function": {"name": "now"}}
    for choice in ("auto", "none", "required", named):
        assert await prompt(tools=TOOLS, tool_choice=choice) == with_all
    one = {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [named]}}
    assert without < await prompt(tools=TOOLS, tool_choice=one) < with_all


async def test_calls_in_the_templates_own_form_are_read(chat: Chat) -> None:
    answer = await chat.whole(tools=TOOLS, logit_bias={TOOL_CALL: 100}, max_tokens=250)
    choice = answer["choices"][0]
    calls = choice["message"]["tool_calls"]
    assert len(calls) > 1
    assert fits(json.loads(calls[0]["function"]["arguments"])) or calls[0]["function"]["name"] == "now"


async def test_with_parallel_calls_off_there_is_one(chat: Chat) -> None:
    answer = await chat.whole(tools=TOOLS, logit_bias={TOOL_CALL: 100}, max_tokens=250, parallel_tool_calls=False)
    assert len(calls_of(answer)) == 1


async def test_the_old_functions_still_work(chat: Chat) -> None:
    answer = await chat.whole(functions=FUNCTIONS, function_call={"name": "now"}, max_tokens=300)
    choice = answer["choices"][0]
    assert choice["message"]["function_call"] == {"name": "now", "arguments": "{}"}
    assert choice["finish_reason"] == "function_call"


async def test_a_call_that_is_cut_off_has_its_beginning(chat: Chat) -> None:
    choice = {"type": "function", "function": {"name": "get_weather"}}
    frames, reader = await chat.frames(tools=TOOLS, tool_choice=choice, max_tokens=45)
    assert reader.finish_reasons == {0: "length"}
    names = [
        call["function"]["name"]
        for frame in frames
        for call in frame["choices"][0]["delta"].get("tool_calls", ())
        if "name" in call["function"]
    ]
    assert names == ["get_weather"]


@pytest.mark.parametrize("seed", range(4))
async def test_an_answer_fits_its_schema(chat: Chat, seed: int) -> None:
    answer = json.loads(await chat.text(response_format=JSON_ANSWER, max_tokens=200, temperature=1, seed=seed))
    assert answer["colour"] in ("red", "blue")
    assert 1 <= answer["size"] <= 9


async def test_any_json_object(chat: Chat) -> None:
    text = await chat.text(response_format={"type": "json_object"}, max_tokens=40)
    assert text.startswith("{")


async def test_tools_and_a_schema_together_give_a_call_or_an_answer(chat: Chat) -> None:
    kinds = set()
    for seed in range(12):
        answer = await chat.whole(tools=TOOLS, response_format=JSON_ANSWER, max_tokens=300, temperature=2, seed=seed)
        choice = answer["choices"][0]
        kinds.add(choice["finish_reason"])
        if choice["finish_reason"] == "stop":
            assert json.loads(choice["message"]["content"])["colour"] in ("red", "blue")
        else:
            assert calls_of(answer)
    assert kinds == {"stop", "tool_calls"}


async def test_a_schema_that_no_grammar_can_hold_is_the_clients_error(chat: Chat) -> None:
    # The first of these fails in the middle of the stream.
    for schema in ({"type": "string", "pattern": "^[z-a]$"}, {"$ref": "https://example.com/s"}, {"type": "banana"}):
        with pytest.raises(UpstreamRejected) as error:
            await chat.text(
                response_format={"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}, temperature=1
            )
        assert error.value.status == 400


async def test_a_schema_that_would_fill_memory_is_never_sent(chat: Chat) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string", "minLength": 10, "maxLength": 5}}}
    for body in (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema}}},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": schema}}]},
    ):
        with pytest.raises(InvalidRequest, match=r"properties\.a.*minLength 10 is over maxLength 5"):
            await chat.text(**body)


# Messages


async def test_an_answer_does_not_go_on_with_the_last_message(chat: Chat) -> None:
    user, assistant = {"role": "user", "content": "hi"}, {"role": "assistant", "content": "b"}
    one = (await chat.whole(messages=[user]))["usage"]["prompt_tokens"]
    two = (await chat.whole(messages=[user, assistant]))["usage"]["prompt_tokens"]
    assert two - one > 5  # the mark of a new message, and not only the one letter


async def test_every_form_of_a_message_is_taken(chat: Chat) -> None:
    function_call = {"id": "c1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    broken = {"id": "c2", "type": "function", "function": {"name": "now", "arguments": '{"a": '}}
    messages = [
        {"role": "developer", "content": "be brief"},
        {"role": "system", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
        {"role": "user", "content": [{"type": "text", "text": "hi"}], "name": "ann"},
        {"role": "assistant", "content": None, "tool_calls": [function_call, broken]},
        {"role": "tool", "tool_call_id": "c1", "content": "noon"},
        {"role": "tool", "tool_call_id": "c2", "content": [{"type": "text", "text": "error"}]},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}], "reasoning_content": "hm"},
        {"role": "assistant", "content": None, "refusal": "no"},
        {"role": "assistant", "content": None, "function_call": {"name": "now", "arguments": ""}},
        {"role": "function", "name": "now", "content": None},
        {"role": "user", "content": "and?"},
    ]
    assert await chat.text(messages=messages, tools=TOOLS, tool_choice="none") != ""


async def test_what_the_template_refuses_is_the_clients_error(start: Start, registry: Registry, tmp_path: Path) -> None:
    refuses = CHATML + "{% if messages[0].content == 'boom' %}{{ raise_exception('roles must alternate') }}{% endif %}"
    path = write_tiny_gguf(tmp_path / "strict.gguf", chat_template=refuses)
    registry.add(path, None, copy=False, progress=lambda done, total: None)
    async with start().lease("strict") as endpoint:
        with pytest.raises(
            UpstreamRejected, match="template of the local model refused: roles must alternate"
        ) as error:
            await Chat(endpoint).text(messages=[{"role": "user", "content": "boom"}])
    assert error.value.status == 400


async def test_thinking_is_told_apart_and_can_be_turned_off(thinking: Chat) -> None:
    answer = await thinking.whole(response_format=JSON_ANSWER, max_tokens=40)
    assert answer["choices"][0]["message"]["reasoning_content"] != ""
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    for off in ({"enable_thinking": False}, {"reasoning_effort": "none"}):
        answer = await thinking.whole(response_format=JSON_ANSWER, max_tokens=200, **off)
        assert json.loads(answer["choices"][0]["message"]["content"])["colour"] in ("red", "blue")
        assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


async def test_calls_side_by_side_are_all_answered(chat: Chat) -> None:
    texts = await asyncio.gather(*(chat.text(max_tokens=30) for _ in range(8)))
    assert all(len(text) >= 30 for text in texts)
