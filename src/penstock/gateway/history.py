"""What a response continues: the chain of responses before it, or its conversation."""

from __future__ import annotations

from typing import Any

import msgspec

from penstock.core.errors import InvalidRequest, NotFound, Unavailable
from penstock.store import conversations, objects
from penstock.store.database import Database
from penstock.store.errors import DatabaseError

_decode = msgspec.json.Decoder(dict[str, Any]).decode  # one for all: a conversation has hundreds of items


class History:
    """Reads it from the database; every look names the project."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def items(self, project_id: str, previous: str | None, conversation: str | None) -> list[dict[str, Any]]:
        """The items before the new ones, oldest first; nothing where neither is given.

        Raises InvalidRequest `previous_response_not_found`, NotFound for an unknown conversation, Unavailable where the
        database cannot be asked.
        """
        if previous is None and conversation is None:
            return []
        try:
            if previous is not None:
                return await self._chain(project_id, previous)
            assert conversation is not None
            return await self._conversation(project_id, conversation)
        except DatabaseError as error:
            raise Unavailable(
                "what this response continues cannot be read now; try again later",
                code="state_unavailable",
                headers={"retry-after": "1"},
            ) from error

    async def _chain(self, project_id: str, previous: str) -> list[dict[str, Any]]:
        chain = await objects.chain(self._database, project_id, previous)
        if not chain:
            raise InvalidRequest(
                f"Previous response with id '{previous[:128]}' not found.",
                param="previous_response_id",
                code="previous_response_not_found",
            )
        if chain[-1].status in objects.UNDER_WAY:
            raise InvalidRequest(
                f"The response '{previous[:128]}' is still under way; only one that has ended can be continued.",
                param="previous_response_id",
                code="previous_response_not_finished",
            )
        return [_decode(raw) for response in chain for raw in (*response.input, *response.output)]

    async def _conversation(self, project_id: str, conversation: str) -> list[dict[str, Any]]:
        if await objects.get(self._database, project_id, "conversation", conversation) is None:
            raise NotFound(
                f"Conversation with id '{conversation[:128]}' not found.",
                param="conversation",
                code="conversation_not_found",
            )
        raws = await conversations.all_items(self._database, project_id, conversation)
        return [_decode(raw) for raw in raws]
