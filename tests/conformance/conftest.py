"""One server with local models for all tests that ask it over a socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance.local_server import LocalServer


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalServer]:
    """Never restarted and never given other models: tests that want that make their own."""
    with LocalServer(tmp_path_factory.mktemp("local")) as running:
        yield running
