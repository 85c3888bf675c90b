"""Exact repeats of a request."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

DRAWN = "status = 'succeeded' AND repeat_key IS NOT NULL"


def upgrade() -> None:
    with op.batch_alter_table("jobs") as jobs:
        jobs.add_column(sa.Column("repeat_key", sa.String(length=64), nullable=True))
        jobs.add_column(sa.Column("repeats_id", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_jobs_repeat_key",
        "jobs",
        ["repeat_key", "id"],
        unique=False,
        sqlite_where=sa.text(DRAWN),
        postgresql_where=sa.text(DRAWN),
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_repeat_key", "jobs")
    with op.batch_alter_table("jobs") as jobs:
        jobs.drop_column("repeats_id")
        jobs.drop_column("repeat_key")
