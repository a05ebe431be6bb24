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
    names = ["demo", "penstock-tiny", *STOOD_IN]
    assert list(listed) == ["demo", "gone", *names[1:]]
    for name in names:
        assert listed[name].pop("created") > 1_700_000_000
        info = listed[name].pop("info")
        assert (info["name"], info["developer"], info["contextLength"]) == (name, "local", min(card.context, 8192))
        assert httpx.get(alone.url + info["docsJson"]).json()["info"]["title"] == name
        endpoints = listed[name].pop("endpoints")
        assert {"/v1/chat/completions", "/v1/tokenize"} <= set(endpoints)
        assert listed[name] == {
            "id": name,
            "object": "model",
            "owned_by": "local",
            "aliases": [other for other in names if other != name],
            "snapshot": "demo" if name == "demo" else "penstock-tiny",
            "type": "openai/chat-completions",
            "tags": ["local"],
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


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A server with two vendors, one of which is known for the names of its models."""
    folder = tmp_path_factory.mktemp("hosted")
    with FakeVendor(answer) as vendor:
        own = provider_toml("openai", vendor.url, more='prices = "openai"')
        other = provider_toml("side", vendor.url, kind="compatible")
        with ServerProcess(folder, own + other) as server:
            yield server


def test_with_a_vendor_the_bundled_model_has_only_its_own_name(hosted: ServerProcess) -> None:
    listed = {model["id"]: model for model in httpx.get(hosted.url + "/v1/models").json()["data"]}
    assert {name for name, model in listed.items() if model["owned_by"] == "local"} == {"penstock-tiny"}
    assert hosted.post(ask("penstock-tiny")).json()["model"] == "penstock-tiny"
    assert listed["gpt-4"]["snapshot"] == "gpt-4-0613"
    assert listed["gpt-4"]["aliases"] == ["gpt-4-0613"]
    assert (listed["gpt-4"]["tags"], listed["gpt-4"]["info"]["contextLength"]) == (["hosted"], 8192)
    assert "/v1/tokenize" not in listed["gpt-4"]["endpoints"]


@pytest.mark.parametrize(
    ("asked", "served_by", "served"),
    [
        ("gpt-4", "openai/gpt-4-0613", "gpt-4-0613"),
        ("GPT-4-0613", "openai/gpt-4-0613", "gpt-4-0613"),
        ("openai/gpt-4", "openai/gpt-4-0613", "gpt-4-0613"),
        ("OpenAI/o9-new", "openai/o9-new", "OpenAI/o9-new"),
        ("side/gpt-4", "side/gpt-4", "side/gpt-4"),
    ],
)
def test_the_asked_and_the_served_name_are_in_answer_and_record(
    hosted: ServerProcess, asked: str, served_by: str, served: str
) -> None:
    got = hosted.post(ask(asked))
    assert (got.status_code, got.headers["x-penstock-served-by"], got.json()["model"]) == (200, served_by, served)
    request_id = got.headers["x-request-id"]
    (record,) = [record for record in hosted.records() if record["request_id"] == request_id]
    assert (record["model_asked"], record["model_served"]) == (asked, served)


def test_a_name_that_no_vendor_is_known_for_is_unknown(hosted: ServerProcess) -> None:
    got = hosted.post(ask("llama-9"))
    assert (got.status_code, got.json()["error"]["code"]) == (404, "model_not_found")
    assert "'openai/' or 'side/'" in got.json()["error"]["message"]
    for path in ("/v1/models/llama-9", "/model/llama-9", "/docs/openapi/llama-9.json"):
        assert httpx.get(hosted.url + path).status_code == 404


def test_sections_are_added_where_they_are_asked_for(hosted: ServerProcess) -> None:
    def shown(query: str) -> dict[str, Any]:
        found = httpx.get(f"{hosted.url}/v1/models/GPT-4{query}")
        assert found.status_code == 200
        assert found.json()["id"] == "gpt-4"
        return found.json()

    sections = {"capabilities", "modalities", "pricing"}
    assert sections.isdisjoint(shown(""))
    assert sections.isdisjoint(shown("?include=aliases,endpoints&details=false"))
    assert sections & shown("?include=capabilities").keys() == {"capabilities"}
    assert sections & shown("?include[]=pricing&include[]=modalities").keys() == {"pricing", "modalities"}
    assert shown("?include=all") == shown("?details=1") == shown("?include=capabilities,modalities&include=pricing")
    every = shown("?include=all")
    assert every["modalities"] == {"input": ["text"], "output": ["text"]}
    capabilities = every["capabilities"]
    assert (capabilities["context_length"], capabilities["parameters"]["temperature"]) == (8192, {"support": "native"})
    assert capabilities["parameters"]["top_k"]["support"] == "ignored"
    assert "by_effort" not in capabilities
    reasoning = httpx.get(f"{hosted.url}/v1/models/openai/gpt-5.4?include=capabilities").json()["capabilities"]
    assert reasoning["by_effort"] == {"default": "none", "sampling": "none", "beside_tools": "unsaid"}
    pricing = every["pricing"]
    assert (pricing["kind"], pricing["currency"]) == ("fixed", "USD")
    assert {unit["name"]: (unit["price"], unit["per"]) for unit in pricing["units"]} == {
        "input": (30.0, 1_000_000),
        "output": (60.0, 1_000_000),
    }


def test_a_price_that_nobody_knows_is_absent(hosted: ServerProcess) -> None:
    assert "pricing" not in httpx.get(hosted.url + "/v1/models/side/some?include=pricing").json()
    assert "pricing" not in httpx.get(hosted.url + "/v1/models/penstock-tiny?include=pricing").json()


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("id=GPT-4-0613", {"gpt-4", "gpt-4-0613"}),
        ("search=4-32K", {"gpt-4-32k", "gpt-4-32k-0613"}),
        ("search=turbo&search=gpt-4-0125", {"gpt-4-turbo", "gpt-3.5-turbo-16k", "gpt-4-0125-preview"}),
        ("owned_by=local", {"penstock-tiny"}),
        ("owned_by=LOCAL,openai&search=tiny", {"penstock-tiny"}),
        ("endpoint=tokenize", {"penstock-tiny"}),
        ("endpoint=/v1/chat/completions", {"penstock-tiny", "gpt-4"}),
        ("tags=local", {"penstock-tiny"}),
        ("type=openai/chat-completions", {"penstock-tiny", "gpt-4"}),
        ("input_modalities=image", {"gpt-4o"}),
        ("output_modalities=text", {"penstock-tiny", "gpt-4"}),
        ("modalities=text", {"penstock-tiny", "gpt-4"}),
        ("capabilities=top_k", {"penstock-tiny"}),
        ("owned_by=nobody", set()),
    ],
)
def test_filters_narrow_the_list(hosted: ServerProcess, query: str, wanted: set[str]) -> None:
    every = {model["id"] for model in httpx.get(hosted.url + "/v1/models").json()["data"]}
    found = {model["id"] for model in httpx.get(f"{hosted.url}/v1/models?{query}").json()["data"]}
    assert wanted <= found <= every
    if not any(name in query for name in ("search=turbo", "chat", "text", "image")):
        assert found == wanted
    if "image" in query:
        assert "gpt-4" not in found


@pytest.mark.parametrize(
    ("path", "param", "says"),
    [
        ("/v1/models?colour=red", "colour", "known are capabilities, details, endpoint"),
        ("/v1/models?include=prices", "include", "known are aliases, all, capabilities"),
        ("/v1/models?details=yes", "details", "known are 0, 1, false, true"),
        ("/v1/models?owned_by=", "owned_by", "is empty"),
        ("/v1/models?limit=3", "limit", "known are"),
        ("/v1/models/gpt-4?search=x", "search", "known are details, include"),
        ("/model/gpt-4?key=x", "key", "known are details, include"),
    ],
)
def test_what_a_query_does_not_have_is_refused_with_what_it_has(
    hosted: ServerProcess, path: str, param: str, says: str
) -> None:
    got = httpx.get(hosted.url + path)
    assert (got.status_code, got.json()["error"]["param"]) == (400, param)
    assert says in got.json()["error"]["message"]


def test_a_client_that_has_the_list_is_told_so(hosted: ServerProcess) -> None:
    for path in ("/v1/models", "/models/gpt-4", "/model/gpt-4", "/openapi.json", "/openapi.yaml"):
        first = httpx.get(hosted.url + path)
        etag = first.headers["etag"]
        for given in (etag, f'"other", W/{etag}', "*"):
            again = httpx.get(hosted.url + path, headers={"if-none-match": given})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
        assert httpx.get(hosted.url + path, headers={"if-none-match": '"other"'}).content == first.content
    plain = httpx.get(hosted.url + "/v1/models").headers["etag"]
    assert httpx.get(hosted.url + "/v1/models?include=all").headers["etag"] != plain


def test_a_model_in_an_envelope(hosted: ServerProcess) -> None:
    plain = httpx.get(hosted.url + "/v1/models/gpt-4o?include=all").json()
    got = httpx.get(hosted.url + "/model/GPT-4o?include=all").json()
    assert got == {"object": "model", "data": plain}


def test_anthropics_clients_get_its_list(hosted: ServerProcess) -> None:
    names = [model["id"] for model in httpx.get(hosted.url + "/v1/models").json()["data"]]
    headers = {"anthropic-version": "2023-06-01", "x-api-key": "any"}

    def page(query: str = "") -> dict[str, Any]:
        return httpx.get(f"{hosted.url}/v1/models{query}", headers=headers).json()

    first = page()
    assert [model["id"] for model in first["data"]] == names[:20]
    assert (first["has_more"], first["first_id"], first["last_id"]) == (True, names[0], names[19])
    assert first["data"][0].keys() == {"type", "id", "display_name", "created_at"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", first["data"][0]["created_at"])
    second = page(f"?limit=1000&after_id={first['last_id']}")
    assert ([model["id"] for model in second["data"]], second["has_more"]) == (names[20:], False)
    before = page(f"?limit=2&before_id={names[5]}")
    assert ([model["id"] for model in before["data"]], before["has_more"]) == (names[3:5], True)
    assert page("?owned_by=nobody") == {"data": [], "has_more": False, "first_id": None, "last_id": None}
    for query in ("?limit=0", "?limit=x", "?after_id=none"):
        assert httpx.get(f"{hosted.url}/v1/models{query}", headers=headers).status_code == 400
    one = httpx.get(hosted.url + "/v1/models/gpt-4", headers=headers).json()
    assert (one["type"], one["id"]) == ("model", "gpt-4")
    assert "data" in httpx.get(hosted.url + "/v1/models", headers={"x-api-key": "any"}).json().keys() - {"has_more"}


@pytest.mark.parametrize(("query", "headers"), [("?key=any&", {}), ("?", {"x-goog-api-key": "any"})])
def test_geminis_clients_get_its_list(hosted: ServerProcess, query: str, headers: dict[str, str]) -> None:
    names = [model["id"] for model in httpx.get(hosted.url + "/v1/models").json()["data"]]
    first = httpx.get(f"{hosted.url}/v1/models{query}pageSize=2", headers=headers).json()
    assert [model["name"] for model in first["models"]] == [f"models/{name}" for name in names[:2]]
    rest = httpx.get(
        f"{hosted.url}/v1/models{query}pageSize=1000&pageToken={first['nextPageToken']}", headers=headers
    ).json()
    assert [model["baseModelId"] for model in rest["models"]] == names[2:]
    assert "nextPageToken" not in rest
    one = httpx.get(f"{hosted.url}/v1/models/gpt-4{query}", headers=headers).json()
    assert (one["name"], one["version"], one["inputTokenLimit"]) == ("models/gpt-4", "gpt-4-0613", 8192)


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
