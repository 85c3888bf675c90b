"""Times in rows: always aware, always UTC. SQLite stores them without a zone, so the column type puts it back."""

from datetime import UTC, datetime

from sqlalchemy import DateTime, Dialect, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.types import TypeDecorator


def now() -> datetime:
    """This moment, aware, in UTC."""
    return datetime.now(UTC)


async def of_database(session: AsyncSession) -> datetime:
    """This moment by the database's clock, which is one for all who write in it; advances within a transaction."""
    if session.get_bind().dialect.name == "postgresql":
        return await session.scalar(text("SELECT clock_timestamp()"))
    written = await session.scalar(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')"))
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """A time column that refuses naive times and answers in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive time has no place in a row")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
