"""What can go wrong with the database, in words for the one who runs it, and what a client may ask wrongly of it."""

from __future__ import annotations

from penstock.core.errors import InvalidRequest


class DatabaseError(Exception):
    """The database cannot be used now, or not at all; the message says which database and why."""


class RowRefused(DatabaseError):
    """The database works, but refuses the rows themselves: the same rows will never go in."""


class UnknownCursor(InvalidRequest):
    """400: `after` of a list names nothing that is in the list's project."""

    def __init__(self, after: str) -> None:
        super().__init__(
            f"after: there is no '{after}' here; give an id that an earlier page ended with", param="after"
        )
