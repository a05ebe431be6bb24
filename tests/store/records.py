"""Records as calls leave them, for the tests of what keeps them."""

from __future__ import annotations

from typing import Any

from penstock.core.record import Attempt, Record
from penstock.core.usage import Usage

START = 1_790_000_000_000_000


def a_record(number: int, **fields: Any) -> Record:
    """The record of call `number`, a millisecond after the one before."""
    return Record(
        **{
            "request_id": f"req_{number:08d}",
            "time": START + number * 1000,
            "project": "default",
            "key_id": "key_1",
            "key_name": "laptop",
            "endpoint": "chat.completions",
            "dialect": "openai",
            "model_asked": "gpt-4",
            "model_served": "gpt-4-0613",
            "provider": "openai",
            "upstream_id": f"chatcmpl-{number}",
            "status": 200,
            "attempts": [Attempt("openai", "gpt-4-0613", 503, "upstream_overloaded", 12), Attempt("openai", "b", 200)],
            "usage": Usage(12, 30, cached_tokens=4, reasoning_tokens=7),
            "latency_us": 700_000,
            "first_token_us": 120_000,
            "finish_reasons": ["stop"],
            "params": {"top_k": "ignored"},
            **fields,
        }
    )
