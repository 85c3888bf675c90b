"""LoRAs that the studio knows."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

LIVING = "deleted_at IS NULL"


def serial() -> sa.types.TypeEngine[int]:
    # Only INTEGER PRIMARY KEY counts up by itself in SQLite.
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "loras",
        sa.Column("id", serial(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("shared", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.String(length=100), nullable=False),
        sa.Column("style", sa.String(length=16), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=False),
        sa.Column("of_text", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("triggers", sa.JSON(), server_default="[]", nullable=False),
        sa.Column("licence", sa.String(length=100), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_loras_author_id_users")),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_loras_guild_id_guilds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loras")),
        sqlite_autoincrement=True,
    )
    living = sa.text(LIVING)
    op.create_index("uq_loras_key", "loras", ["key"], unique=True, sqlite_where=living, postgresql_where=living)
    op.create_index("ix_loras_guild_id_key", "loras", ["guild_id", "key"], unique=False)
    op.create_index("ix_loras_author_id", "loras", ["author_id"], unique=False)
    op.create_index("ix_loras_digest", "loras", ["digest"], unique=False)
    op.create_index("ix_loras_interaction_id", "loras", ["interaction_id"], unique=True)


def downgrade() -> None:
    op.drop_table("loras")
