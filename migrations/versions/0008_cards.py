"""Appeals remember their card, and jobs that theirs shows what it should not any more.

An appeal that waits gets another card: whether it has one, nobody wrote down.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

OUTDATED = sa.text("outdated_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("sanctions", sa.Column("card_channel_id", sa.BigInteger(), nullable=True))
    op.add_column("sanctions", sa.Column("card_message_id", sa.BigInteger(), nullable=True))
    op.add_column("jobs", sa.Column("outdated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_jobs_outdated_at",
        "jobs",
        ["outdated_at"],
        unique=False,
        sqlite_where=OUTDATED,
        postgresql_where=OUTDATED,
    )


def downgrade() -> None:
    # In place: a table that SQLite rebuilds has lost its checks.
    op.drop_index("ix_jobs_outdated_at", "jobs")
    op.drop_column("jobs", "outdated_at")
    op.drop_column("sanctions", "card_message_id")
    op.drop_column("sanctions", "card_channel_id")
