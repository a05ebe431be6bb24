"""Where a local model listens."""

from __future__ import annotations

import msgspec


class Endpoint(msgspec.Struct, frozen=True):
    """A loaded model: llama.cpp's own HTTP server in a child process, on the loopback interface.

    `api_key` keeps other users of the machine out; it lives as long as the process. `fingerprint` names model
    file, engine version and settings. `context` is the tokens of one call, prompt and answer together;
    `vocabulary` the number of tokens that the model knows (ids from 0).
    """

    url: str
    api_key: str
    fingerprint: str
    context: int
    vocabulary: int

    def __repr__(self) -> str:
        """Without the key: what is printed may be kept."""
        return f"Endpoint({self.url!r}, {self.fingerprint!r}, context={self.context}, vocabulary={self.vocabulary})"
