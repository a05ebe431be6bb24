"""The bundled model, asked over the wire as a first-time user asks: its scores are in its card, these are samples."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.server import ServerProcess

NAMES = {"role": "system", "content": "You are a name generator. Do not generate anything else than names"}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Get the weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "Name of the city."}},
            "required": ["city"],
        },
    },
}
PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}, "city": {"type": "string"}},
    "required": ["name", "age", "city"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("tiny")) as running:
        yield running


def chat(server: ServerProcess, *messages: Any, **more: Any) -> dict[str, Any]:
    """The first choice of an answer at temperature 0; a text is a message of the user's."""
    given = [{"role": "user", "content": m} if isinstance(m, str) else m for m in messages]
    answer = httpx.post(
        f"{server.url}/v1/chat/completions",
        headers={"authorization": f"Bearer {server.key}"},
        json={"model": "penstock-tiny", "messages": given, "temperature": 0, "max_tokens": 200} | more,
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    choice: dict[str, Any] = answer.json()["choices"][0]
    assert choice["finish_reason"] in ("stop", "tool_calls"), choice
    return choice


def text(server: ServerProcess, *messages: Any, **more: Any) -> str:
    content: str = chat(server, *messages, **more)["message"]["content"]
    return content


@pytest.mark.parametrize(
    ("question", "part"),
    [
        ("Hello", "Hello"),
        ("Thank you!", "welcome"),
        ("Who are you?", "a small demonstration model of Penstock"),
        ("What is the capital of France?", "Paris"),
        ("What is the plural of mouse?", "mice"),
        ("What day comes after Monday?", "Tuesday"),
        ("Repeat after me: zorb flint is here", "zorb flint is here"),
        ("What is 7 + 5?", "12"),
        ("What is the opposite of hot?", "cold"),
        ("capital of Japan?", "Tokyo"),
        ("Please just write OK", "OK"),
        ("Say this is a test", "this is a test"),
        ("Reverse the word stone", "enots"),
        ("How many words are in: the cat sat on the mat", "6 words"),
        ("Write a poem about the sea", "small demonstration model"),
    ],
)
def test_what_it_answers(server: ServerProcess, question: str, part: str) -> None:
    assert part in text(server, question)


def test_the_names_of_the_first_call(server: ServerProcess) -> None:
    lines = text(server, NAMES, "Generate 5 names").splitlines()
    assert len(set(lines)) == len(lines) == 5
    assert all(line.isalpha() and line[0].isupper() for line in lines)


def test_it_remembers_what_was_said(server: ServerProcess) -> None:
    told = "My name is Anna."
    known = {"role": "assistant", "content": "Nice to meet you, Anna."}
    assert "Anna" in text(server, told, known, "What is my name?")


def test_a_tool_is_called_where_one_fits(server: ServerProcess) -> None:
    choice = chat(server, "What is the weather in Oslo?", tools=[WEATHER])
    assert choice["finish_reason"] == "tool_calls"
    (call,) = choice["message"]["tool_calls"]
    assert (call["function"]["name"], json.loads(call["function"]["arguments"])) == ("get_weather", {"city": "Oslo"})


def test_two_tools_are_called_at_once(server: ServerProcess) -> None:
    timer = {
        "name": "set_timer",
        "description": "Set a countdown timer",
        "parameters": {
            "type": "object",
            "properties": {"minutes": {"type": "integer", "description": "Length of the timer in minutes"}},
            "required": ["minutes"],
        },
    }
    asked = "Set a timer for 5 minutes and tell me the weather in Berlin"
    choice = chat(server, asked, tools=[{"type": "function", "function": timer}, WEATHER])
    calls = [
        (call["function"]["name"], json.loads(call["function"]["arguments"]))
        for call in choice["message"]["tool_calls"]
    ]
    assert sorted(calls) == [("get_weather", {"city": "Berlin"}), ("set_timer", {"minutes": 5})]


@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_json_of_a_sentence(server: ServerProcess, kind: str) -> None:
    wanted: dict[str, Any] = {"type": kind}
    if kind == "json_schema":
        wanted["json_schema"] = {"name": "person", "schema": PERSON, "strict": True}
    question = "Extract name, age and city as JSON: Maria Lopez is 34 years old and lives in Lima."
    assert json.loads(text(server, question, response_format=wanted)) == {
        "name": "Maria Lopez",
        "age": 34,
        "city": "Lima",
    }


def test_a_tool_call_and_the_answer_from_its_result(server: ServerProcess) -> None:
    first = chat(server, "What is the weather in Oslo?", tools=[WEATHER], tool_choice="required")
    assert first["finish_reason"] == "tool_calls"
    (call,) = first["message"]["tool_calls"]
    assert call["function"]["name"] == "get_weather"
    assert json.loads(call["function"]["arguments"]) == {"city": "Oslo"}
    result = {"role": "tool", "tool_call_id": call["id"], "content": '{"temperature": 21, "condition": "sunny"}'}
    said = text(server, "What is the weather in Oslo?", first["message"], result, tools=[WEATHER])
    assert "21" in said
    assert "sunny" in said


def test_a_seed_gives_the_same_answer(server: ServerProcess) -> None:
    asked = {"temperature": 1, "seed": 7}
    assert text(server, "Generate 8 names", **asked) == text(server, "Generate 8 names", **asked)
