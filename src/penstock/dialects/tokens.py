"""`POST /v1/tokenize` and `/v1/detokenize`: requests and answers, with vLLM's names."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec
from msgspec import Meta, Raw

from penstock.core.errors import InvalidRequest
from penstock.dialects import mismatch
from penstock.dialects.body import members
from penstock.dialects.chat import conversation
from penstock.dialects.chat.messages import ChatCompletionMessage, WireObject
from penstock.dialects.chat.tools import ChatCompletionFunctionTool
from penstock.settings import Limits

Model = Annotated[str, Meta(min_length=1, max_length=512)]


class TokenizeRequest(WireObject):
    """A text, or messages in the form that the model's chat template gives them.

    `input` is another name of `prompt`. `add_special_tokens` (true by default) adds what the tokenizer puts before a
    text, if anything; `add_generation_prompt` (true by default) is the head of the answer, after the messages.
    """

    model: Model
    prompt: str | None = None
    input: str | None = None
    messages: Annotated[list[ChatCompletionMessage], Meta(min_length=1)] | None = None
    tools: list[ChatCompletionFunctionTool] | None = None
    add_special_tokens: bool | None = None
    add_generation_prompt: bool | None = None
    return_token_strs: bool | None = None


class TokenizeResponse(msgspec.Struct):
    """`max_model_len` is the context of one call; `token_strs` are there where they were asked for."""

    tokens: list[int]
    count: int
    max_model_len: int
    token_strs: list[str] | None


class DetokenizeRequest(WireObject):
    """Token ids."""

    model: Model
    tokens: list[Annotated[int, Meta(ge=0, le=2**31 - 1)]]


class DetokenizeResponse(msgspec.Struct):
    """The text of the tokens; half a character is U+FFFD."""

    prompt: str


_Wire = TypeVar("_Wire", TokenizeRequest, DetokenizeRequest)
_SOURCES: Final = ("prompt", "input", "messages")


def decode(body: bytes, limits: Limits, kind: type[_Wire]) -> tuple[_Wire, dict[str, Raw]]:
    """The request in `body`, and its top-level members as they came. Raises InvalidRequest."""
    found = members(body, limits)
    try:
        wire = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise mismatch.explain(error, found, msgspec.inspect.type_info(kind)) from None
    unknown = next((name for name in found if name not in kind.__struct_fields__), None)
    if unknown is not None:
        raise InvalidRequest(
            f"'{unknown[:64]}' is no parameter of this endpoint; it has {', '.join(kind.__struct_fields__)}.",
            param=unknown[:64],
            code="unknown_parameter",
        )
    if isinstance(wire, TokenizeRequest):
        _check(wire, limits)
    return wire, found


def _check(wire: TokenizeRequest, limits: Limits) -> None:
    given = [name for name in _SOURCES if getattr(wire, name) is not None]
    if len(given) != 1:
        raise InvalidRequest(
            f"{' and '.join(map(repr, given)) or 'Nothing'} is given to tokenize; give exactly one of 'prompt', "
            "'input' and 'messages'.",
            param=given[1] if given else "prompt",
            code="invalid_parameter_combination" if given else "missing_required_parameter",
        )
    if wire.messages is None:
        for name in ("tools", "add_generation_prompt"):
            if getattr(wire, name) is not None:
                raise InvalidRequest(f"'{name}' is allowed only with 'messages'.", param=name)
    else:
        conversation.check(wire.messages, limits)
