"""Appeals remember their card. One that waits gets another: whether it has one, nobody wrote down."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("sanctions", sa.Column("card_channel_id", sa.BigInteger(), nullable=True))
    op.add_column("sanctions", sa.Column("card_message_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    # In place: a table that SQLite rebuilds has lost its check.
    op.drop_column("sanctions", "card_message_id")
    op.drop_column("sanctions", "card_channel_id")
