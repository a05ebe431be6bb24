"""An answer in JSON from a model that cannot be held to it: asked for, checked, and asked for once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from penstock.core.answer import Frame, Reader
from penstock.core.call import Call
from penstock.core.errors import ResponseFormatFailed
from penstock.core.exchange import Target
from penstock.dialects.chat.assembly import Assembly
from penstock.dialects.chat.chunks import chunks_of
from penstock.gateway.vendors import Take
from penstock.params.json_answer import JsonAnswer

Stream = Callable[[Call, list[Reader], Take], Awaitable[None]]


async def structured(
    call: Call, target: Target, stream: Stream, readers: list[Reader], take: Take, *, held: bool = False
) -> None:
    """Makes the one choice of `call` through `stream`, and gives it to `take` when it is found to be right.

    With `held` the model holds its answer to the form by itself, but for rules that only a look afterwards can tell:
    it is not told of the form at first, and its text stays as it is.

    An answer that is cut off (`length`), filtered, refused or a call of tools passes as it is: it is no finished
    answer in this form. Every reader ends up in `readers`, so that the usage of both tries counts. Raises
    ResponseFormatFailed where the second try does not fit either, InvalidRequest where the schema is none.
    """
    form = JsonAnswer(call.members["response_format"])
    asked = msgspec.structs.replace(call, stream=True, include_usage=False)
    asked = asked if held else form.asked_of(asked)
    answer, finished = await _ask(asked, target, stream, readers)
    text, problem = _looked_at(answer, form)
    if problem is not None:
        finished.finish_reasons.clear()  # nobody gets this answer; what it used counts all the same
        asked = form.asked_again(asked, answer["choices"][0]["message"]["content"] or "", problem)
        answer, _ = await _ask(asked, target, stream, readers)
        text, problem = _looked_at(answer, form)
    if problem is not None:
        lacks = "its response_format cannot hold all of this" if held else "it has no response_format of its own"
        raise ResponseFormatFailed(
            f"the model '{target.model}' of provider '{target.provider}' did not answer in the form asked for, twice "
            f"({lacks}): {problem}"
        )
    choice = answer["choices"][0]
    if not held and text is not None and text != choice["message"]["content"]:
        choice["message"]["content"] = text
        choice["logprobs"] = None  # they are of another text
    await take(chunks_of(answer))


async def _ask(call: Call, target: Target, stream: Stream, readers: list[Reader]) -> tuple[dict[str, Any], Reader]:
    """The whole answer as it was streamed, and its reader."""
    assembly = Assembly(call, target)
    mine: list[Reader] = []

    async def take(frames: list[Frame]) -> None:
        for frame in frames:
            assembly.add(frame)

    try:
        await stream(call, mine, take)
    finally:
        readers += mine
    answer: dict[str, Any] = msgspec.json.decode(assembly.answer(None).body)
    return answer, mine[-1]


def _looked_at(answer: dict[str, Any], form: JsonAnswer) -> tuple[str | None, str | None]:
    """The text to give out, None where the answer stays as it is; and what is wrong with it."""
    choice = answer["choices"][0]
    message = choice["message"]
    if choice["finish_reason"] != "stop" or message.get("refusal") or message.get("tool_calls"):
        return None, None
    return form.read(message["content"] or "")
