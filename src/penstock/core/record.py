"""What is kept of a call."""

from __future__ import annotations

import msgspec

from penstock.core.usage import Usage


class Attempt(msgspec.Struct):
    """One try at one target: `status` is the vendor's (0: no answer), `error` our code for what went wrong."""

    provider: str
    model: str
    status: int
    error: str | None = None
    ms: int = 0


class Record(msgspec.Struct, omit_defaults=True):
    """One call, whole: written once, when its answer is out, failed or abandoned.

    Times are Unix microseconds, durations microseconds; `status` is the HTTP status that the client
    got, 499 where it left first. `usage` is None where nobody counted. `cost_nano` is what the call cost us and
    `price_nano` what its client pays, in nano-dollars by the price `price_version`; None where that is not known.
    `prompt` and `answer` are JSON, kept only where the setting says so.
    """

    request_id: str
    time: int
    project: str
    key_id: str
    key_name: str
    endpoint: str
    dialect: str
    model_asked: str
    model_served: str | None = None
    provider: str | None = None
    upstream_id: str | None = None
    status: int = 0
    error: str | None = None
    stream: bool = False
    attempts: list[Attempt] = []
    usage: Usage | None = None
    latency_us: int = 0
    first_token_us: int | None = None
    cost_nano: int | None = None
    price_nano: int | None = None
    price_version: str | None = None
    finish_reasons: list[str] = []
    params: dict[str, str] = {}
    prompt: str | None = None
    answer: str | None = None
