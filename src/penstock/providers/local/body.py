"""The request body for llama.cpp, from the fields of a chat completion request."""

from __future__ import annotations

import zlib
from typing import Any, Final

import msgspec

from penstock.core.call import Call
from penstock.core.errors import InvalidRequest
from penstock.dialects.chat.request import ChatCompletionRequest, ResponseFormatJSONSchema, ResponseFormatText
from penstock.providers.local import schema
from penstock.providers.local.endpoint import Endpoint
from penstock.providers.local.messages import translated
from penstock.providers.local.tools import Mode, Tools, shown
from penstock.providers.local.unstreamed import unstreamed

# Everything that llama.cpp, or the model file with its own defaults, would do unasked.
_NEUTRAL: Final = {
    "samplers": ["penalties", "top_k", "top_p", "min_p", "temperature"],
    "typical_p": 1.0,
    "top_n_sigma": -1.0,
    "xtc_probability": 0.0,
    "dry_multiplier": 0.0,
    "dynatemp_range": 0.0,
    "mirostat": 0,
}
_RANDOM: Final = 0xFFFF_FFFF  # as a seed


def build(call: Call, tools: Tools, endpoint: Endpoint) -> dict[str, Any]:
    """The body. Streamed wherever it can be: of a whole answer nothing is known before its end. Raises
    InvalidRequest."""
    wire: ChatCompletionRequest = call.wire
    if wire.modalities is not None and "audio" in wire.modalities:
        raise InvalidRequest(
            "'modalities' asks for audio; local models answer in text only",
            param="modalities",
            code="unsupported_value",
        )
    body: dict[str, Any] = {
        "messages": translated(msgspec.json.decode(call.members["messages"])),
        "stream": True,
        "stream_options": {"include_usage": True},
        "timings_per_token": True,  # tokens so far in every chunk: what a call that is broken off has used
        **_NEUTRAL,
        **_sampling(wire, endpoint),
        **_form(call, wire, tools),
        **_template(wire),
    }
    most = wire.max_completion_tokens or wire.max_tokens
    if most is not None:
        body["max_tokens"] = min(most, endpoint.context)
    if call.seed is not None:
        body["seed"] = folded(call.seed)
        body["cache_prompt"] = False  # a prompt that was read in other pieces gives other last digits
    if wire.logprobs:
        body["logprobs"] = True
        body["top_logprobs"] = wire.top_logprobs or 1  # for 0 llama.cpp leaves logprobs out; the reader trims
    if unstreamed(call, tools):
        body["stream"] = False
        del body["stream_options"]
    if wire.logit_bias:
        body["logit_bias"] = _bias(wire.logit_bias, endpoint.vocabulary)
    return body


def folded(seed: int) -> int:
    """A seed of 64 bits in the 32 that llama.cpp has: one of 0 to 2^32 - 2 stays as it is.

    Others are hashed, since llama.cpp would take their low 32 bits, and all ones of these for "random".
    """
    if 0 <= seed < _RANDOM:
        return seed
    return min(zlib.crc32((seed & 0xFFFF_FFFF_FFFF_FFFF).to_bytes(8)), _RANDOM - 1)


def _sampling(wire: ChatCompletionRequest, endpoint: Endpoint) -> dict[str, Any]:
    greedy = wire.temperature == 0 or wire.top_p == 0 or wire.top_k == 1
    penalties = {
        "repeat_penalty": 1.0 if wire.repetition_penalty is None else wire.repetition_penalty,
        "presence_penalty": wire.presence_penalty or 0.0,
        "frequency_penalty": wire.frequency_penalty or 0.0,
    }
    asked = penalties != {"repeat_penalty": 1.0, "presence_penalty": 0.0, "frequency_penalty": 0.0}
    return {
        "temperature": 0.0 if greedy else 1.0 if wire.temperature is None else wire.temperature,
        "top_p": 1.0 if greedy or wire.top_p is None else wire.top_p,
        "top_k": 0 if greedy else min(wire.top_k or 0, endpoint.vocabulary),
        "min_p": 0.0 if greedy else wire.min_p or 0.0,
        # The whole text, prompt and answer, and not its last 64 tokens.
        "repeat_last_n": endpoint.context if asked else 0,
        **penalties,
    }


def _form(call: Call, wire: ChatCompletionRequest, tools: Tools) -> dict[str, Any]:
    """What holds the answer to its form: tools, and a response format."""
    wanted = wire.response_format
    answer: dict[str, Any] | None = None
    if wanted is not None and not isinstance(wanted, ResponseFormatText):
        answer = {"type": "object"}
        if isinstance(wanted, ResponseFormatJSONSchema) and wanted.json_schema.schema is not None:
            answer = schema.asked_for(call)
            schema.check(answer, "response_format.json_schema.schema", strict=wanted.json_schema.strict is True)
    form: dict[str, Any] = {}
    if tools.offered:
        form["tools"] = [{"type": "function", "function": shown(function)} for function in tools.offered]
        form["tool_choice"] = "auto" if tools.mode is Mode.FREE else "none"
        form["parallel_tool_calls"] = tools.parallel
    if tools.mode is Mode.FORCED:
        answer = schema.forced(tools.callable)
    elif tools.mode is Mode.EITHER:
        answer = schema.forced(tools.callable, answer)
    if answer is not None:
        form["response_format"] = {"type": "json_schema", "json_schema": {"schema": answer}}
    return form


def _template(wire: ChatCompletionRequest) -> dict[str, Any]:
    """What the chat template and the reading of its answer depend on."""
    settings: dict[str, Any] = {}
    if wire.enable_thinking is not None:
        settings["enable_thinking"] = wire.enable_thinking
    elif wire.reasoning_effort == "none":
        settings["enable_thinking"] = False
    if wire.reasoning_effort not in (None, "none"):
        settings["reasoning_effort"] = wire.reasoning_effort
    template: dict[str, Any] = {"chat_template_kwargs": settings} if settings else {}
    if wire.separate_reasoning is False:
        template["reasoning_format"] = "none"
    return template


def _bias(bias: dict[str, float], vocabulary: int) -> list[list[float]]:
    pairs: list[list[float]] = []
    for token, value in bias.items():
        if not (token.isascii() and token.isdigit() and len(token) <= 10 and int(token) < vocabulary):
            raise InvalidRequest(
                f"'logit_bias' names the token '{token[:64]}'; this model has the tokens 0 to {vocabulary - 1}",
                param="logit_bias",
            )
        # -100 stays a number: with llama.cpp's own ban, of the only token that a grammar allows, the grammar breaks.
        pairs.append([int(token), value])
    return pairs
