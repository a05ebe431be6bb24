"""The tables, one schema for SQLite and PostgreSQL. A change here comes with a revision in migrations/versions/."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

HEAD = "0005"
"""The newest revision: what a database that fits this code is stamped with."""

# SQLite numbers rows by itself only in a column of exactly this type.
_Sequence = BigInteger().with_variant(Integer(), "sqlite")


ENDING: Final = "ending"
"""The status of a response that runs in one process, and that another one has asked it to end."""

FOLLOWED: Final = "followed"
"""The same of one that another process has asked to tell here what was said so far."""

UNASKED: Final = ("queued", "in_progress")
"""The same of one that no other process has asked for anything."""

UNDER_WAY: Final = (*UNASKED, ENDING, FOLLOWED)
"""What the status of a response is before its end."""

IS_UNDER_WAY: Final = text(f"status IN ({', '.join(map(repr, UNDER_WAY))})")
"""The same of a row of `stored`, in the words of its index: in others neither database would use that."""


class Said(TypeDecorator[str]):
    """Text that a client may have written. What not every database holds of it becomes U+FFFD, kept or asked for."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """As `holdable`."""
        return None if value is None else holdable(value)


def holdable(text: str) -> str:
    """`text` without NUL, which PostgreSQL refuses, and without halves of surrogate pairs, which both do."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

projects = Table(
    "projects",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Said, nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),  # Unix microseconds, as every time here
)

keys = Table(
    "keys",
    metadata,
    Column("id", Said, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False, index=True),
    Column("name", Said, nullable=False, index=True),
    Column("prefix", Said, nullable=False, unique=True),
    Column("hash", LargeBinary, nullable=False, unique=True),  # SHA-256, 32 bytes; the key itself is kept nowhere
    Column("disabled", Boolean, nullable=False),
    Column("deleted", Boolean, nullable=False),  # a deleted key stays as a row, so that every server hears of it
    Column("created", BigInteger, nullable=False),
    # One more than any before it at each change of any key: who remembers the last one sees asks for what is newer.
    Column("changed", BigInteger, nullable=False, unique=True),
    # What calls with the key are answered in, and how long answers may be, where a request does not say.
    Column("dialect", Text),
    Column("default_max_tokens", BigInteger),
)

requests = Table(
    "requests",
    metadata,
    Column("seq", _Sequence, primary_key=True),  # in the order of arrival, which is not that of `time`
    Column("request_id", Text, nullable=False, unique=True),  # a record drained twice is one row
    Column("time", BigInteger, nullable=False),
    Column("project", Said, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("key_name", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("dialect", Text, nullable=False),
    Column("model_asked", Text, nullable=False),
    Column("model_served", Text),
    Column("provider", Text),
    Column("upstream_id", Text),
    Column("status", SmallInteger, nullable=False),
    Column("error", Text),
    Column("stream", Boolean, nullable=False),
    Column("latency_us", BigInteger, nullable=False),
    Column("first_token_us", BigInteger),
    # Nano-dollars: what the call cost us, what its client pays. NULL where nobody knows, never 0 for that.
    Column("cost_nano", BigInteger),
    Column("price_nano", BigInteger),
    Column("price_version", Text),
    # NULL, all of them, where nobody counted.
    Column("prompt_tokens", BigInteger),
    Column("completion_tokens", BigInteger),
    Column("cached_tokens", BigInteger),
    Column("cache_write_tokens", BigInteger),
    Column("reasoning_tokens", BigInteger),
    Column("audio_prompt_tokens", BigInteger),
    Column("audio_completion_tokens", BigInteger),
    Column("accepted_prediction_tokens", BigInteger),
    Column("rejected_prediction_tokens", BigInteger),
    Column("image_prompt_tokens", BigInteger),
    # JSON as text: shown, never searched.
    Column("attempts", Text, nullable=False),
    Column("finish_reasons", Text, nullable=False),
    Column("params", Text, nullable=False),
    # Last, so that a listing without them does not read past the short columns.
    Column("prompt", Text),
    Column("answer", Text),
    Index("ix_requests_time", "time"),
    Index("ix_requests_project_time", "project", "time"),
)

stored = Table(
    "stored",
    metadata,
    Column("project_id", Text, primary_key=True),  # the owner; first in every key, since every query names it
    Column("kind", Text, primary_key=True),
    Column("id", Said, primary_key=True),  # sorts by time, so that the key is the index of every list too
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, index=True),  # NULL: never
    Column("status", Text, nullable=False),
    Column("model", Said),
    Column("previous", Said),
    Column("conversation", Said),
    Column("metadata", Text, nullable=False),  # JSON, which writes NUL as an escape
    Column("hashes", LargeBinary, nullable=False),  # of the blobs that the content refers to, 32 bytes each
    # Packed as content.py does it. Last, so that a look at the short columns does not read past these.
    Column("body", LargeBinary, nullable=False),
    Column("input", LargeBinary, nullable=False),
    Column("output", LargeBinary, nullable=False),
    Column("events", LargeBinary),
    Index("ix_stored_under_way", "created", sqlite_where=IS_UNDER_WAY, postgresql_where=IS_UNDER_WAY),
)

# What a list can be narrowed by, one row for each model and pair of metadata that an object has.
stored_labels = Table(
    "stored_labels",
    metadata,
    Column("project_id", Text, primary_key=True),
    Column("label", LargeBinary, primary_key=True),  # a digest of kind, name and value: short, whatever they are
    Column("id", Said, primary_key=True),
    sqlite_with_rowid=False,
)

# Items of a kilobyte and more, each kept once in a project however often it was sent.
blobs = Table(
    "blobs",
    metadata,
    Column("project_id", Text, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),  # SHA-256, 32 bytes
    Column("refs", BigInteger, nullable=False),  # rows of `stored` and `conversation_items` that need it; never 0
    Column("content", LargeBinary, nullable=False),
)

conversation_items = Table(
    "conversation_items",
    metadata,
    Column("project_id", Text, primary_key=True),
    Column("conversation_id", Said, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("item_id", Said, nullable=False),
    Column("hashes", LargeBinary, nullable=False),
    Column("item", LargeBinary, nullable=False),
    Index("ix_conversation_items_item", "project_id", "conversation_id", "item_id", unique=True),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name_hash", LargeBinary, primary_key=True),  # SHA-256 of the text of Idempotency-Key
    Column("body_hash", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("state", Text, nullable=False),  # running, done
    Column("runner", Text, nullable=False),  # which process has it in hand, or had
    Column("status", SmallInteger),
    Column("headers", Text),  # JSON
    Column("answer", LargeBinary),
)

# Alembic's own table, written here too so that a fresh database is made and stamped without importing alembic.
stamp_metadata = MetaData(naming_convention={"pk": "%(table_name)s_pkc"})
stamp = Table("alembic_version", stamp_metadata, Column("version_num", String(32), primary_key=True))
