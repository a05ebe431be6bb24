"""Local models: which there are, how they come here, and the process that runs each of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penstock.engine.engine import Engine, LocalModel
    from penstock.engine.registry import Registry, RegistryError

__all__ = ["Engine", "LocalModel", "Registry", "RegistryError"]


def __getattr__(name: str) -> object:
    """Imports what is asked for only then: each engine process begins here too, and needs none of it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = "registry" if name.startswith("Registry") else "engine"
    return getattr(import_module(f"{__name__}.{module}"), name)
