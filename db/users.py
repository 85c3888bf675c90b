"""People: seen, so known."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.insert import insert
from db.models import User


async def touch(session: AsyncSession, user_id: int, name: str, *, now: datetime | None = None) -> None:
    """Make the person's row or bring its name (cut to 100 characters) and last sight up to date."""
    now = now or times.now()
    statement = insert(session, User).values(id=user_id, name=name[:100], created_at=now, seen_at=now)
    changed = {"name": statement.excluded.name, "seen_at": statement.excluded.seen_at}
    await session.execute(statement.on_conflict_do_update(index_elements=[User.id], set_=changed))


async def touch_many(session: AsyncSession, names: Mapping[int, str], *, now: datetime | None = None) -> None:
    """`touch` for several people at once, by id and name."""
    now = now or times.now()
    statement = insert(session, User)
    changed = {"name": statement.excluded.name, "seen_at": statement.excluded.seen_at}
    rows = [{"id": one, "name": name[:100], "created_at": now, "seen_at": now} for one, name in names.items()]
    await session.execute(statement.on_conflict_do_update(index_elements=[User.id], set_=changed), rows)


async def meet(session: AsyncSession, user_id: int, *, now: datetime | None = None) -> None:
    """Make sure that the person has a row, by whatever name."""
    now = now or times.now()
    statement = insert(session, User).values(id=user_id, name="", created_at=now, seen_at=now)
    await session.execute(statement.on_conflict_do_nothing(index_elements=[User.id]))


async def get(session: AsyncSession, user_id: int) -> User | None:
    return await session.get(User, user_id)
