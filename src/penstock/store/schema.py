"""The tables, one schema for SQLite and PostgreSQL. A change here comes with a revision in migrations/versions/."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

HEAD = "0003"
"""The newest revision: what a database that fits this code is stamped with."""

# SQLite numbers rows by itself only in a column of exactly this type.
_Sequence = BigInteger().with_variant(Integer(), "sqlite")

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
    Column("name", Text, nullable=False, unique=True),
    Column("created", BigInteger, nullable=False),  # Unix microseconds, as every time here
)

keys = Table(
    "keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("project_id", Text, ForeignKey("projects.id"), nullable=False, index=True),
    Column("name", Text, nullable=False, index=True),
    Column("prefix", Text, nullable=False, unique=True),
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
    Column("project", Text, nullable=False),
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

# Alembic's own table, written here too so that a fresh database is made and stamped without importing alembic.
stamp_metadata = MetaData(naming_convention={"pk": "%(table_name)s_pkc"})
stamp = Table("alembic_version", stamp_metadata, Column("version_num", String(32), primary_key=True))
