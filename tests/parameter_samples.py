"""A value for every parameter of a chat completion request that asks for something, and what else it needs."""

from __future__ import annotations

from typing import Any

FUNCTION = {"name": "now", "parameters": {"type": "object", "properties": {}}}
SAMPLES: dict[str, Any] = {
    "max_tokens": 5,
    "max_completion_tokens": 6,
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 4,
    "min_p": 0.1,
    "repetition_penalty": 1.2,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "logit_bias": {"15": -100},
    "n": 2,
    "stop": ["END"],
    "seed": 7,
    "stream": True,
    "stream_options": {"include_usage": True, "include_obfuscation": False},
    "logprobs": True,
    "top_logprobs": 2,
    "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}},
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "wav"},
    "prediction": {"type": "content", "content": "Hello"},
    "verbosity": "low",
    "include_stop_str_in_output": True,
    "tools": [{"type": "function", "function": FUNCTION}],
    "tool_choice": "required",
    "parallel_tool_calls": False,
    "functions": [FUNCTION],
    "function_call": {"name": "now"},
    "web_search_options": {"search_context_size": "low"},
    "reasoning_effort": "low",
    "separate_reasoning": False,
    "enable_thinking": True,
    "store": True,
    "metadata": {"team": "blue"},
    "service_tier": "flex",
    "user": "u1",
    "safety_identifier": "s1",
    "prompt_cache_key": "k1",
    "prompt_cache_retention": "24h",
    "prompt_cache_options": {"mode": "explicit"},
    "moderation": {"model": "omni-moderation-latest"},
    "provider": "auto",
    "context_length_exceeded_behavior": "truncate",
}

NEEDS: dict[str, dict[str, Any]] = {
    "stream_options": {"stream": True},
    "top_logprobs": {"logprobs": True},
    "modalities": {"audio": SAMPLES["audio"]},
    "include_stop_str_in_output": {"stop": ["END"]},
    "tool_choice": {"tools": SAMPLES["tools"]},
    "parallel_tool_calls": {"tools": SAMPLES["tools"]},
    "function_call": {"functions": SAMPLES["functions"]},
}

# What becomes of each sample: what `x-penstock-params` says of it, "native" where it is sent as it came, "refused"
# where it is a 400, "by Penstock" where nothing of it need be sent. What is not named is native.
AT_A_LOCAL_MODEL: dict[str, str] = {
    **dict.fromkeys(("audio", "prediction", "verbosity", "web_search_options", "moderation"), "ignored"),
    **dict.fromkeys(("metadata", "service_tier", "user", "safety_identifier"), "ignored"),
    **dict.fromkeys(("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options"), "ignored"),
    **dict.fromkeys(("n", "tool_choice", "parallel_tool_calls", "function_call"), "emulated"),
    "functions": "translated",
    "reasoning_effort": "passed",
    "modalities": "refused",
    **dict.fromkeys(("provider", "context_length_exceeded_behavior", "store"), "by Penstock"),
}
AT_OPENAI: dict[str, str] = {
    **dict.fromkeys(("top_k", "min_p", "repetition_penalty", "include_stop_str_in_output"), "ignored"),
    **dict.fromkeys(("reasoning_effort", "enable_thinking", "verbosity", "web_search_options", "audio"), "ignored"),
    "separate_reasoning": "emulated",
    "modalities": "refused",
    **dict.fromkeys(("provider", "context_length_exceeded_behavior", "store"), "by Penstock"),
}
AT_ANY_VENDOR: dict[str, str] = {
    **dict.fromkeys(("top_k", "min_p", "repetition_penalty"), "passed"),
    **dict.fromkeys(("include_stop_str_in_output", "enable_thinking"), "ignored"),
    "separate_reasoning": "emulated",
    **dict.fromkeys(("provider", "context_length_exceeded_behavior", "store"), "by Penstock"),
}


def told(name: str, expected: dict[str, str]) -> str:
    """What the header says of the sample of the parameter `name`; nothing where it is not named."""
    what = expected.get(name, "native")
    return "" if what in ("native", "by Penstock") else what


def asking(name: str) -> dict[str, Any]:
    """The members of a request that asks for the parameter `name`."""
    return {name: SAMPLES[name], **NEEDS.get(name, {})}
