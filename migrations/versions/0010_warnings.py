"""Reports remember that the author of their picture was warned for it."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("reports", sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    # In place: a table that SQLite rebuilds has lost its checks.
    op.drop_column("reports", "warned_at")
