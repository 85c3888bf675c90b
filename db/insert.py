"""INSERT with ON CONFLICT: both databases have it in the same words, SQLAlchemy keeps one class for each."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Model


def insert(session: AsyncSession, model: type[Model]) -> Any:
    """An insert statement of the session's database, with `on_conflict_do_nothing` and `on_conflict_do_update`."""
    dialect = session.get_bind().dialect.name
    return postgresql.insert(model) if dialect == "postgresql" else sqlite.insert(model)
