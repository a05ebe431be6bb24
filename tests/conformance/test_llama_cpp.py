"""The official SDK against llama.cpp twice: as a local model of Penstock's, and as a vendor that nobody here wrote."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types.chat import ChatCompletionChunk
from pydantic import BaseModel

from tests.server import ServerProcess, penstock, provider_toml
from tests.tiny_gguf import write_tiny_gguf

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Hello"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "enum": ["Paris", "Rome"]}},
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }
]
NAMED = {"type": "function", "function": {"name": "get_weather"}}


class Verdict(BaseModel):
    good: bool


def text(chunks: list[ChatCompletionChunk], index: int) -> str:
    """The text of one choice of a stream."""
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices[0].index == index)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(scope="module")
def llama(model_file: Path) -> Iterator[str]:
    """The address of llama.cpp's own server."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.conformance.llama_server", str(model_file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    address = ""
    while not address.startswith("http"):
        address = process.stdout.readline().strip()
        assert process.poll() is None
    yield address
    process.stdin.close()
    process.terminate()
    process.wait(20)
    process.stdout.close()


@pytest.fixture(scope="module")
def server(model_file: Path, llama: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    home = tmp_path_factory.mktemp("home")
    penstock(home, "models", "add", str(model_file), "--name", "tiny")
    with ServerProcess(home, provider_toml("llama", llama + "/v1", "llama.cpp", "sk-llama")) as running:
        yield running


@pytest.fixture(params=["tiny", "llama/tiny"])
def model(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def client(server: ServerProcess) -> Iterator[OpenAI]:
    with OpenAI(
        base_url=server.url + "/v1", api_key=server.key, _strict_response_validation=True, max_retries=0
    ) as made:
        yield made


def test_whole_and_streamed(client: OpenAI, model: str) -> None:
    asked = {"model": model, "messages": HELLO, "max_tokens": 12, "temperature": 0}
    whole = client.chat.completions.create(**asked)
    assert whole.choices[0].finish_reason == "length"
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 12
    assert whole.model == model
    with client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}) as stream:
        chunks = list(stream)
    assert [c.choices[0].delta.role for c in chunks[:-1] if c.choices[0].delta.role] == ["assistant"]
    assert len({c.id for c in chunks}) == 1
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 12
    assert [c.choices[0].finish_reason for c in chunks[:-1] if c.choices[0].finish_reason] == ["length"]


async def test_async_calls_beside_each_other(server: ServerProcess, model: str) -> None:
    async with AsyncOpenAI(
        base_url=server.url + "/v1", api_key=server.key, _strict_response_validation=True, max_retries=0
    ) as client:
        for _ in range(3):
            answer = await client.chat.completions.create(model=model, messages=HELLO, max_tokens=4)
            assert answer.choices[0].message.content is not None


def test_n_whole_and_streamed(client: OpenAI, model: str) -> None:
    asked = {"model": model, "messages": HELLO, "max_tokens": 5, "n": 3, "seed": 7}
    whole = client.chat.completions.create(**asked)
    assert [c.index for c in whole.choices] == [0, 1, 2]
    assert whole.usage is not None
    assert whole.usage.completion_tokens == 15
    with client.chat.completions.create(**asked, stream=True, stream_options={"include_usage": True}) as stream:
        *chunks, last = list(stream)
    assert last.usage is not None
    assert last.usage.completion_tokens == 15
    assert sorted(c.choices[0].index for c in chunks if c.choices[0].finish_reason) == [0, 1, 2]
    opened = list(dict.fromkeys(c.choices[0].index for c in chunks))
    assert opened == [0, 1, 2]
    if model == "tiny":  # a seed for each choice, alone in the batch: the same texts again
        texts = [c.message.content for c in whole.choices]
        assert [text(chunks, index) for index in range(3)] == texts
        assert len(set(texts)) > 1


def test_a_forced_call_on_a_local_model_whole_and_streamed(client: OpenAI) -> None:
    for choice in ("required", NAMED):
        asked = {"model": "tiny", "messages": HELLO, "tools": TOOLS, "tool_choice": choice, "max_tokens": 200}
        whole = client.chat.completions.create(**asked).choices[0]
        with client.chat.completions.stream(**asked) as stream:
            streamed = stream.get_final_completion().choices[0]
        for got in (whole, streamed):
            assert got.finish_reason == "tool_calls"
            assert got.message.tool_calls is not None
            call = got.message.tool_calls[0]
            assert call.function.name == "get_weather"
            assert json.loads(call.function.arguments)["city"] in ("Paris", "Rome")


def test_parse(client: OpenAI, model: str) -> None:
    asked = {"model": model, "messages": HELLO, "response_format": Verdict, "max_tokens": 1000}
    assert client.chat.completions.parse(**asked).choices[0].message.parsed is not None
    with client.chat.completions.stream(**asked) as stream:
        assert stream.get_final_completion().choices[0].message.parsed is not None


def test_logprobs(client: OpenAI, model: str) -> None:
    asked = {"model": model, "messages": HELLO, "max_tokens": 6, "logprobs": True, "top_logprobs": 2, "temperature": 0}
    whole = client.chat.completions.create(**asked).choices[0]
    assert whole.logprobs is not None
    assert whole.logprobs.content is not None
    assert len(whole.logprobs.content) == 6
    assert all(len(entry.top_logprobs) == 2 for entry in whole.logprobs.content)
    with client.chat.completions.create(**asked, stream=True) as stream:
        entries = [e for c in stream if (found := c.choices[0].logprobs) for e in found.content or []]
    assert [e.token for e in entries] == [e.token for e in whole.logprobs.content]


def test_errors_of_the_model_reach_the_client_as_400(client: OpenAI, model: str) -> None:
    long = [{"role": "user", "content": "the " * 9000}]
    with pytest.raises(openai.BadRequestError) as error:
        client.chat.completions.create(model=model, messages=long, max_tokens=4)
    if model == "tiny":
        assert error.value.code == "context_length_exceeded"
        assert "4096" in str(error.value)


def test_the_list_names_the_local_model_and_records_name_where_it_ran(client: OpenAI, server: ServerProcess) -> None:
    assert "tiny" in {m.id for m in client.models.list()}
    assert client.models.retrieve("tiny").owned_by == "local"
    raw = client.chat.completions.with_raw_response.create(
        model="tiny", messages=HELLO, max_tokens=3, extra_body={"prediction": {"type": "content", "content": "x"}}
    )
    assert raw.headers["x-penstock-served-by"] == "local/tiny"
    assert "prediction=ignored" in raw.headers["x-penstock-params"]
    record = server.records()[0]
    assert record["provider"] == "local"
    assert record["model_served"] == "tiny"
    assert record["completion_tokens"] == 3


def test_a_whole_call_that_its_client_leaves_is_metered(server: ServerProcess) -> None:
    body = {"model": "tiny", "messages": HELLO, "max_tokens": 3900}
    server.post(body | {"max_tokens": 1})  # the model is loaded
    counted: list[int] = []
    for patience in (0.2, 0.4, 0.8, 1.6, 3.2):  # on a busy machine the first tokens may come late
        with contextlib.suppress(httpx.ReadTimeout):
            server.post(body, timeout=patience)
        time.sleep(0.5)
        records = [r for r in server.records() if r["error"] == "client_left"]
        assert {r["status"] for r in records} <= {499}
        counted = [r["completion_tokens"] for r in records if r["completion_tokens"]]
        if counted:
            break
    assert counted
    assert 0 < counted[0] < 3900
