"""The book of moderators' acts: written in the transaction of the act itself, never changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.models import AuditEntry


async def write(
    session: AsyncSession,
    guild_id: int,
    actor_id: int,
    action: str,
    *,
    target_id: int | None = None,
    now: datetime | None = None,
    **detail: Any,
) -> None:
    """Remember that `actor_id` did `action` (at most 32 characters); `detail` holds plain JSON values.

    The rows of the server and of both people must exist.
    """
    entry = AuditEntry(
        guild_id=guild_id,
        actor_id=actor_id,
        action=action,
        target_id=target_id,
        detail=detail,
        created_at=now or times.now(),
    )
    session.add(entry)
    await session.flush()


async def read(
    session: AsyncSession, guild_id: int, *, about: int | None = None, before: int | None = None, limit: int = 10
) -> Sequence[AuditEntry]:
    """The newest acts in a server, of one person or done to one (`about`); `before` is an entry's id to page from."""
    found = select(AuditEntry).where(AuditEntry.guild_id == guild_id)
    if about is not None:
        found = found.where((AuditEntry.target_id == about) | (AuditEntry.actor_id == about))
    if before is not None:
        found = found.where(AuditEntry.id < before)
    return (await session.scalars(found.order_by(AuditEntry.id.desc()).limit(limit))).all()
