"""One server with local models for all tests that ask it over a socket, and one for those of the responses API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.local_server import LocalServer
from tests.conformance.responses_server import ResponsesServer
from tests.conformance.responses_vendor import speaks


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """Never restarted and never given other models: tests that want that make their own."""
    with LocalServer(tmp_path_factory.mktemp("local")) as running:
        yield running


@pytest.fixture(scope="session")
def _responses_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ResponsesServer]:
    with ResponsesServer(tmp_path_factory.mktemp("responses")) as running:
        yield running


@pytest.fixture
def responding(_responses_server: ResponsesServer) -> ResponsesServer:
    """The server of the responses API, its vendor as at first, and nothing sent to that yet. Never restarted."""
    _responses_server.vendor.behave = speaks
    _responses_server.vendor.requests.clear()
    return _responses_server
