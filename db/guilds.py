"""Servers: their names and what their moderators chose."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
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


async def set_setting(session: AsyncSession, guild_id: int, key: str, value: Any) -> None:
    """Change one setting and leave the others, however many change at once; None takes it away.

    The server's row must exist.
    """
    found = select(Guild.settings).where(Guild.id == guild_id).with_for_update()
    settings = dict(await session.scalar(found) or {})
    settings.pop(key, None)
    if value is not None:
        settings[key] = value
    await put_settings(session, guild_id, settings)


async def settings(session: AsyncSession, guild_id: int | None) -> dict[str, Any]:
    """What the server's moderators chose; nothing for a server that is not known, or None."""
    return dict(await session.scalar(select(Guild.settings).where(Guild.id == guild_id)) or {})


async def all_settings(session: AsyncSession) -> dict[int, dict[str, Any]]:
    """The settings of every server that the bot is in, by id."""
    found = select(Guild.id, Guild.settings).where(Guild.left_at.is_(None))
    return {row.id: dict(row.settings) for row in await session.execute(found)}


async def mark_left(session: AsyncSession, *, here: Collection[int], now: datetime | None = None) -> None:
    """Remember for every server but those in `here` that the bot is gone from it, since now or since before."""
    gone = update(Guild).where(Guild.left_at.is_(None), Guild.id.not_in(here)).values(left_at=now or times.now())
    await session.execute(gone)
    await session.execute(update(Guild).where(Guild.left_at.is_not(None), Guild.id.in_(here)).values(left_at=None))


async def having(session: AsyncSession, key: str) -> list[Guild]:
    """The servers the bot is in that have chosen something for this setting."""
    there = await session.scalars(select(Guild).where(Guild.left_at.is_(None)).order_by(Guild.id))
    return [guild for guild in there if guild.settings.get(key) is not None]


async def pause(session: AsyncSession, guild_id: int, *, paused: bool) -> bool:
    """Hold back the server's waiting jobs, or let them run again; False when that was so already."""
    statement = update(Guild).where(Guild.id == guild_id, Guild.paused.is_not(paused)).values(paused=paused)
    return await session.scalar(statement.returning(Guild.id)) is not None
