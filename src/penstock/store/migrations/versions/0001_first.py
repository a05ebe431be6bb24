"""Projects, keys, requests."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes the tables of schema.py."""
    op.create_table(
        "projects",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_projects"),
        sa.UniqueConstraint("name", name="uq_projects_name"),
    )
    op.create_table(
        "keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_keys"),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name="fk_keys_project_id"),
        sa.UniqueConstraint("prefix", name="uq_keys_prefix"),
        sa.UniqueConstraint("hash", name="uq_keys_hash"),
        sa.UniqueConstraint("changed", name="uq_keys_changed"),
    )
    op.create_index("ix_keys_name", "keys", ["name"])
    op.create_index("ix_keys_project_id", "keys", ["project_id"])
    op.create_table(
        "requests",
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("key_name", sa.Text(), nullable=False),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("dialect", sa.Text(), nullable=False),
        sa.Column("model_asked", sa.Text(), nullable=False),
        sa.Column("model_served", sa.Text()),
        sa.Column("provider", sa.Text()),
        sa.Column("upstream_id", sa.Text()),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("stream", sa.Boolean(), nullable=False),
        sa.Column("latency_us", sa.BigInteger(), nullable=False),
        sa.Column("first_token_us", sa.BigInteger()),
        sa.Column("prompt_tokens", sa.BigInteger()),
        sa.Column("completion_tokens", sa.BigInteger()),
        sa.Column("cached_tokens", sa.BigInteger()),
        sa.Column("cache_write_tokens", sa.BigInteger()),
        sa.Column("reasoning_tokens", sa.BigInteger()),
        sa.Column("audio_prompt_tokens", sa.BigInteger()),
        sa.Column("audio_completion_tokens", sa.BigInteger()),
        sa.Column("accepted_prediction_tokens", sa.BigInteger()),
        sa.Column("rejected_prediction_tokens", sa.BigInteger()),
        sa.Column("attempts", sa.Text(), nullable=False),
        sa.Column("finish_reasons", sa.Text(), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.Column("prompt", sa.Text()),
        sa.Column("answer", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name="pk_requests"),
        sa.UniqueConstraint("request_id", name="uq_requests_request_id"),
    )
    op.create_index("ix_requests_time", "requests", ["time"])
    op.create_index("ix_requests_project_time", "requests", ["project", "time"])


def downgrade() -> None:
    """Drops them again."""
    for table in ("requests", "keys", "projects"):
        op.drop_table(table)
