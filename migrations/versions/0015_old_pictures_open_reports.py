"""Pictures that are too old to keep, and reports that nobody has decided on, are found without all the others."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

LIVING = sa.text("deleted_at IS NULL")
OPEN = sa.text("closed_at IS NULL")


def upgrade() -> None:
    _index("ix_images_old", "images", ["created_at"], LIVING)
    _index("ix_images_old_of_guild", "images", ["guild_id", "created_at"], LIVING)
    _index("ix_reports_open", "reports", ["image_id"], OPEN)


def _index(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, unique=False, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_index("ix_reports_open", "reports")
    op.drop_index("ix_images_old_of_guild", "images")
    op.drop_index("ix_images_old", "images")
