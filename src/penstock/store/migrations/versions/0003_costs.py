"""What a call cost, by which price, and the image tokens of its prompt."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS: list[tuple[sa.Column[Any], str]] = [
    (sa.Column("cost_nano", sa.BigInteger()), "first_token_us"),
    (sa.Column("price_nano", sa.BigInteger()), "cost_nano"),
    (sa.Column("price_version", sa.Text()), "price_nano"),
    (sa.Column("image_prompt_tokens", sa.BigInteger()), "rejected_prediction_tokens"),
]
"""The new columns, each with the one before it."""


def upgrade() -> None:
    """Adds four columns. What older calls cost stays unknown; their image tokens were counted among the others."""
    # SQLite adds columns only at the end of a row, behind the long ones: there the table is made anew.
    sqlite = op.get_context().dialect.name == "sqlite"
    with op.batch_alter_table("requests", recreate="always" if sqlite else "never") as requests:
        for column, before in COLUMNS:
            requests.add_column(column, insert_after=before if sqlite else None)
    op.execute("UPDATE requests SET image_prompt_tokens = 0 WHERE prompt_tokens IS NOT NULL")


def downgrade() -> None:
    """Drops them again."""
    with op.batch_alter_table("requests") as requests:
        for column, _ in COLUMNS:
            requests.drop_column(column.name)
