"""The machine-readable documents: valid, whole, and what the server does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from unittest.mock import MagicMock

import httpx
import jsonschema_rs
import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from penstock.api.edge import CHAT_PATHS
from penstock.api.openapi import document
from penstock.api.pages import pages
from penstock.api.public.completions import completion_routes
from penstock.api.public.conversations import conversation_routes
from penstock.api.public.documents import Documents
from penstock.api.public.door import Door
from penstock.api.public.models import model_routes
from penstock.api.public.responses import PATHS as RESPONSE_PATHS
from penstock.api.public.scale import scale_routes
from penstock.api.public.stored_responses import response_routes
from penstock.api.public.tokenize import token_routes
from penstock.dialects.chat.request import ChatCompletionRequest
from tests.server import ServerProcess, provider_toml
from tests.upstream import FakeVendor, answer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with (
        FakeVendor(answer) as vendor,
        ServerProcess(tmp_path_factory.mktemp("openapi"), provider_toml("openai", vendor.url)) as server,
    ):
        yield server


def component(name: str, found: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({"$ref": f"#/components/schemas/{name}", "components": found["components"]})


def test_the_document_is_valid_and_the_same_in_both_forms(server: ServerProcess) -> None:
    got = httpx.get(server.url + "/openapi.json")
    found = got.json()
    OpenAPIV31SpecValidator(found).validate()
    assert (got.headers["content-type"], found) == ("application/json", json.loads(json.dumps(document())))
    as_yaml = httpx.get(server.url + "/openapi.yaml")
    assert as_yaml.headers["content-type"].startswith("application/yaml")
    assert yaml.safe_load(as_yaml.text) == found
    assert "&id001" not in as_yaml.text


def test_every_path_is_in_the_document_and_nothing_else() -> None:
    served = {re.sub(r":path\}", "}", route.path) for route in _routes()} | set(CHAT_PATHS) | set(RESPONSE_PATHS)
    assert set(document()["paths"]) == served


def _routes() -> list[Route]:
    """The routes of the application, put together without anything behind them."""

    async def ready() -> list[str]:
        return []

    door = Door(MagicMock(), MagicMock(), MagicMock(), MagicMock())
    keyed = [
        *token_routes(MagicMock(), MagicMock(), MagicMock(), MagicMock()),
        *conversation_routes(MagicMock(), door),
        *completion_routes(MagicMock(), door),
        *response_routes(MagicMock(), MagicMock(), door),
    ]
    shelf = MagicMock()
    models = [*model_routes(shelf), *Documents(shelf).routes(), *scale_routes(shelf)]
    found = pages(models, MagicMock(), ready, keyed).routes
    assert all(isinstance(route, Route) for route in found)
    return [route for route in found if isinstance(route, Route)]


def test_every_field_that_is_read_is_in_the_document_within_its_range() -> None:
    request = document()["components"]["schemas"]["ChatCompletionRequest"]
    assert set(request["properties"]) == set(ChatCompletionRequest.__struct_fields__)
    assert request["required"] == ["model", "messages"]
    assert request["properties"]["temperature"]["anyOf"][0] == {"type": "number", "minimum": 0, "maximum": 2}


def test_patterns_are_those_of_ecma_262() -> None:
    text = json.dumps(document())
    assert r"\\A" not in text
    assert r"\\Z" not in text
    validator = component("FunctionObject", document())
    assert validator.is_valid({"name": "get_weather"})
    assert not validator.is_valid({"name": "get weather"})


@pytest.mark.parametrize("name", ["gpt-4", "openai/gpt-4", "penstock-tiny", "GPT-4o"])
def test_the_document_of_a_model_is_valid_and_names_it_alone(server: ServerProcess, name: str) -> None:
    found = httpx.get(f"{server.url}/docs/openapi/{name}.json").json()
    OpenAPIV31SpecValidator(found).validate()
    shown = httpx.get(f"{server.url}/v1/models/{name}").json()
    assert found["info"]["title"] == shown["id"]
    request = found["components"]["schemas"]["ChatCompletionRequest"]
    assert request["properties"]["model"] == {"type": "string", "enum": [shown["id"], *shown["aliases"]]}
    assert set(shown["endpoints"]) <= set(found["paths"])
    assert ("/v1/tokenize" in found["paths"]) == (name == "penstock-tiny")
    assert "ModelList" not in found["components"]["schemas"]


def test_the_document_of_a_model_has_its_bounds_and_what_it_lacks(server: ServerProcess) -> None:
    found = httpx.get(server.url + "/docs/openapi/gpt-4.json").json()
    properties = found["components"]["schemas"]["ChatCompletionRequest"]["properties"]
    assert properties["max_tokens"]["anyOf"][0]["maximum"] == 8192
    assert properties["max_tokens"]["anyOf"][0]["minimum"] == 1
    assert properties["top_k"]["x-penstock-support"] == "ignored"
    assert properties["temperature"]["x-penstock-support"] == "native"
    whole = document()["components"]["schemas"]["ChatCompletionRequest"]["properties"]
    assert "x-penstock-support" not in whole["temperature"]
    assert "maximum" in whole["max_tokens"]["anyOf"][0]
    assert whole["max_tokens"]["anyOf"][0]["maximum"] > 8192


def test_the_document_of_a_model_is_kept_with_its_etag(server: ServerProcess) -> None:
    first = httpx.get(server.url + "/docs/openapi/gpt-4.json")
    again = httpx.get(server.url + "/docs/openapi/GPT-4.json", headers={"if-none-match": first.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "headers", "kind"),
    [
        ("/v1/models", {}, "ModelList"),
        ("/v1/models?include=all", {}, "ModelList"),
        ("/v1/models/penstock-tiny?include=all", {}, "Model"),
        ("/model/gpt-4?include=all", {}, "ModelDetail"),
        ("/v1/models", {"anthropic-version": "1", "x-api-key": "k"}, "AnthropicModelList"),
        ("/v1/models/gpt-4", {"anthropic-version": "1", "x-api-key": "k"}, "AnthropicModel"),
        ("/v1/models", {"x-goog-api-key": "k"}, "GeminiModelList"),
        ("/v1/models/gpt-4", {"x-goog-api-key": "k"}, "GeminiModel"),
        ("/v5/chat/completions/models", {}, "ScaleModelList"),
        ("/healthz", {}, "Healthy"),
        ("/readyz", {}, "Healthy"),
        ("/v1/models?colour=red", {}, "ErrorResponse"),
        ("/v1/models?colour=red", {"x-api-dialect": "aimlapi"}, "FlatErrorResponse"),
        ("/v1/models?colour=red", {"x-api-dialect": "sgp"}, "DetailErrorResponse"),
        ("/v1/models/none", {}, "ErrorResponse"),
    ],
)
def test_answers_are_what_the_document_says(
    server: ServerProcess, path: str, headers: dict[str, str], kind: str
) -> None:
    component(kind, document()).validate(httpx.get(server.url + path, headers=headers).json())


def test_chat_answers_are_what_the_document_says_whole_and_streamed(server: ServerProcess) -> None:
    body = {
        "model": "penstock-tiny",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 8,
        "logprobs": True,
        "top_logprobs": 2,
        "n": 2,
    }
    whole = server.post(body)
    assert whole.status_code == 200
    component("ChatCompletion", document()).validate(whole.json())
    streamed = server.post(body | {"stream": True, "stream_options": {"include_usage": True}})
    chunk = component("ChatCompletionChunk", document())
    frames = [line[6:] for line in streamed.text.splitlines() if line.startswith("data: ")]
    assert frames.pop() == "[DONE]"
    for frame in frames:
        chunk.validate(json.loads(frame))
    assert json.loads(frames[-1])["usage"]["completion_tokens"] > 0
