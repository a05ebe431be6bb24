"""Requests made from documents: ours, where every answer must be one of those that it names, and the official one."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from penstock.api.openapi import OPERATIONS, document
from penstock.dialects.chat.request import ChatCompletionRequest
from tests.server import ServerProcess

OURS = document()
# The status of a vendor's own refusal can be any; without a vendor the others must do.
for operation in (each for item in OURS["paths"].values() for each in item.values()):
    operation["responses"].pop("4XX", None)

MODES = {"valid": [GenerationMode.POSITIVE], "invalid": [GenerationMode.NEGATIVE]}
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("schemathesis"), PENSTOCK_ENGINE__CONTEXT="256") as server:
        yield server


def try_all(cases: st.SearchStrategy[Case], examples: int, check: Callable[[Case], None]) -> None:
    """Runs `check` on so many examples; the same ones each time in CI."""

    @settings(
        max_examples=examples,
        derandomize=bool(os.environ.get("CI")),
        deadline=None,
        database=None,
        phases=[Phase.generate],  # a found failure is told at once: to shrink it takes longer than all the rest
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def run(case: Case) -> None:
        check(case)

    run()


def quick(case: Case) -> Case:
    """The case, of a model that is there, with a short answer: what matters here is what is asked and how."""
    body = case.body
    if not isinstance(body, dict):
        return case
    body["model"] = "penstock-tiny"
    if case.path.endswith("/tokenize"):  # takes a prompt or messages, and tools with messages alone
        others = ("messages", "tools", "add_generation_prompt") if body.get("prompt") is not None else ("prompt",)
        for name in ("input", *others):
            body.pop(name, None)
    elif "messages" in body:
        if isinstance(body.get("n"), int) and body["n"] > 2:
            body["n"] = 2
        if not isinstance(body.get("max_completion_tokens"), str):
            body["max_completion_tokens"] = 4
    return case


def call(case: Case, server: ServerProcess) -> Any:
    return quick(case).call(base_url=server.url, headers={"authorization": f"Bearer {server.key}"}, timeout=60)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_every_answer_is_one_of_the_documents(server: ServerProcess, operation: Any, mode: str) -> None:
    schema = schemathesis.openapi.from_dict(OURS)
    chunk = jsonschema_rs.validator_for(
        {"$ref": "#/components/schemas/ChatCompletionChunk", "components": OURS["components"]}
    )

    seen = set()

    def check(case: Case) -> None:
        response = call(case, server)
        seen.add(response.status_code)
        case.validate_response(response, checks=CHECKS)
        if response.headers.get("content-type", [""])[0].startswith("text/event-stream"):
            for line in response.text.splitlines():
                if line.startswith("data: {"):
                    chunk.validate(json.loads(line.removeprefix("data: ")))

    (mode_used,) = MODES[mode]
    cases = schema[operation.path][operation.method].as_strategy(generation_mode=mode_used)
    try_all(cases, 20 if operation.request is not None else 8, check)
    if mode == "valid" and operation.request is ChatCompletionRequest:
        assert 200 in seen


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/chat/completions"), ("post", "/completions"), ("get", "/models"), ("get", "/models/{model}")],
)
def test_what_the_official_document_allows_is_no_defect(
    shared: Path, server: ServerProcess, method: str, path: str
) -> None:
    official = json.loads((shared / "spec" / "openai-openapi.json").read_bytes())
    official["paths"] = {path: {method: official["paths"][path][method]}}
    official.pop("webhooks", None)
    schema = schemathesis.openapi.from_dict(official)

    def check(case: Case) -> None:
        response = call(case, server)
        assert response.status_code < 500, response.text

    try_all(schema[path][method].as_strategy(), 20, check)
