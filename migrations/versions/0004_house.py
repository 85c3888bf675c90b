"""Quotas, moderation, audit and privacy."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KINDS = "'grant', 'charge', 'refund'"
ALL_KINDS = f"{KINDS}, 'reward', 'gift'"


def serial() -> sa.types.TypeEngine[int]:
    # Only INTEGER PRIMARY KEY counts up by itself in SQLite.
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("guilds", sa.Column("paused", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("guilds", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("images", sa.Column("unsure", sa.Boolean(), server_default=sa.false(), nullable=False))
    _quotas()
    _moderation()


def _quotas() -> None:
    with op.batch_alter_table("ledger") as ledger:
        ledger.drop_index("ix_ledger_user_id_amount")
        ledger.add_column(sa.Column("guild_id", sa.BigInteger(), server_default="0", nullable=False))
        ledger.add_column(sa.Column("key", sa.String(length=64), nullable=True))
        ledger.create_unique_constraint(op.f("uq_ledger_user_id_guild_id_key"), ["user_id", "guild_id", "key"])
    _allow_kinds(ALL_KINDS)
    op.create_table(
        "accounts",
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("balance >= 0", name=op.f("ck_accounts_not_overdrawn")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_accounts_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", "guild_id", name=op.f("pk_accounts")),
    )
    op.create_index("ix_accounts_guild_id", "accounts", ["guild_id"], unique=False)
    op.execute("INSERT INTO accounts SELECT user_id, guild_id, sum(amount) FROM ledger GROUP BY user_id, guild_id")


def _allow_kinds(kinds: str) -> None:
    """SQLite rebuilds the table, and what it rebuilds has lost its check; PostgreSQL changes it in place."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f("ck_ledger_kind"), "ledger", type_="check")
        op.create_check_constraint(op.f("ck_ledger_kind"), "ledger", f"kind IN ({kinds})")
    else:
        with op.batch_alter_table("ledger") as ledger:
            ledger.create_check_constraint(op.f("ck_ledger_kind"), f"kind IN ({kinds})")


def _moderation() -> None:
    op.create_table(
        "audit",
        sa.Column("id", serial(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["users.id"], name=op.f("fk_audit_actor_id_users")),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_audit_guild_id_guilds")),
        sa.ForeignKeyConstraint(["target_id"], ["users.id"], name=op.f("fk_audit_target_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_guild_id_id", "audit", ["guild_id", "id"], unique=False)
    op.create_table(
        "sanctions",
        sa.Column("id", serial(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.Column("by_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("warning", "timeout", "ban", name="kind", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal", sa.Text(), nullable=True),
        sa.Column("appeal_closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["by_id"], ["users.id"], name=op.f("fk_sanctions_by_id_users")),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_sanctions_guild_id_guilds")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sanctions_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanctions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sanctions_user_id_guild_id", "sanctions", ["user_id", "guild_id"], unique=False)
    op.create_table(
        "reports",
        sa.Column("id", serial(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("image_id", serial(), nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("card_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("card_message_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_reports_guild_id_guilds")),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_reports_image_id_images")),
        sa.ForeignKeyConstraint(["reporter_id"], ["users.id"], name=op.f("fk_reports_reporter_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sa.UniqueConstraint("image_id", "reporter_id", name=op.f("uq_reports_image_id_reporter_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_guild_id_id", "reports", ["guild_id", "id"], unique=False)
    op.create_table(
        "reviews",
        sa.Column("id", serial(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("interaction_id", sa.BigInteger(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("jobs", sa.JSON(), nullable=False),
        sa.Column("card_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("card_message_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", sa.BigInteger(), nullable=True),
        sa.Column("allowed", sa.Boolean(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_reviews_author_id_users")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["users.id"], name=op.f("fk_reviews_closed_by_id_users")),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_reviews_guild_id_guilds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reviews")),
        sa.UniqueConstraint("interaction_id", name=op.f("uq_reviews_interaction_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reviews_guild_id_id", "reviews", ["guild_id", "id"], unique=False)


def downgrade() -> None:
    for table in ("reviews", "reports", "sanctions", "audit", "accounts"):
        op.drop_table(table)
    # What an older version does not know, it would not be able to read.
    op.execute("UPDATE ledger SET kind = 'grant' WHERE kind IN ('reward', 'gift')")
    with op.batch_alter_table("ledger") as ledger:
        ledger.drop_constraint(op.f("uq_ledger_user_id_guild_id_key"), type_="unique")
        ledger.drop_column("key")
        ledger.drop_column("guild_id")
        ledger.create_index("ix_ledger_user_id_amount", ["user_id", "amount"], unique=False)
    _allow_kinds(KINDS)
    with op.batch_alter_table("images") as images:
        images.drop_column("unsure")
    with op.batch_alter_table("guilds") as guilds:
        guilds.drop_column("left_at")
        guilds.drop_column("paused")
