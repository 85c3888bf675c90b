"""Posts of shares that Discord refused are tried again."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shares", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shares", sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("shares", sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False))


def downgrade() -> None:
    # In place: a table that SQLite rebuilds has lost its checks.
    op.drop_column("shares", "tries")
    op.drop_column("shares", "due_at")
    op.drop_column("shares", "refused_at")
