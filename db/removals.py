"""Messages that are to be taken away: kept as rows until each is gone, or was out of reach for too long."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.insert import insert
from db.models import Removal
from db.retries import GIVE_UP_AFTER, pause


async def put(session: AsyncSession, messages: Iterable[tuple[int, int]], *, now: datetime | None = None) -> None:
    """Ask for messages, (channel id, message id) each, to be taken away."""
    now = now or times.now()
    rows = [{"channel_id": place, "message_id": one, "asked_at": now, "due_at": now} for place, one in messages]
    if rows:
        statement = insert(session, Removal).on_conflict_do_nothing(index_elements=[Removal.message_id])
        await session.execute(statement, rows)


async def due(session: AsyncSession, limit: int, *, now: datetime | None = None) -> Sequence[Removal]:
    """Those to be tried now, the longest due first."""
    waiting = select(Removal).where(Removal.due_at <= (now or times.now()))
    return (await session.scalars(waiting.order_by(Removal.due_at, Removal.message_id).limit(limit))).all()


async def done(session: AsyncSession, message_id: int) -> None:
    """The message is gone."""
    await session.execute(delete(Removal).where(Removal.message_id == message_id))


async def put_off(session: AsyncSession, message_id: int, *, refused: bool, now: datetime | None = None) -> bool:
    """It could not be taken away: later again, ever more seldom; False when it was `refused` for too long."""
    now = now or times.now()
    found = await session.get(Removal, message_id)
    if found is None:
        return True
    waits = not refused or now - found.asked_at <= GIVE_UP_AFTER
    if waits:
        found.due_at = now + pause(found.tries)
        found.tries += 1
    else:
        await session.delete(found)
    await session.flush()
    return waits
