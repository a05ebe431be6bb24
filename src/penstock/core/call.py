"""A call on its way through the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from penstock.core.errors import PenstockError


class OwnKey:
    """A caller's own key at a vendor, for one call. No text of it gets into a log, a record or an error by itself."""

    HEADER = "x-openai-api-key"

    __slots__ = ("value",)

    def __init__(self, value: str) -> None:
        self.value = value

    def __repr__(self) -> str:
        return "OwnKey(...)"


class Call(msgspec.Struct):
    """One call of a client, decoded and validated by its dialect.

    `members` are the top-level members of the body as raw JSON bytes: what goes to a vendor of the same
    dialect is rebuilt from them, so that what was validated is what is sent. `wire` is the typed request
    of the dialect (`ChatCompletionRequest`). `id` is the id of the answer, ours and not the vendor's.
    `changed` collects what happened to parameters, as `name -> native|translated|emulated|ignored|passed`.
    """

    id: str
    request_id: str
    created: int
    endpoint: str
    dialect: str
    model: str
    stream: bool
    include_usage: bool
    n: int
    seed: int | None
    strict: bool
    members: dict[str, msgspec.Raw]
    wire: Any
    changed: dict[str, str] = {}
    choice: int = 0
    """index of the one choice that this call makes, where the gateway makes `n` choices of n calls"""
    noted: dict[str, str] = {}
    """what became of parts of parameters before any target was asked; in `changed` at every target"""
    own_key: OwnKey | None = None
    """goes to providers of the kind that it is for, in the place of the configured key, and nowhere else"""
    responses: Callable[[bool], tuple[dict[str, msgspec.Raw], dict[str, str]]] | None = None
    """where this is a call of the responses API: makes the members of its body for a vendor that has that too, and says
    what became of parameters; asked with whether the model reasons"""
    shorten: Callable[[Call], bool] | None = None
    """where what does not fit the model's context may go: leaves out the oldest part; False where nothing is left"""
    untranslated: PenstockError | None = None
    """why only such a vendor can be asked, where that is so; `wire` then lacks what cannot be said in chat"""

    @property
    def uses_own_key(self) -> bool:
        """Whether the target that was asked last took the caller's own key: `changed` says where one did not."""
        return self.own_key is not None and OwnKey.HEADER not in self.changed
