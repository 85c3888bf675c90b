"""Servers: their names and what their moderators chose."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.insert import insert
from db.models import Guild


async def touch(session: AsyncSession, guild_id: int, name: str, *, now: datetime | None = None) -> None:
    """Make the server's row or bring its name (cut to 100 characters) up to date."""
    statement = insert(session, Guild).values(id=guild_id, name=name[:100], settings={}, created_at=now or times.now())
    changed = {"name": statement.excluded.name}
    await session.execute(statement.on_conflict_do_update(index_elements=[Guild.id], set_=changed))


async def get(session: AsyncSession, guild_id: int) -> Guild | None:
    return await session.get(Guild, guild_id)


async def put_settings(session: AsyncSession, guild_id: int, settings: dict[str, Any]) -> bool:
    """Replace all settings; False when the server is not known."""
    statement = update(Guild).where(Guild.id == guild_id).values(settings=settings).returning(Guild.id)
    return await session.scalar(statement) is not None
