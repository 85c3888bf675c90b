"""Shares, likes, embeddings and the search over prompts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

LISTED = "visibility <> 'private' AND hidden_at IS NULL AND deleted_at IS NULL"
DUE = "shown < wanted AND channel_id IS NOT NULL AND given_up_for IS NULL"


def serial() -> sa.types.TypeEngine[int]:
    # Only INTEGER PRIMARY KEY counts up by itself in SQLite.
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("id", serial(), nullable=False),
        sa.Column("image_id", serial(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "visibility",
            sa.Enum(
                "private", "guild", "public", name="visibility", native_enum=False, create_constraint=True, length=16
            ),
            nullable=False,
        ),
        sa.Column("show_prompt", sa.Boolean(), server_default=sa.true(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("nsfw", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("shared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_by_id", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("likes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("week", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.BigInteger(), nullable=False),
        sa.Column("shuffle", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("wanted", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("shown", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("given_up_for", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_shares_author_id_users")),
        sa.ForeignKeyConstraint(["guild_id"], ["guilds.id"], name=op.f("fk_shares_guild_id_guilds")),
        sa.ForeignKeyConstraint(["hidden_by_id"], ["users.id"], name=op.f("fk_shares_hidden_by_id_users")),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_shares_image_id_images")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shares")),
        sa.UniqueConstraint("image_id", name=op.f("uq_shares_image_id")),
        sqlite_autoincrement=True,
    )
    _index("ix_shares_new", ["guild_id", "id", "nsfw"], LISTED)
    for order in ("day", "month", "shuffle", "week"):
        _index(f"ix_shares_{order}", ["guild_id", order, "id", "nsfw"], LISTED)
    _index("ix_shares_top", ["guild_id", "likes", "id", "nsfw"], LISTED)
    _index("ix_shares_due", ["id"], DUE)
    op.create_index("ix_shares_author_id", "shares", ["author_id", "guild_id", "id"], unique=False)
    op.create_table(
        "likes",
        sa.Column("image_id", serial(), autoincrement=False, nullable=False),
        sa.Column("user_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_likes_image_id_images")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_likes_user_id_users")),
        sa.PrimaryKeyConstraint("image_id", "user_id", name=op.f("pk_likes")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_likes_user_id", "likes", ["user_id", "created_at"], unique=False)
    op.create_table(
        "embeddings",
        sa.Column("id", serial(), nullable=False),
        sa.Column("image_id", serial(), nullable=False),
        sa.Column("space", sa.String(length=32), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name=op.f("fk_embeddings_image_id_images")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embeddings")),
        sa.UniqueConstraint("image_id", name=op.f("uq_embeddings_image_id")),
        sqlite_autoincrement=True,
    )
    # Outside of the models' metadata: no table of SQLAlchemy's; `db.search` is what reads and writes it.
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE TABLE search (rowid BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)")
        op.execute("CREATE INDEX ix_search_words ON search USING gin (words)")
    else:
        op.execute(
            "CREATE VIRTUAL TABLE search USING fts5"
            "(prompt, marks, detail = column, tokenize = 'unicode61 remove_diacritics 2')"
        )


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "shares", columns, unique=False, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    for table in ("search", "embeddings", "likes", "shares"):
        op.drop_table(table)
