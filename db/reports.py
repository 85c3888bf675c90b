"""Reports of pictures: one of each person and picture, open until a moderator has decided. Knows no messages' words.

What is open when a moderator decides is closed together, as one round; a report after that begins the next one. Each
round has one card, on its first report.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.insert import insert
from db.models import Report
from db.retries import GIVE_UP_AFTER


async def put(
    session: AsyncSession,
    guild_id: int,
    image_id: int,
    *,
    reporter_id: int | None,
    reason: str,
    now: datetime | None = None,
) -> Report | None:
    """Report a picture to a server's moderators; None when this person did so before."""
    values = {"guild_id": guild_id, "image_id": image_id, "reporter_id": reporter_id, "reason": reason}
    statement = insert(session, Report).values(**values, created_at=now or times.now())
    once = statement.on_conflict_do_nothing(index_elements=[Report.image_id, Report.reporter_id])
    return (await session.scalars(once.returning(Report))).one_or_none()


async def get(session: AsyncSession, report_id: int) -> Report | None:
    return await session.get(Report, report_id)


async def rounds(session: AsyncSession, image_id: int) -> Sequence[Sequence[Report]]:
    """All reports of a picture by round, oldest first; only the last round can be open."""
    together: dict[datetime | None, list[Report]] = {}
    for one in await session.scalars(select(Report).where(Report.image_id == image_id).order_by(Report.id)):
        together.setdefault(one.closed_at, []).append(one)
    return list(together.values())


async def open_in(session: AsyncSession, guild_id: int) -> int:
    """How many pictures wait for a moderator."""
    waiting = (Report.guild_id == guild_id, Report.closed_at.is_(None))
    return await session.scalar(select(func.count(Report.image_id.distinct())).where(*waiting)) or 0


async def uncarded(session: AsyncSession, guild_id: int, limit: int = 100) -> Sequence[Report]:
    """The first reports of open rounds that no message shows yet."""
    first = select(func.min(Report.id)).where(Report.closed_at.is_(None)).group_by(Report.image_id)
    found = select(Report).where(Report.guild_id == guild_id, Report.id.in_(first), Report.card_message_id.is_(None))
    return (await session.scalars(found.order_by(Report.id).limit(limit))).all()


async def set_card(session: AsyncSession, report_id: int, channel_id: int, message_id: int) -> None:
    """Remember the message that shows the report."""
    card = {"card_channel_id": channel_id, "card_message_id": message_id}
    await session.execute(update(Report).where(Report.id == report_id).values(card))


async def outdate(session: AsyncSession, reporter_id: int, *, now: datetime | None = None) -> None:
    """This person's words are to go from every card, also from one that is on its way and in no row yet."""
    theirs = select(Report.image_id).where(Report.reporter_id == reporter_id, Report.reason != "")
    changed = update(Report).where(Report.image_id.in_(theirs)).values(outdated_at=now or times.now())
    await session.execute(changed.execution_options(synchronize_session=False))


async def outdated(session: AsyncSession, limit: int, *, now: datetime | None = None) -> Sequence[Report]:
    """Reports whose card is to be drawn again, the longest first, unless it was out of reach for too long."""
    lately = Report.outdated_at > (now or times.now()) - GIVE_UP_AFTER
    found = select(Report).where(lately, Report.card_message_id.is_not(None))
    return (await session.scalars(found.order_by(Report.outdated_at, Report.id).limit(limit))).all()


async def mark_drawn(session: AsyncSession, shown: Sequence[Report]) -> None:
    """Remember that the card shows these reports as they are here; what happened since is still to be drawn."""
    for since in {one.outdated_at for one in shown} - {None}:
        drawn = update(Report).where(Report.id.in_([one.id for one in shown]), Report.outdated_at == since)
        await session.execute(drawn.values(outdated_at=None))


async def close(session: AsyncSession, image_id: int, *, now: datetime | None = None) -> bool:
    """A moderator has decided: the picture's open reports are closed. False when there are none."""
    waiting = update(Report).where(Report.image_id == image_id, Report.closed_at.is_(None))
    closed = await session.scalars(waiting.values(closed_at=now or times.now()).returning(Report.id))
    return bool(closed.all())


async def warn(session: AsyncSession, report_id: int, *, now: datetime | None = None) -> bool:
    """The picture's author is warned for it, once from each card; False when that was done before."""
    first = update(Report).where(Report.id == report_id, Report.warned_at.is_(None))
    return await session.scalar(first.values(warned_at=now or times.now()).returning(Report.id)) is not None
