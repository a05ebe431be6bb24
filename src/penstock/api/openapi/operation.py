"""What an endpoint is to the documents."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from penstock.api.openapi.answers import Answer
from penstock.api.openapi.parameters import Parameter


class Operation(msgspec.Struct, frozen=True):
    """One method of one path; `twins` are paths that do the same. With `key`, one must be sent."""

    id: str
    method: Literal["get", "post", "delete"]
    path: str
    tag: str
    summary: str
    description: str
    answers: dict[str, Answer]
    twins: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    request: Any = None
    key: bool = False
