"""Settings of a key: its dialect, and how long an answer may be where the request does not say."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds two columns; keys that are there have neither setting."""
    op.add_column("keys", sa.Column("dialect", sa.Text()))
    op.add_column("keys", sa.Column("default_max_tokens", sa.BigInteger()))


def downgrade() -> None:
    """Drops them again."""
    for column in ("default_max_tokens", "dialect"):
        op.drop_column("keys", column)
