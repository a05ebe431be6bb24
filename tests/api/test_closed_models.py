"""The list of models, where the operator keeps it for those with a key."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.server import ServerProcess

PATHS = [
    "/v1/models", "/models", "/v1/models/penstock-tiny", "/model/penstock-tiny", "/v5/chat/completions/models",
    "/docs/openapi/penstock-tiny.json",
]  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    with ServerProcess(tmp_path_factory.mktemp("closed"), "[server]\nopen_models = false\n") as server:
        yield server


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_nothing_is_told(server: ServerProcess, path: str) -> None:
    for headers in ({}, {"authorization": "Bearer sk-ps-" + "x" * 43}):
        got = httpx.get(server.url + path, headers=headers)
        assert got.status_code == 401
        assert got.json()["error"]["code"] in ("missing_api_key", "invalid_api_key")


@pytest.mark.parametrize("path", PATHS)
def test_with_a_key_all_is_told(server: ServerProcess, path: str) -> None:
    assert httpx.get(server.url + path, headers={"authorization": f"Bearer {server.key}"}).status_code == 200
    assert httpx.get(server.url + path, headers={"x-api-key": server.key}).status_code == 200


def test_clients_of_gemini_send_it_in_their_way(server: ServerProcess) -> None:
    by_header = httpx.get(server.url + "/v1/models", headers={"x-goog-api-key": server.key})
    by_query = httpx.get(server.url + "/v1/models", params={"key": server.key})
    assert by_header.status_code == by_query.status_code == 200
    assert "models" in by_header.json()
    assert by_query.json() == by_header.json()


def test_what_does_not_name_models_stays_open(server: ServerProcess) -> None:
    for path in ("/healthz", "/readyz"):
        assert httpx.get(server.url + path).status_code == 200
