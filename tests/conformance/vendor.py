"""A vendor that keeps OpenAI's contract to the letter, for the official SDK to meet through Penstock."""

from __future__ import annotations

import json
from typing import Any

from tests.upstream import Request, Wire, chunk

SCHEMA_ANSWER = {"name": "Ada", "age": 36}
_USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 5,
    "total_tokens": 17,
    "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 1,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}


def _logprob(token: str, top: int) -> dict[str, Any]:
    entry = {"token": token, "logprob": -0.25, "bytes": list(token.encode())}
    return entry | {"top_logprobs": [dict(entry)] * min(top, 1)}


def _pieces(asked: dict[str, Any]) -> tuple[list[str], list[dict[str, Any]]]:
    """The text in pieces, and the tool calls, of one choice."""
    if asked.get("tools") and asked.get("tool_choice") != "none":
        calls = [("get_weather", {"city": "Paris"})]
        if asked.get("parallel_tool_calls", True):
            calls.append(("get_weather", {"city": "Rome"}))
        return [], [
            {
                "id": f"call_{number}",
                "type": "function",
                "function": {"name": name, "arguments": json.dumps(arguments)},
            }
            for number, (name, arguments) in enumerate(calls)
        ]
    if (asked.get("response_format") or {}).get("type") == "json_schema":
        text = json.dumps(SCHEMA_ANSWER)
        return [text[:7], text[7:]], []
    return ["Hel", "lo", " \N{WAVING HAND SIGN}", "!"], []


async def conforming(request: Request, wire: Wire) -> None:
    """Answers whole or streamed, with everything that was asked for."""
    asked = request.json
    assert request.headers["authorization"] == "Bearer sk-vendor-secret"
    texts, calls = _pieces(asked)
    finish = "tool_calls" if calls else "stop"
    if asked.get("stream"):
        await _stream(asked, wire, texts, calls, finish)
        return
    logprobs = {"content": [_logprob(t, asked.get("top_logprobs") or 0) for t in texts], "refusal": None}
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(texts) or None,
        "refusal": None,
        "annotations": [],
    }
    if calls:
        message["tool_calls"] = calls
    choices = [
        {
            "index": i,
            "message": message,
            "logprobs": logprobs if asked.get("logprobs") else None,
            "finish_reason": finish,
        }
        for i in range(asked.get("n") or 1)
    ]
    await wire.whole(
        {
            "id": "chatcmpl-vendor",
            "object": "chat.completion",
            "created": 1700000000,
            "model": "gpt-4-0613",
            "choices": choices,
            "usage": _USAGE,
            "service_tier": "default",
            "system_fingerprint": "fp_1",
        },
        x_request_id="req_of_the_vendor",
    )


async def _stream(
    asked: dict[str, Any], wire: Wire, texts: list[str], calls: list[dict[str, Any]], finish: str
) -> None:
    await wire.begin_stream()
    for index in range(asked.get("n") or 1):
        await wire.event(chunk({"role": "assistant", "content": None if calls else "", "refusal": None}, index=index))
        for text in texts:
            event = chunk({"content": text}, index=index)
            if asked.get("logprobs"):
                entry = _logprob(text, asked.get("top_logprobs") or 0)
                event["choices"][0]["logprobs"] = {"content": [entry], "refusal": None}
            await wire.event(event)
        for number, call in enumerate(calls):
            arguments = call["function"]["arguments"]
            opening = call | {"index": number, "function": {"name": call["function"]["name"], "arguments": ""}}
            await wire.event(chunk({"tool_calls": [opening]}, index=index))
            for part in (arguments[:5], arguments[5:]):
                await wire.event(
                    chunk({"tool_calls": [{"index": number, "function": {"arguments": part}}]}, index=index)
                )
        await wire.event(chunk({}, finish, index=index))
    assert asked["stream_options"]["include_usage"] is True  # asked for always, for the meter
    await wire.event(chunk(None, usage=_USAGE))
    await wire.event("[DONE]")
    await wire.end_stream()
