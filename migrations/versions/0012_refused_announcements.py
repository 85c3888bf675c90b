"""Announcements that a channel refused are tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("announcements", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("announcements", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("announcements", sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    # In place: a table that SQLite rebuilds has lost its checks.
    op.drop_column("announcements", "tries")
    op.drop_column("announcements", "due_at")
    op.drop_column("announcements", "refused_at")
