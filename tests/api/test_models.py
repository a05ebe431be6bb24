"""`GET /v1/models`, and the bundled model behind it, over a real server; also where its file is spoilt."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

import penstock
from penstock.engine.bundled import Bundled
from tests.server import ServerProcess, provider_toml
from tests.upstream import FakeVendor, answer

STOOD_IN = ["gpt-4", "gpt-4-0613", "gpt-4-0125-preview", "gpt-4-1106-preview", "gpt-4o", "openai/gpt-4o"]


def ask(model: str, text: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": text}], "max_tokens": 5, **more}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server without any provider."""
    demo = '[[model]]\nname = "demo"\ntargets = [{ provider = "local", model = "penstock-tiny" }]\n'
    gone = '[[model]]\nname = "gone"\ntargets = [{ provider = "local", model = "nothing" }]\n'
    with ServerProcess(tmp_path_factory.mktemp("alone"), demo + gone) as server:
        yield server


def test_every_name_is_listed_with_what_serves_it(alone: ServerProcess) -> None:
    card = Bundled().card
    assert card is not None
    listed = {model["id"]: model for model in httpx.get(alone.url + "/v1/models").json()["data"]}
    assert list(listed) == ["demo", "gone", "penstock-tiny", *STOOD_IN]
    for name in ("demo", "penstock-tiny", *STOOD_IN):
        created = listed[name].pop("created")
        assert created > 1_700_000_000
        assert listed[name] == {
            "id": name,
            "object": "model",
            "owned_by": "local",
            "served_by": "local/penstock-tiny",
            "context_length": min(card.context, 8192),
        }
    assert listed["gone"]["unavailable"] == "there is no local model 'nothing'"


@pytest.mark.parametrize("name", ["penstock-tiny", "openai/gpt-4o", "demo"])
def test_one_model_comes_with_the_card_of_the_model_that_serves_it(alone: ServerProcess, name: str) -> None:
    shown = httpx.get(f"{alone.url}/v1/models/{name}").json()
    card = json.loads((Path(penstock.__file__).parent / "engine/bundled/penstock-tiny.json").read_bytes())
    assert (shown["id"], shown["owned_by"]) == (name, "local")
    assert shown["card"] == card
    assert "unavailable" not in shown


@pytest.mark.parametrize("name", ["penstock-tiny", *STOOD_IN])
def test_without_a_provider_well_known_names_are_answered_by_the_bundled_model(alone: ServerProcess, name: str) -> None:
    got = alone.post(ask(name))
    assert (got.status_code, got.headers["x-penstock-served-by"]) == (200, "local/penstock-tiny")
    assert got.json()["model"] == "penstock-tiny"
    streamed = alone.post(ask(name, stream=True))
    assert streamed.headers["x-penstock-served-by"] == "local/penstock-tiny"
    chunks = [json.loads(line[6:]) for line in streamed.text.splitlines() if line.startswith("data: {")]
    assert {chunk["model"] for chunk in chunks} == {"penstock-tiny"}


def test_a_configured_name_keeps_its_name(alone: ServerProcess) -> None:
    got = alone.post(ask("demo"))
    assert (got.json()["model"], got.headers["x-penstock-served-by"]) == ("demo", "local/penstock-tiny")


def test_with_a_seed_the_answer_is_the_same_every_time(alone: ServerProcess) -> None:
    answers = {json.dumps(alone.post(ask("gpt-4", seed=7, max_tokens=30)).json()["choices"]) for _ in range(3)}
    assert len(answers) == 1


@pytest.mark.parametrize("stream", [False, True])
def test_a_prompt_longer_than_the_context_is_refused_with_both_numbers(alone: ServerProcess, stream: bool) -> None:
    card = Bundled().card
    assert card is not None
    got = alone.post(ask("gpt-4", "a b " * card.context, stream=stream))
    assert got.status_code == 400
    error = got.json()["error"]
    assert (error["code"], error["param"], error["type"]) == (
        "context_length_exceeded",
        "messages",
        "invalid_request_error",
    )
    context, prompt = re.findall(r"(\d+) tokens", error["message"])
    assert int(context) == card.context
    assert int(prompt) >= 2 * card.context


def test_with_a_provider_the_bundled_model_has_only_its_own_name(tmp_path: Path) -> None:
    with FakeVendor(answer) as vendor, ServerProcess(tmp_path, provider_toml("openai", vendor.url)) as server:
        assert [m["id"] for m in httpx.get(server.url + "/v1/models").json()["data"]] == ["penstock-tiny"]
        assert server.post(ask("penstock-tiny")).json()["model"] == "penstock-tiny"
        got = server.post(ask("gpt-4o"))
        assert (got.status_code, got.json()["error"]["code"]) == (404, "model_not_found")
        assert "'openai/'" in got.json()["error"]["message"]
        assert httpx.get(server.url + "/v1/models/gpt-4o").status_code == 404
        assert server.post(ask("openai/gpt-4o")).headers["x-penstock-served-by"] == "openai/gpt-4o"


@pytest.mark.parametrize("spoilt", ["missing", "another byte"])
def test_a_spoilt_package_serves_and_says_what_is_wrong(tmp_path: Path, spoilt: str) -> None:
    package = shutil.copytree(
        Path(penstock.__file__).parent, tmp_path / "site" / "penstock", ignore=shutil.ignore_patterns("__pycache__")
    )
    file = package / "engine" / "bundled" / "penstock-tiny.gguf"
    if spoilt == "missing":
        file.unlink()
        why = "its file in the package cannot be read (No such file or directory)"
    else:
        data = bytearray(file.read_bytes())
        data[-1] ^= 1
        file.write_bytes(data)
        why = "its SHA-256 is not the one of its model card"
    with ServerProcess(tmp_path / "home", PYTHONPATH=str(tmp_path / "site")) as server:
        for name in ("penstock-tiny", "gpt-4"):
            assert why in httpx.get(f"{server.url}/v1/models/{name}").json()["unavailable"]
            got = server.post(ask(name))
            assert (got.status_code, got.json()["error"]["code"]) == (503, "model_unavailable")
            assert why in got.json()["error"]["message"]
            assert got.headers["x-should-retry"] == "false"
        listed = httpx.get(server.url + "/v1/models").json()["data"]
        assert len(listed) == 7
        assert all(why in model["unavailable"] for model in listed)
