"""Reports remember that their card shows what it should not any more."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

OUTDATED = sa.text("outdated_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("reports", sa.Column("outdated_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_reports_outdated_at",
        "reports",
        ["outdated_at"],
        unique=False,
        sqlite_where=OUTDATED,
        postgresql_where=OUTDATED,
    )


def downgrade() -> None:
    # In place: a table that SQLite rebuilds has lost its checks.
    op.drop_index("ix_reports_outdated_at", "reports")
    op.drop_column("reports", "outdated_at")
