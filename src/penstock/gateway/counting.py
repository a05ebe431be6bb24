"""How many tokens a response's input has, before it is asked: exact where its model or its vendor can be asked."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import msgspec

from penstock.accounts import Key
from penstock.core.ids import new_id
from penstock.dialects.profiles import Profile
from penstock.dialects.responses.chat import chat_body
from penstock.dialects.responses.items import input_items
from penstock.dialects.responses.links import check_linked
from penstock.dialects.responses.native import native_members
from penstock.dialects.responses.request import decode
from penstock.dialects.tokens import TokenizeRequest
from penstock.dialects.tokens import decode as decode_tokenize
from penstock.gateway.history import History
from penstock.gateway.tokens import Tokenizers
from penstock.gateway.vendors import Vendors
from penstock.limits import Admission
from penstock.routing import Catalogue
from penstock.routing.catalogue import LOCAL
from penstock.settings import Limits

_BYTES_A_TOKEN: Final = 4
_TOKENS_A_MESSAGE: Final = 4
_TOKENS_AN_IMAGE: Final = 765
"""What OpenAI's documentation gives for an image of 1024 x 1024 in high detail."""


class Counted(NamedTuple):
    """`exact` is false for an estimate."""

    tokens: int
    exact: bool


class Counting:
    """Counts for `POST /v1/responses/input_tokens`."""

    def __init__(
        self,
        limits: Limits,
        catalogue: Catalogue,
        tokenizers: Tokenizers,
        vendors: Vendors,
        admission: Admission,
        history: History,
    ) -> None:
        self._limits, self._catalogue, self._tokenizers, self._history = limits, catalogue, tokenizers, history
        self._vendors, self._admission = vendors, admission

    async def count(self, body: bytes, key: Key, profile: Profile) -> Counted:
        """The tokens of the whole prompt that `body` would make. Raises PenstockError as the call itself would."""
        asked = decode(body, self._limits, profile=profile, strict=False)
        wire = asked.wire
        before = await self._history.items(key.project_id, wire.previous_response_id, asked.conversation)
        items = before + input_items(asked, new_id)
        check_linked(items, len(before))
        target = self._catalogue.plan(wire.model)[0]
        if target.provider != LOCAL:
            with self._admission.admit():
                counted = await self._vendors.count(lambda: native_members(asked, items, encrypted=False)[0], target)
            if counted is not None:
                return Counted(counted, exact=True)
        members = msgspec.json.decode(chat_body(asked, items).body, type=dict[str, msgspec.Raw])
        if target.provider != LOCAL:
            return Counted(_estimate(members), exact=False)
        prompt = {name: members[name] for name in ("model", "messages", "tools") if name in members}
        request, found = decode_tokenize(msgspec.json.encode(prompt), self._limits, TokenizeRequest)
        return Counted((await self._tokenizers.tokenize(request, found)).count, exact=True)


def _estimate(members: dict[str, msgspec.Raw]) -> int:
    """Text at four bytes a token, which is about right for English, and what vendors say of the rest."""
    messages: list[dict[str, Any]] = msgspec.json.decode(members["messages"])
    size = len(bytes(members.get("tools", msgspec.Raw(b""))))
    images = 0
    for message in messages:
        content = message.get("content")
        for part in content if isinstance(content, list) else [{"text": content or ""}]:
            images += part.get("type") == "image_url"
            size += len((part.get("text") or part.get("refusal") or "").encode())
        size += len(msgspec.json.encode(message.get("tool_calls") or ""))
    return -(-size // _BYTES_A_TOKEN) + _TOKENS_A_MESSAGE * len(messages) + _TOKENS_AN_IMAGE * images
