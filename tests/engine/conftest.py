"""A tiny model, a data folder that knows it, and an engine that runs it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.engine.chat import Chat
from tests.tiny_gguf import write_tiny_gguf

from penstock.engine import Engine, Registry
from penstock.settings import EngineSettings


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file that no test changes."""
    return write_tiny_gguf(tmp_path_factory.mktemp("tiny") / "tiny.gguf")


@pytest.fixture
def registry(tmp_path: Path, tiny: Path) -> Registry:
    """A registry that has the model `tiny`."""
    registry = Registry(tmp_path)
    registry.add(tiny, None, copy=False, progress=lambda done, total: None)
    return registry


@pytest.fixture
async def start(tmp_path: Path, registry: Registry) -> AsyncIterator[Callable[..., Engine]]:
    """Makes an engine of the data folder, with settings of the test's own; it is closed at the end."""
    async with AsyncExitStack() as stack:

        def make(**settings: Any) -> Engine:
            engine = Engine(EngineSettings(**({"threads": 1} | settings)), tmp_path)
            stack.push_async_callback(engine.close)
            return engine

        yield make


@pytest.fixture(scope="module")
async def chat(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Chat]:
    """The model `tiny`, loaded once for a whole module."""
    home = tmp_path_factory.mktemp("home")
    Registry(home).add(tiny, None, copy=False, progress=lambda done, total: None)
    engine = Engine(EngineSettings(threads=1), home)
    try:
        async with engine.lease("tiny") as endpoint:
            yield Chat(endpoint)
    finally:
        await engine.close()
