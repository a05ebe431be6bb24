"""Rows of the table-driven tests of the request: what is accepted at the edges of its range, and what is refused
just outside. Rows about messages are in test_messages.py and test_conversation.py, about bytes in test_body.py."""

from __future__ import annotations

from typing import Any

MAX = 2**63 - 1


def tool(name: str = "f", **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name} | more}


def custom(name: str = "c", **more: Any) -> dict[str, Any]:
    return {"type": "custom", "custom": {"name": name} | more}


def named(name: str, kind: str = "function") -> dict[str, Any]:
    return {"type": kind, kind: {"name": name}}


def allowed(*tools: dict[str, Any], mode: str = "auto") -> dict[str, Any]:
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": list(tools)}}


def schema(**more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "answer"} | more}


def audio(**more: Any) -> dict[str, Any]:
    return {"voice": "alloy", "format": "wav"} | more


def location(**more: Any) -> dict[str, Any]:
    return {"user_location": {"type": "approximate", "approximate": {"city": "Ghent"}} | more}


TOOLS = [tool("f"), custom("c")]

ACCEPTED: dict[str, list[Any]] = {
    "model": ["m", "vendor/model:free@2026", "x" * 512, "模型"],
    "max_tokens": [1, 5.0, 1e3, MAX],
    "max_completion_tokens": [1, 5.0, MAX],
    "temperature": [0, -0.0, 0.0, 1e-9, 1, 2, 2.0],
    "top_p": [0, 1e-9, 0.5, 1],
    "top_k": [0, 1, 127, 128, 40.0, MAX],
    "min_p": [0, 0.05, 1],
    "repetition_penalty": [0.001, 1, 1.999],
    "presence_penalty": [-2, -2.0, 0, 2],
    "frequency_penalty": [-2, 0, 2.0],
    "logit_bias": [{}, {"50256": -100, "x": 100, "1": 0.5}],
    "n": [1, 1.0, 128],
    "stop": ["\n", ["a"], ["a", "b", "c", "d"]],
    "seed": [-(2**63), -1, 0, 7.0, MAX],
    "stream": [True, False],
    "logprobs": [True, False],
    "tools": [[], [tool()], [custom()], [tool("f" * 64), tool("f" * 64)], [tool(f"f{i}") for i in range(128)]],
    "tool_choice": ["none", "auto"],
    "parallel_tool_calls": [True, False],
    "functions": [[{"name": "f"}], [{"name": f"f-{i}", "parameters": {"type": "object"}} for i in range(128)]],
    "function_call": ["none", "auto"],
    "response_format": [
        {"type": "text"},
        {"type": "json_object"},
        schema(),
        schema(name="A-z_0", schema={}, strict=None, description="d"),
        schema(schema={"type": "object", "properties": {"a": {"$ref": "#"}}}, strict=True),
    ],
    "prediction": [
        {"type": "content", "content": ""},
        {"type": "content", "content": [{"type": "text", "text": "x"}]},
    ],
    "reasoning_effort": ["none", "minimal", "low", "medium", "high", "xhigh", "max"],
    "modalities": [["text"]],
    "audio": [audio(format=f) for f in ("wav", "aac", "mp3", "flac", "opus", "pcm16")] + [audio(voice={"id": "v"})],
    "store": [True, False],
    "metadata": [{}, {str(i): "x" for i in range(16)}, {"k" * 64: "v" * 512, "": ""}],
    "service_tier": ["auto", "default", "flex", "scale", "priority", "fast"],
    "user": ["", "user-1"],
    "safety_identifier": ["", "s" * 64],
    "prompt_cache_key": ["", "k" * 500],
    "prompt_cache_retention": ["in_memory", "24h"],
    "prompt_cache_options": [{}, {"mode": "implicit"}, {"mode": "explicit", "ttl": "30m"}, {"mode": None}],
    "verbosity": ["low", "medium", "high"],
    "web_search_options": [
        {},
        {"search_context_size": "low", "user_location": None},
        location(),
        location(approximate={"city": None, "country": "BE", "region": "x", "timezone": "Europe/Brussels"}),
    ],
    "moderation": [
        {"model": "omni-moderation-latest"},
        {"model": "m", "policy": {"input": {"mode": "score"}, "output": {"mode": "block"}}},
        {"model": "m", "policy": None},
    ],
    "provider": ["auto", "OpenAI", {"only": ["xai"], "allow_fallbacks": False}],
    "context_length_exceeded_behavior": ["truncate", "error"],
    "separate_reasoning": [True, False],
    "enable_thinking": [True, False],
    "include_stop_str_in_output": [True, False],
}

# Fields that are allowed beside others only.
ACCEPTED_TOGETHER: dict[str, dict[str, Any]] = {
    "stream options": {"stream": True, "stream_options": {"include_usage": True, "include_obfuscation": False}},
    "stream options that say nothing": {"stream": True, "stream_options": {}},
    "null stream options": {"stream_options": None},
    "top logprobs at the lower edge": {"logprobs": True, "top_logprobs": 0},
    "top logprobs at the upper edge": {"logprobs": True, "top_logprobs": 20},
    "top logprobs as a number": {"logprobs": True, "top_logprobs": 20.0},
    "null top logprobs": {"logprobs": False, "top_logprobs": None},
    "audio asked for": {"modalities": ["text", "audio"], "audio": audio()},
    "a required tool": {"tools": TOOLS, "tool_choice": "required"},
    "a named function": {"tools": TOOLS, "tool_choice": named("f")},
    "a named custom tool": {"tools": TOOLS, "tool_choice": named("c", "custom")},
    "allowed tools": {"tools": TOOLS, "tool_choice": allowed(named("f"), named("c", "custom"))},
    "one allowed tool, required": {"tools": TOOLS, "tool_choice": allowed(named("f"), mode="required")},
    "a named legacy function": {"functions": [{"name": "f"}], "function_call": {"name": "f"}},
    "functions and tools": {"functions": [{"name": "f"}], "function_call": "auto", "tools": TOOLS},
    "both limits of length": {"max_tokens": 5, "max_completion_tokens": 6},
    "custom tools with formats": {
        "tools": [
            custom(format={"type": "text"}, description="d"),
            custom(format={"type": "grammar", "grammar": {"definition": "a", "syntax": "lark"}}),
            custom(format={"type": "grammar", "grammar": {"definition": "a", "syntax": "regex"}}),
        ]
    },
    "functions in every form": {
        "tools": [
            tool(description=None, parameters=None, strict=None),
            tool(parameters={}, strict=True),
            tool(parameters={"type": "object", "properties": {}}, required=["x"]),
        ]
    },
    "unknown fields": {"thinking": {"budget": 5}, "zzz": None, "safe_prompt": True, "top_a": 0.2},
}

REFUSED: dict[str, tuple[dict[str, Any], str, str, str]] = {
    # the fields, param, code, words of the message
    "model of the wrong type": ({"model": 4}, "model", "invalid_type", "is 4; it must be a string of 1 to 512"),
    "null model": ({"model": None}, "model", "invalid_type", "is null"),
    "empty model": ({"model": ""}, "model", "string_below_min_length", "an empty string"),
    "long model": ({"model": "x" * 513}, "model", "string_above_max_length", "a string of 513 characters"),
    "unprintable model": ({"model": "gpt\n4"}, "model", "invalid_value", "cannot be printed"),
    "max_tokens 0": ({"max_tokens": 0}, "max_tokens", "integer_below_min_value", "is 0; it must be an integer from 1"),
    "max_tokens -1": ({"max_tokens": -1}, "max_tokens", "integer_below_min_value", "is -1"),
    "max_tokens beyond 64 bits": ({"max_tokens": MAX + 1}, "max_tokens", "integer_above_max_value", str(MAX)),
    "max_tokens 1.5": ({"max_tokens": 1.5}, "max_tokens", "invalid_type", "is 1.5; it must be an integer"),
    "max_tokens 0.0": ({"max_tokens": 0.0}, "max_tokens", "integer_below_min_value", "is 0;"),
    "max_tokens as a string": ({"max_tokens": "5"}, "max_tokens", "invalid_type", "a string of 1 character;"),
    "max_completion_tokens 0": ({"max_completion_tokens": 0}, "max_completion_tokens", "integer_below_min_value", "0"),
    "temperature 2.1": (
        {"temperature": 2.1},
        "temperature",
        "decimal_above_max_value",
        "is 2.1; it must be a number from 0 to 2",
    ),
    "temperature -0.1": ({"temperature": -0.1}, "temperature", "decimal_below_min_value", "is -0.1"),
    "temperature as a string": ({"temperature": "1"}, "temperature", "invalid_type", "a number from 0 to 2"),
    "temperature true": ({"temperature": True}, "temperature", "invalid_type", "is true"),
    "top_p -0.1": ({"top_p": -0.1}, "top_p", "decimal_below_min_value", "a number from 0 to 1"),
    "top_p 1.1": ({"top_p": 1.1}, "top_p", "decimal_above_max_value", "is 1.1"),
    "top_k -1": ({"top_k": -1}, "top_k", "integer_below_min_value", "from 0"),
    "min_p 1.01": ({"min_p": 1.01}, "min_p", "decimal_above_max_value", "1.01"),
    "min_p -0.01": ({"min_p": -0.01}, "min_p", "decimal_below_min_value", "-0.01"),
    "repetition_penalty 0": (
        {"repetition_penalty": 0},
        "repetition_penalty",
        "decimal_below_min_value",
        "between 0 and 2, both excluded",
    ),
    "repetition_penalty 2": (
        {"repetition_penalty": 2},
        "repetition_penalty",
        "decimal_above_max_value",
        "both excluded",
    ),
    "presence_penalty 2.1": ({"presence_penalty": 2.1}, "presence_penalty", "decimal_above_max_value", "from -2 to 2"),
    "presence_penalty -2.1": ({"presence_penalty": -2.1}, "presence_penalty", "decimal_below_min_value", "-2.1"),
    "frequency_penalty 2.1": ({"frequency_penalty": 2.1}, "frequency_penalty", "decimal_above_max_value", "2.1"),
    "frequency_penalty -2.1": ({"frequency_penalty": -2.1}, "frequency_penalty", "decimal_below_min_value", "-2.1"),
    "logit_bias 101": (
        {"logit_bias": {"1": 0, "50256": 101}},
        "logit_bias.50256",
        "decimal_above_max_value",
        "from -100 to 100",
    ),
    "logit_bias -101": ({"logit_bias": {"50256": -100.5}}, "logit_bias.50256", "decimal_below_min_value", "-100.5"),
    "logit_bias of strings": ({"logit_bias": {"1": 2, "2": "x"}}, "logit_bias.2", "invalid_type", "must be a number"),
    "logit_bias as an array": (
        {"logit_bias": [1]},
        "logit_bias",
        "invalid_type",
        "an array of 1 item; it must be an object",
    ),
    "n 0": ({"n": 0}, "n", "integer_below_min_value", "is 0; it must be an integer from 1 to 128"),
    "n 129": ({"n": 129}, "n", "integer_above_max_value", "is 129"),
    "n 129.0": ({"n": 129.0}, "n", "integer_above_max_value", "is 129"),
    "n 1e300": ({"n": 1e300}, "n", "integer_above_max_value", "a number of 301 characters"),
    "n true": ({"n": True}, "n", "invalid_type", "is true"),
    "5 stop sequences": (
        {"stop": ["a"] * 5},
        "stop",
        "array_above_max_length",
        "an array of 5 items; it must be a string of at least 1 character, or an array of 1 to 4 items",
    ),
    "no stop sequences": ({"stop": []}, "stop", "array_below_min_length", "an empty array"),
    "an empty stop": ({"stop": ""}, "stop", "string_below_min_length", "an empty string"),
    "an empty stop sequence": ({"stop": ["a", ""]}, "stop[1]", "string_below_min_length", "an empty string"),
    "a stop of numbers": ({"stop": [1]}, "stop[0]", "invalid_type", "is 1; it must be a string"),
    "a stop of the wrong type": ({"stop": {}}, "stop", "invalid_type", "an empty object"),
    "seed beyond 64 bits": ({"seed": MAX + 1}, "seed", "integer_above_max_value", str(MAX + 1)),
    "seed below 64 bits": ({"seed": -MAX - 2}, "seed", "integer_below_min_value", str(-MAX - 2)),
    "seed 0.5": ({"seed": 0.5}, "seed", "invalid_type", "is 0.5"),
    "stream 1": ({"stream": 1}, "stream", "invalid_type", "is 1; it must be true or false"),
    "stream_options without stream": (
        {"stream_options": {"include_usage": True}},
        "stream_options",
        "invalid_value",
        "only with 'stream' set to true",
    ),
    "stream_options with stream false": (
        {"stream": False, "stream_options": {}},
        "stream_options",
        "invalid_value",
        "'stream'",
    ),
    "include_usage of the wrong type": (
        {"stream": True, "stream_options": {"include_usage": "yes"}},
        "stream_options.include_usage",
        "invalid_type",
        "true or false",
    ),
    "top_logprobs without logprobs": (
        {"top_logprobs": 3},
        "top_logprobs",
        "invalid_value",
        "only with 'logprobs' set to true",
    ),
    "top_logprobs with logprobs false": (
        {"logprobs": False, "top_logprobs": 0},
        "top_logprobs",
        "invalid_value",
        "'logprobs'",
    ),
    "top_logprobs 21": (
        {"logprobs": True, "top_logprobs": 21},
        "top_logprobs",
        "integer_above_max_value",
        "from 0 to 20",
    ),
    "top_logprobs -1": ({"logprobs": True, "top_logprobs": -1}, "top_logprobs", "integer_below_min_value", "is -1"),
    "logprobs 5": ({"logprobs": 5}, "logprobs", "invalid_type", "true or false"),
    "129 tools": ({"tools": [tool()] * 129}, "tools", "array_above_max_length", "an array of 129; at most 128 tools"),
    "tools as an object": ({"tools": tool()}, "tools", "invalid_type", "it must be an array"),
    "a tool without a type": (
        {"tools": [{"function": {"name": "f"}}]},
        "tools[0].type",
        "missing_required_parameter",
        "'function' or 'custom'",
    ),
    "an unknown tool": (
        {"tools": [{"type": "retrieval"}]},
        "tools[0].type",
        "invalid_value",
        "is 'retrieval'; it must be 'function' or 'custom'",
    ),
    "a function without a name": (
        {"tools": [tool(), {"type": "function", "function": {}}]},
        "tools[1].function.name",
        "missing_required_parameter",
        "is missing",
    ),
    "a function name of 65": (
        {"tools": [tool("f" * 65)]},
        "tools[0].function.name",
        "invalid_value",
        "1 to 64 characters",
    ),
    "an empty function name": ({"tools": [tool("")]}, "tools[0].function.name", "invalid_value", "an empty string"),
    "a function name with a dot": ({"tools": [tool("a.b")]}, "tools[0].function.name", "invalid_value", "'a.b'"),
    "a function name with a line end": (
        {"tools": [tool("ab\n")]},
        "tools[0].function.name",
        "invalid_value",
        "a digit, '_' or '-'",
    ),
    "a schema that is a string": (
        {"tools": [tool(parameters="{}")]},
        "tools[0].function.parameters",
        "invalid_type",
        "must be an object",
    ),
    "a custom tool without custom": (
        {"tools": [{"type": "custom"}]},
        "tools[0].custom",
        "missing_required_parameter",
        "object",
    ),
    "a grammar of an unknown syntax": (
        {"tools": [custom(format={"type": "grammar", "grammar": {"definition": "", "syntax": "gbnf"}})]},
        "tools[0].custom.format.grammar.syntax",
        "invalid_value",
        "'lark' or 'regex'",
    ),
    "a required tool_choice without tools": (
        {"tool_choice": "required"},
        "tool_choice",
        "invalid_value",
        "'tools' is missing or empty",
    ),
    "a required tool_choice with empty tools": (
        {"tool_choice": "required", "tools": []},
        "tool_choice",
        "invalid_value",
        "empty",
    ),
    "a named tool_choice without tools": ({"tool_choice": named("f")}, "tool_choice", "invalid_value", "'tools'"),
    "allowed tools without tools": ({"tool_choice": allowed(named("f"))}, "tool_choice", "invalid_value", "'tools'"),
    "a tool_choice that is no tool": (
        {"tools": TOOLS, "tool_choice": named("g")},
        "tool_choice",
        "invalid_value",
        "'g', which is not among 'tools'",
    ),
    "a function named as a custom tool": (
        {"tools": TOOLS, "tool_choice": named("f", "custom")},
        "tool_choice",
        "invalid_value",
        "the custom tool 'f'",
    ),
    "an allowed tool that is no tool": (
        {"tools": TOOLS, "tool_choice": allowed(named("f"), named("g"))},
        "tool_choice.allowed_tools.tools[1]",
        "invalid_value",
        "'g'",
    ),
    "no allowed tools": (
        {"tools": TOOLS, "tool_choice": allowed()},
        "tool_choice.allowed_tools.tools",
        "array_below_min_length",
        "1 to 128 items",
    ),
    "allowed tools of an unknown mode": (
        {"tools": TOOLS, "tool_choice": allowed(named("f"), mode="none")},
        "tool_choice.allowed_tools.mode",
        "invalid_value",
        "'auto' or 'required'",
    ),
    "an unknown tool_choice": (
        {"tools": TOOLS, "tool_choice": "any"},
        "tool_choice",
        "invalid_value",
        "'auto', 'none' or 'required', or an object",
    ),
    "a tool_choice without a type": (
        {"tools": TOOLS, "tool_choice": {"function": {"name": "f"}}},
        "tool_choice.type",
        "missing_required_parameter",
        "'allowed_tools'",
    ),
    "a tool_choice of the wrong type": (
        {"tools": TOOLS, "tool_choice": True},
        "tool_choice",
        "invalid_type",
        "is true",
    ),
    "parallel_tool_calls of the wrong type": (
        {"parallel_tool_calls": "no"},
        "parallel_tool_calls",
        "invalid_type",
        "true or false",
    ),
    "no functions": ({"functions": []}, "functions", "array_below_min_length", "1 to 128 items"),
    "129 functions": ({"functions": [{"name": "f"}] * 129}, "functions", "array_above_max_length", "129 items"),
    "a legacy function name with a blank": (
        {"functions": [{"name": "a b"}]},
        "functions[0].name",
        "invalid_value",
        "'a b'",
    ),
    "a function_call without functions": (
        {"function_call": {"name": "f"}},
        "function_call",
        "invalid_value",
        "not among 'functions'",
    ),
    "a function_call that is no function": (
        {"functions": [{"name": "f"}], "function_call": {"name": "g"}},
        "function_call",
        "invalid_value",
        "'g'",
    ),
    "an unknown function_call": (
        {"function_call": "required"},
        "function_call",
        "invalid_value",
        "'auto' or 'none', or an object",
    ),
    "response_format as a string": ({"response_format": "json"}, "response_format", "invalid_type", "an object"),
    "an unknown response_format": (
        {"response_format": {"type": "xml"}},
        "response_format.type",
        "invalid_value",
        "one of 'text', 'json_object' or 'json_schema'",
    ),
    "a response_format without its schema": (
        {"response_format": {"type": "json_schema"}},
        "response_format.json_schema",
        "missing_required_parameter",
        "must be an object",
    ),
    "a schema without a name": (
        {"response_format": {"type": "json_schema", "json_schema": {}}},
        "response_format.json_schema.name",
        "missing_required_parameter",
        "missing",
    ),
    "a schema name with a blank": (
        {"response_format": schema(name="a b")},
        "response_format.json_schema.name",
        "invalid_value",
        "'a b'",
    ),
    "a schema that is true": (
        {"response_format": schema(schema=True)},
        "response_format.json_schema.schema",
        "invalid_type",
        "is true; it must be an object",
    ),
    "a schema that is an array": (
        {"response_format": schema(schema=[{}])},
        "response_format.json_schema.schema",
        "invalid_type",
        "an array of 1 item",
    ),
    "strict of the wrong type": (
        {"response_format": schema(strict="yes")},
        "response_format.json_schema.strict",
        "invalid_type",
        "true or false",
    ),
    "an unknown prediction": (
        {"prediction": {"type": "tokens", "content": ""}},
        "prediction.type",
        "invalid_value",
        "it must be 'content'",
    ),
    "a prediction without content": (
        {"prediction": {"type": "content"}},
        "prediction.content",
        "missing_required_parameter",
        "a string, or an array",
    ),
    "a prediction with an image": (
        {"prediction": {"type": "content", "content": [{"type": "image_url"}]}},
        "prediction.content[0].type",
        "invalid_value",
        "'text'",
    ),
    "an unknown reasoning_effort": ({"reasoning_effort": "ultra"}, "reasoning_effort", "invalid_value", "'xhigh'"),
    "an unknown modality": ({"modalities": ["text", "video"]}, "modalities[1]", "invalid_value", "'audio' or 'text'"),
    "no modalities": ({"modalities": []}, "modalities", "array_below_min_length", "at least 1 item"),
    "audio asked for, but not how": (
        {"modalities": ["text", "audio"]},
        "audio",
        "missing_required_parameter",
        "'voice' and a 'format'",
    ),
    "an unknown audio format": ({"audio": audio(format="ogg")}, "audio.format", "invalid_value", "'pcm16'"),
    "audio without a voice": (
        {"audio": {"format": "wav"}},
        "audio.voice",
        "missing_required_parameter",
        "a string, or an object",
    ),
    "a voice of the wrong type": ({"audio": audio(voice=1)}, "audio.voice", "invalid_type", "is 1"),
    "metadata of 17 pairs": (
        {"metadata": {str(i): "x" for i in range(17)}},
        "metadata",
        "object_above_max_properties",
        "an object of 17 members; it must be an object of at most 16 members",
    ),
    "a metadata key of 65": ({"metadata": {"k" * 65: "x"}}, "metadata", "string_above_max_length", "at most 64"),
    "a metadata value of 513": ({"metadata": {"k": "x" * 513}}, "metadata.k", "string_above_max_length", "at most 512"),
    "a metadata number": ({"metadata": {"a": "x", "k": 1}}, "metadata.k", "invalid_type", "is 1; it must be a string"),
    "metadata as a string": ({"metadata": "x"}, "metadata", "invalid_type", "an object of at most 16 members"),
    "an unknown service_tier": ({"service_tier": "gold"}, "service_tier", "invalid_value", "'priority'"),
    "user of the wrong type": ({"user": 5}, "user", "invalid_type", "must be a string"),
    "a safety_identifier of 65": (
        {"safety_identifier": "s" * 65},
        "safety_identifier",
        "string_above_max_length",
        "at most 64 characters",
    ),
    "an unknown prompt_cache_retention": (
        {"prompt_cache_retention": "1h"},
        "prompt_cache_retention",
        "invalid_value",
        "'24h' or 'in_memory'",
    ),
    "an unknown ttl": (
        {"prompt_cache_options": {"ttl": "1h"}},
        "prompt_cache_options.ttl",
        "invalid_value",
        "it must be '30m'",
    ),
    "an unknown verbosity": ({"verbosity": "max"}, "verbosity", "invalid_value", "'medium'"),
    "an unknown search_context_size": (
        {"web_search_options": {"search_context_size": "huge"}},
        "web_search_options.search_context_size",
        "invalid_value",
        "'medium'",
    ),
    "an exact location": (
        {"web_search_options": location(type="exact")},
        "web_search_options.user_location.type",
        "invalid_value",
        "'approximate'",
    ),
    "moderation without a model": ({"moderation": {}}, "moderation.model", "missing_required_parameter", "a string"),
    "an unknown moderation mode": (
        {"moderation": {"model": "m", "policy": {"input": {"mode": "off"}}}},
        "moderation.policy.input.mode",
        "invalid_value",
        "'block' or 'score'",
    ),
    "provider of the wrong type": ({"provider": 5}, "provider", "invalid_type", "a string, or an object"),
    "an unknown behaviour": (
        {"context_length_exceeded_behavior": "drop"},
        "context_length_exceeded_behavior",
        "invalid_value",
        "'error' or 'truncate'",
    ),
    "store of the wrong type": ({"store": "yes"}, "store", "invalid_type", "true or false"),
    "enable_thinking of the wrong type": ({"enable_thinking": 1}, "enable_thinking", "invalid_type", "true or false"),
    "separate_reasoning of the wrong type": (
        {"separate_reasoning": {}},
        "separate_reasoning",
        "invalid_type",
        "true or false",
    ),
    "include_stop_str_in_output of the wrong type": (
        {"include_stop_str_in_output": []},
        "include_stop_str_in_output",
        "invalid_type",
        "true or false",
    ),
    "prompt_cache_key of the wrong type": ({"prompt_cache_key": []}, "prompt_cache_key", "invalid_type", "a string"),
}

# What json.dumps cannot write.
REFUSED_BYTES: dict[str, tuple[bytes, str, str, str]] = {
    "no model": (
        b'{"messages":[{"role":"user","content":"x"}]}',
        "model",
        "missing_required_parameter",
        "'model' is missing",
    ),
    "no messages": (
        b'{"model":"m"}',
        "messages",
        "missing_required_parameter",
        "'messages' is missing. It must be an array of at least 1 item",
    ),
    "temperature out of range": (
        b'{"temperature":1e999,"model":"m","messages":[{"role":"user","content":"x"}]}',
        "temperature",
        "invalid_value",
        "out of range",
    ),
    "an integer out of range": (
        b'{"n":-1e999,"seed":5.0,"model":"m","messages":[{"role":"user","content":"x"}]}',
        "n",
        "invalid_value",
        "out of range",
    ),
    "an integer of 5000 digits": (
        b'{"n":%s,"model":"m","messages":[{"role":"user","content":"x"}]}' % (b"9" * 5000),
        "n",
        "invalid_value",
        "out of range",
    ),
    "a bias out of range": (
        b'{"logit_bias":{"1":1e999},"model":"m","messages":[{"role":"user","content":"x"}]}',
        "logit_bias",
        "invalid_value",
        "out of range",
    ),
    "an unknown field out of range": (
        b'{"model":"m","messages":[{"role":"user","content":"x"}],"zzz": 1e999}',
        "zzz",
        "invalid_value",
        "out of range",
    ),
    "n twice, the first one wrong": (
        b'{"n":200,"n":1,"model":"m","messages":[{"role":"user","content":"x"}]}',
        "n",
        "integer_above_max_value",
        "more than once",
    ),
    "a role twice": (
        b'{"model":"m","messages":[{"role":"user","role":"system","content":"x"}]}',
        "messages[0].role",
        "invalid_value",
        "more than once",
    ),
    "content twice, the first one wrong": (
        b'{"model":"m","messages":[{"role":"user","content":[{"type":"z"}],"content":"x"}]}',
        "messages[0].content[0].type",
        "invalid_value",
        "does not fit",
    ),
}
