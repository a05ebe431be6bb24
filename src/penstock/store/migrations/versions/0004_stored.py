"""Stored responses, chat completions and conversations, and answers that a repeated request gets again."""

import sqlalchemy as sa
from alembic import op

from penstock.store.errors import DatabaseError

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes five tables; none that was there is touched."""
    op.create_table(
        "stored",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("model", sa.Text()),
        sa.Column("previous", sa.Text()),
        sa.Column("conversation", sa.Text()),
        sa.Column("metadata", sa.Text(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("input", sa.LargeBinary(), nullable=False),
        sa.Column("output", sa.LargeBinary(), nullable=False),
        sa.Column("events", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("project_id", "kind", "id", name="pk_stored"),
    )
    op.create_index("ix_stored_expires", "stored", ["expires"])
    op.create_table(
        "stored_labels",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("label", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "label", "id", name="pk_stored_labels"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "blobs",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("refs", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "hash", name="pk_blobs"),
    )
    op.create_table(
        "conversation_items",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("conversation_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("item", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "conversation_id", "position", name="pk_conversation_items"),
    )
    op.create_index(
        "ix_conversation_items_item", "conversation_items", ["project_id", "conversation_id", "item_id"], unique=True
    )
    op.create_table(
        "idempotency",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("name_hash", sa.LargeBinary(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("runner", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger()),
        sa.Column("headers", sa.Text()),
        sa.Column("answer", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("key_id", "name_hash", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_expires", "idempotency", ["expires"])


def downgrade() -> None:
    """Refuses: what clients stored would be lost."""
    raise DatabaseError(
        "the database is not taken back to revision 0003, which has no room for stored responses, completions and "
        "conversations: restore the copy that was made before the upgrade"
    )
