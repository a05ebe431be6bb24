"""Reads a whole chat completion of a vendor that speaks this dialect, and passes it on."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Raw

from penstock.core.answer import Answer
from penstock.core.call import Call
from penstock.core.errors import UpstreamBroke
from penstock.core.exchange import Target
from penstock.dialects.chat.chunks import filled_usage
from penstock.dialects.chat.failure import explain_within
from penstock.dialects.chat.normalise import FINISH_REASONS, Quirks, set_choices_right
from penstock.dialects.chat.thoughts import folded, folds
from penstock.dialects.chat.upstream_chunk import mend, read_members
from penstock.dialects.chat.usage import read_usage

OBJECT: Final = "chat.completion"
DIALECT: Final = "openai"
"""The dialect that vendors here answer in: their words pass through as they are."""


class WholeChoice(msgspec.Struct, gc=False):
    index: int | None = None
    finish_reason: str | None = None


class Whole(msgspec.Struct, gc=False):
    """A `chat.completion` as far as the gateway looks into it."""

    choices: list[WholeChoice] | None = None
    id: Any = None
    object: Any = None
    created: Any = None
    model: Any = None
    usage: Any = None
    error: Any = None
    service_tier: Any = None


_read = msgspec.json.Decoder(Whole).decode


def read_whole(
    body: bytes, call: Call, target: Target, *, quirks: Quirks | None = None, secrets: tuple[str, ...] = ()
) -> Answer:
    """The answer in `body`: untouched, but for `id` and `model`, which become ours, for what `quirks` name, and for
    reasoning where it has to go into the text; in a dialect other than the vendor's, `usage` has every field.

    Raises UpstreamError where the vendor reports one, UpstreamBroke where `body` is no answer.
    """
    try:
        whole = _read(body)
        if not body.isascii():
            body.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = mend(body)
        try:
            whole = _read(body)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _broke(target, f"is no chat completion: {error}") from error
    if whole.error:
        raise explain_within(whole.error, provider=target.provider, secrets=secrets)
    if not whole.choices:
        raise _broke(target, "has no choices")
    members = read_members(body)
    if quirks is not None:
        _set_right(members, whole, call, quirks)
    if folds(call):
        members["choices"] = folded(members["choices"])
    if "id" in members:
        members["id"] = Raw(msgspec.json.encode(call.id))
    if "model" in members:
        members["model"] = Raw(msgspec.json.encode(target.served_as))
    usage = read_usage(whole.usage)
    if usage is not None and call.dialect != DIALECT:
        members["usage"] = Raw(msgspec.json.encode(filled_usage(whole.usage, usage)))
    reasons = [choice.finish_reason for choice in whole.choices if choice.finish_reason]
    if quirks is not None and quirks.finish_names:
        reasons = [FINISH_REASONS.get(reason, reason) for reason in reasons]
    return Answer(
        body=msgspec.json.encode(members),
        usage=usage,
        finish_reasons=reasons,
        upstream_id=whole.id if isinstance(whole.id, str) and whole.id else None,
        service_tier=whole.service_tier if isinstance(whole.service_tier, str) else None,
        has_meta="meta" in members,
    )


def _set_right(members: dict[str, Raw], whole: Whole, call: Call, quirks: Quirks) -> None:
    if quirks.envelope:
        for name, given in (("id", whole.id), ("model", whole.model)):
            if not given:
                members[name] = Raw(b'""')  # ours takes the place
        if whole.object != OBJECT:
            members["object"] = Raw(msgspec.json.encode(OBJECT))
        if not whole.created:
            members["created"] = Raw(msgspec.json.encode(call.created))
    if quirks.in_choices:
        members["choices"] = set_choices_right(members["choices"], quirks)


def _broke(target: Target, what: str) -> UpstreamBroke:
    return UpstreamBroke(f"the answer of provider '{target.provider}' {what}", upstream_status=200)
