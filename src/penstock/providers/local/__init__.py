"""Local models: the chat dialect to and from llama.cpp, whose own server speaks a dialect of it."""

from penstock.providers.local.endpoint import Endpoint
from penstock.providers.local.provider import Local

__all__ = ["Endpoint", "Local"]
