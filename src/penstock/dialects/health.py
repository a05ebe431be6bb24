"""What the health endpoints answer."""

from __future__ import annotations

from typing import Literal

import msgspec


class Healthy(msgspec.Struct):
    """All is well."""

    status: Literal["ok"] = "ok"


class NotReady(msgspec.Struct):
    """Calls are not taken now; `why` lists what is missing."""

    why: list[str]
    status: Literal["not ready"] = "not ready"
