"""An index of the responses that are under way, of which there are few."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_UNDER_WAY = sa.text("status IN ('queued', 'in_progress', 'ending', 'followed')")


def upgrade() -> None:
    """Makes it."""
    op.create_index("ix_stored_under_way", "stored", ["created"], sqlite_where=_UNDER_WAY, postgresql_where=_UNDER_WAY)


def downgrade() -> None:
    """Drops it again."""
    op.drop_index("ix_stored_under_way", "stored")
