"""What llama.cpp says when it fails, as one of our errors."""

from __future__ import annotations

import msgspec

from penstock.core.errors import UpstreamError, UpstreamOverloaded, UpstreamRejected


class _Said(msgspec.Struct):
    message: str = ""
    type: str = ""
    code: int = 500
    n_prompt_tokens: int | None = None
    n_ctx: int | None = None


class _Body(msgspec.Struct):
    error: _Said


def explain(status: int, body: bytes) -> UpstreamError:
    """The error of an answer with `status` (any but 2xx), whose `body` should be `{"error": {...}}`."""
    try:
        said = msgspec.json.decode(body, type=_Body).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = _Said(body[:500].decode("utf-8", "replace"))
    return _error(status, said)


def explain_within(error: bytes) -> UpstreamError:
    """The error that came as JSON within a stream."""
    try:
        said = msgspec.json.decode(error, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = _Said(error[:500].decode("utf-8", "replace"))
    return _error(said.code, said)


def too_long(prompt: int, context: int, answer: int | None = None) -> UpstreamRejected:
    """400: `prompt` tokens, and `answer` ones that must fit too, are more than `context`."""
    asked = f"the messages have {prompt} tokens" + (f" and the answer may have {answer}" if answer is not None else "")
    return UpstreamRejected(
        f"This model's maximum context length is {context} tokens, but {asked}. Shorten the messages"
        + (" or lower max_tokens." if answer is not None else "."),
        param="messages",
        code="context_length_exceeded",
        upstream_status=400,
    )


def _error(status: int, said: _Said) -> UpstreamError:
    message = said.message or f"status {status} without a reason"
    if said.type == "exceed_context_size_error" and said.n_prompt_tokens is not None and said.n_ctx is not None:
        return too_long(said.n_prompt_tokens, said.n_ctx)
    if "grammar" in message or "JSON schema" in message:
        return _rejected(f"the local model cannot be held to this JSON schema: {message}", status)
    if "Jinja Exception" in message:
        return _rejected(
            f"the chat template of the local model refused: {message.rpartition('Jinja Exception: ')[2]}", status
        )
    if 400 <= status < 500 and status not in (401, 403, 404):
        return _rejected(f"the local model refused: {message}", status)
    if status == 503:
        return UpstreamOverloaded(f"the local model is not ready: {message}", upstream_status=status)
    return UpstreamError(f"the local model failed: {message}", upstream_status=status)


def _rejected(message: str, status: int) -> UpstreamRejected:
    return UpstreamRejected(message, code="invalid_value", upstream_status=status)
