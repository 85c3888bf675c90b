"""Contests: phases, entries, ballots and results."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def serial() -> sa.types.TypeEngine[int]:
    # Only INTEGER PRIMARY KEY counts up by itself in SQLite.
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "rotas",
        sa.Column("id", serial(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("themes", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("number", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_rotas_guild_id_guilds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotas")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_rotas_next_at",
        "rotas",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "challenges",
        sa.Column("id", serial(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("rota_id", serial(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("theme", sa.String(length=100), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column(
            "mode",
            sa.Enum("pairs", "approval", "stars", name="mode", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("reward", sa.JSON(), nullable=False),
        sa.Column("ping_role_id", sa.BigInteger(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column(
            "phase",
            sa.Enum(
                "scheduled",
                "open",
                "voting",
                "tallying",
                "done",
                "cancelled",
                name="phase",
                native_enum=False,
                create_constraint=True,
                length=16,
            ),
            nullable=False,
        ),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("votes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_for", sa.String(length=32), nullable=True),
        sa.Column("voters", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("opens_at <= votes_at AND votes_at < closes_at", name=op.f("ck_challenges_times_in_order")),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_challenges_guild_id_guilds")),
        sa.ForeignKeyConstraint(["rota_id"], ["rotas.id"], name=op.f("fk_challenges_rota_id_rotas")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenges")),
        sa.UniqueConstraint("rota_id", "number", name=op.f("uq_challenges_rota_id_number")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_challenges_guild_id_id", "challenges", ["guild_id", "id"], unique=False)
    op.create_index(
        "ix_challenges_pending",
        "challenges",
        ["phase"],
        unique=False,
        sqlite_where=sa.text("phase NOT IN ('done', 'cancelled')"),
        postgresql_where=sa.text("phase NOT IN ('done', 'cancelled')"),
    )
    op.create_table(
        "announcements",
        sa.Column("id", serial(), nullable=False),
        sa.Column("challenge_id", serial(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("card", "voting", "podium", name="kind", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("wanted", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("shown", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("given_up_for", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["challenge_id"], ["challenges.id"], name=op.f("fk_announcements_challenge_id_challenges")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_announcements")),
        sa.UniqueConstraint("challenge_id", "kind", name=op.f("uq_announcements_challenge_id_kind")),
    )
    op.create_index(
        "ix_announcements_due",
        "announcements",
        ["challenge_id"],
        unique=False,
        sqlite_where=sa.text("shown < wanted AND given_up_for IS NULL"),
        postgresql_where=sa.text("shown < wanted AND given_up_for IS NULL"),
    )
    op.create_table(
        "awards",
        sa.Column("id", serial(), nullable=False),
        sa.Column("challenge_id", serial(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("credit", "role", "pin", name="kind", native_enum=False, create_constraint=True, length=16),
            nullable=False,
        ),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_for", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenges.id"], name=op.f("fk_awards_challenge_id_challenges")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_awards_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_awards")),
        sa.UniqueConstraint("challenge_id", "kind", name=op.f("uq_awards_challenge_id_kind")),
    )
    op.create_index(
        "ix_awards_owed",
        "awards",
        ["challenge_id"],
        unique=False,
        sqlite_where=sa.text("settled_at IS NULL"),
        postgresql_where=sa.text("settled_at IS NULL"),
    )
    op.create_index("ix_awards_user_id", "awards", ["user_id"], unique=False)
    op.create_table(
        "entries",
        sa.Column("id", serial(), nullable=False),
        sa.Column("challenge_id", serial(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("image_id", serial(), nullable=True),
        sa.Column("slot", sa.BigInteger(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("out_for", sa.String(length=32), nullable=True),
        sa.CheckConstraint("(slot IS NULL) = (out_for IS NOT NULL)", name=op.f("ck_entries_out_without_slot")),
        sa.CheckConstraint("slot BETWEEN 1 AND 10", name=op.f("ck_entries_slot_in_range")),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_entries_author_id_users")),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenges.id"], name=op.f("fk_entries_challenge_id_challenges")),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_entries_image_id_images")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("challenge_id", "author_id", "slot", name=op.f("uq_entries_challenge_id_author_id_slot")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_entries_author_id", "entries", ["author_id"], unique=False)
    op.create_index("ix_entries_image_id", "entries", ["image_id"], unique=False)
    op.create_index(
        "uq_entries_standing_image",
        "entries",
        ["challenge_id", "image_id"],
        unique=True,
        sqlite_where=sa.text("slot IS NOT NULL"),
        postgresql_where=sa.text("slot IS NOT NULL"),
    )
    op.create_table(
        "ballots",
        sa.Column("id", serial(), nullable=False),
        sa.Column("challenge_id", serial(), nullable=False),
        sa.Column("voter_id", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", serial(), nullable=False),
        sa.Column("other_id", serial(), nullable=False),
        sa.Column("value", sa.SmallInteger(), nullable=True),
        sa.Column("dealt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("entry_id <= other_id", name=op.f("ck_ballots_lower_first")),
        sa.CheckConstraint("value BETWEEN -1 AND 5", name=op.f("ck_ballots_value_in_range")),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenges.id"], name=op.f("fk_ballots_challenge_id_challenges")),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_ballots_entry_id_entries")),
        sa.ForeignKeyConstraint(["other_id"], ["entries.id"], name=op.f("fk_ballots_other_id_entries")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ballots")),
        sa.UniqueConstraint(
            "challenge_id",
            "voter_id",
            "entry_id",
            "other_id",
            name=op.f("uq_ballots_challenge_id_voter_id_entry_id_other_id"),
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_ballots_voter_id", "ballots", ["voter_id"], unique=False)
    op.create_table(
        "placings",
        sa.Column("entry_id", serial(), autoincrement=False, nullable=False),
        sa.Column("challenge_id", serial(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=False),
        sa.Column("high", sa.Float(), nullable=False),
        sa.Column("ballots", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["challenge_id"], ["challenges.id"], name=op.f("fk_placings_challenge_id_challenges")),
        sa.ForeignKeyConstraint(["entry_id"], ["entries.id"], name=op.f("fk_placings_entry_id_entries")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_placings")),
        sa.UniqueConstraint("challenge_id", "place", name=op.f("uq_placings_challenge_id_place")),
    )


def downgrade() -> None:
    for table in ("placings", "ballots", "awards", "announcements", "entries", "challenges", "rotas"):
        op.drop_table(table)
