"""A call that does not fit its model's context, as the vendor's own refusal tells it."""

from __future__ import annotations

import re
from typing import Final

import msgspec
from msgspec import Raw

from penstock.core.call import Call
from penstock.core.errors import ContextTooLong, UpstreamError, UpstreamRejected
from penstock.params.capabilities import LIMITS

# How vendors of this dialect word it. OpenAI and those that follow it: "This model's maximum context length is 8192
# tokens. However, you requested 9000 tokens (1000 in the messages, 8000 in the completion)", or "... However, your
# messages resulted in 9000 tokens". vLLM: "... is 4096 tokens and your request has 1000 input tokens". Together:
# "`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 10 `inputs` tokens and 9000 `max_new_tokens`". llama.cpp:
# "request (9000 tokens) exceeds the available context size (4096 tokens)".
_CONTEXT: Final = re.compile(
    r"maximum context length is (\d+) tokens|must be <= (\d+)\. Given: |available context size \((\d+) tokens\)"
)
_PROMPT: Final = re.compile(
    r"\((\d+) in (?:the messages|the prompt|your prompt)|messages resulted in (\d+) tokens"
    r"|has (\d+) input tokens|Given: (\d+) `inputs`|request \((\d+) tokens\) exceeds"
)
_FUNCTIONS: Final = re.compile(r"(\d+) in the functions")
_CODE: Final = ContextTooLong.code
_LONGEST: Final = 2000  # characters of a message that are looked at


class Overrun(msgspec.Struct, frozen=True):
    """What the vendor said: tokens of the model's context, and of the prompt."""

    context: int
    prompt: int

    @property
    def left(self) -> int:
        """Tokens that are left for the answer; none or less where the prompt alone is too long."""
        return self.context - self.prompt


def overrun(error: UpstreamError) -> Overrun | None:
    """The numbers of a refusal for want of context; None where it is another one, or tells none."""
    if not isinstance(error, UpstreamRejected):
        return None
    said = error.message[:_LONGEST]
    context, prompt = _number(_CONTEXT, said), _number(_PROMPT, said)
    if context is None or prompt is None:
        return None
    return Overrun(context, prompt + (_number(_FUNCTIONS, said) or 0))


def shortened(call: Call, found: Overrun) -> tuple[Call, str] | None:
    """`call` with a maximum that fits, and the name of that maximum; None where the client wants an error instead, or
    gave no maximum that could be less."""
    behaviour = call.members.get("context_length_exceeded_behavior")
    if found.left < 1 or call.strict or (behaviour is not None and bytes(behaviour) == b'"error"'):
        return None
    for name in LIMITS:
        value = call.members.get(name)
        if value is not None and bytes(value) != b"null":
            if msgspec.json.decode(value) <= found.left:
                return None  # the vendor counts otherwise: another try would meet the same refusal
            members = {**call.members, name: Raw(b"%d" % found.left)}
            return msgspec.structs.replace(call, members=members), name
    return None


def told(error: UpstreamError, found: Overrun | None) -> UpstreamError:
    """`error` with the code that clients look for, where it is for want of context."""
    if found is not None and error.code != _CODE:
        error.code, error.param, error.status = _CODE, error.param or "messages", 400
    return error


def _number(words: re.Pattern[str], text: str) -> int | None:
    found = words.search(text)
    return int(next(filter(None, found.groups()))) if found is not None else None
