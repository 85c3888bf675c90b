"""Where pictures are shown beside their cards, and messages that are to be taken away."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def serial() -> sa.types.TypeEngine[int]:
    # As the ids it refers to: only INTEGER PRIMARY KEY counts up by itself in SQLite.
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "showings",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("image_id", serial(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_showings_image_id_images")),
        sa.PrimaryKeyConstraint("message_id", "image_id", name=op.f("pk_showings")),
    )
    op.create_index("ix_showings_image_id", "showings", ["image_id"], unique=False)
    op.create_table(
        "removals",
        sa.Column("message_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_removals")),
    )
    op.create_index("ix_removals_due_at", "removals", ["due_at"], unique=False)


def downgrade() -> None:
    op.drop_table("removals")
    op.drop_table("showings")
