"""What can go wrong with the database, in words for the one who runs it."""

from __future__ import annotations


class DatabaseError(Exception):
    """The database cannot be used now, or not at all; the message says which database and why."""


class RowRefused(DatabaseError):
    """The database works, but refuses the rows themselves: the same rows will never go in."""
