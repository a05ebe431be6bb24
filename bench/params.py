"""`python -m bench.params`: what it costs a request to be settled against its model's capabilities, in microseconds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import msgspec

from penstock.core.call import Call
from penstock.dialects.chat.request import decode
from penstock.params import settle
from penstock.params.models import load_models
from penstock.params.tidy import tidy
from penstock.providers.compatible import Compatible
from penstock.providers.rows import load_rows
from penstock.settings import Limits

BUDGET_US = 10.0
_PLAIN = {"model": "m", "messages": [{"role": "user", "content": "x" * 1000}], "temperature": 0.7}
_SCHEMA = {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}}
CASES = {
    "native only": ("openai", "gpt-4o", _PLAIN),
    "with a maximum": ("openai", "gpt-4o", _PLAIN | {"max_tokens": 100, "stream": True}),
    "20 fields of a seed": (
        "openai",
        "gpt-4o",
        _PLAIN
        | {"max_tokens": 512, "max_completion_tokens": 1, "n": 1, "seed": 1, "top_p": 1, "stop": "x", "top_k": 5}
        | {"min_p": 0.1, "repetition_penalty": 1.1, "presence_penalty": 1, "frequency_penalty": 1, "logprobs": True}
        | {"top_logprobs": 2, "logit_bias": {"1": 2}, "reasoning_effort": "low", "user": "u", "enable_thinking": True},
    ),
    "another vendor's names": ("mistral", "m", _PLAIN | {"seed": 1, "max_completion_tokens": 5, "temperature": 0.5}),
    "a reasoning model": ("openai", "o3", _PLAIN | {"max_tokens": 5, "top_p": 1, "reasoning_effort": "minimal"}),
    "an answer in JSON": ("openai", "gpt-4", _PLAIN | {"response_format": _SCHEMA}),
}


def main() -> None:
    rows, models = load_rows(), load_models()
    print(f"microseconds of CPU a request, median of 9 x 2,000; budget {BUDGET_US:g}")
    for name, (kind, model, request) in CASES.items():
        vendor = Compatible("v", rows[kind], base_url="https://v.example", api_key="k", kind=kind, models=models)
        call = decode(msgspec.json.encode(request), Limits(), id="i", request_id="r", now=1, strict=False)
        print(f"  {name:<24} {_timed(lambda: _check(call, vendor, model)):6.2f}")  # noqa: B023 - called at once


def _check(call: Call, vendor: Compatible, model: str) -> None:
    tidy(call)
    settle(call.members, vendor.capabilities(model))


def _timed(act: Callable[[], None], times: int = 2000) -> float:
    act()
    found = []
    for _ in range(9):
        began = time.thread_time_ns()
        for _ in range(times):
            act()
        found.append((time.thread_time_ns() - began) / times / 1000)
    return statistics.median(found)


if __name__ == "__main__":
    main()
