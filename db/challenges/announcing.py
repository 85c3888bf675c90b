"""The messages a contest owes its channel: which are behind, and where they stand. Knows no Discord."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import retries, times
from db.insert import insert
from db.models import Announcement, AnnouncementKind, Entry, Placing


async def want(session: AsyncSession, challenge_id: int, *kinds: AnnouncementKind) -> None:
    """Ask for these messages, or for a new version of those that stand; each is one row for ever, by constraint."""
    for kind in kinds:
        statement = insert(session, Announcement).values(challenge_id=challenge_id, kind=kind, wanted=1, shown=0)
        again = {"wanted": Announcement.wanted + 1}
        await session.execute(
            statement.on_conflict_do_update(
                index_elements=[Announcement.challenge_id, Announcement.kind], set_=again
            ).execution_options(synchronize_session=False)
        )


async def redraw(session: AsyncSession, entries: ColumnElement[bool]) -> None:
    """Ask for a new version of the podiums on which these entries have a place: what may be shown of them changed.

    At once, also where an earlier edit was refused.
    """
    named = select(Placing.challenge_id).join(Entry, Entry.id == Placing.entry_id).where(entries)
    podiums = Announcement.kind == AnnouncementKind.PODIUM, Announcement.challenge_id.in_(named)
    again = case((Announcement.message_id.is_not(None), None), else_=Announcement.given_up_for)
    changed = {"wanted": Announcement.wanted + 1, "given_up_for": again} | retries.REACHED
    statement = update(Announcement).where(*podiums).values(changed)
    await session.execute(statement.execution_options(synchronize_session=False))


async def behind(session: AsyncSession, limit: int = 100, *, now: datetime | None = None) -> Sequence[Announcement]:
    """Messages that are to be written or brought up to date now, in the order they were first asked for."""
    due = Announcement.due_at.is_(None) | (Announcement.due_at <= (now or times.now()))
    statement = (
        select(Announcement)
        .where(Announcement.shown < Announcement.wanted, Announcement.given_up_for.is_(None), due)
        .order_by(Announcement.id)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def of_challenge(session: AsyncSession, challenge_id: int) -> dict[AnnouncementKind, Announcement]:
    statement = select(Announcement).where(Announcement.challenge_id == challenge_id)
    return {one.kind: one for one in await session.scalars(statement)}


async def stands(session: AsyncSession, announcement_id: int, message_id: int, version: int) -> None:
    """The message shows this version; a later one that was asked for meanwhile is still owed."""
    statement = update(Announcement).where(Announcement.id == announcement_id)
    await session.execute(statement.values(message_id=message_id, shown=version, **retries.REACHED))


async def lost(session: AsyncSession, announcement_id: int) -> None:
    """The message was deleted by somebody; the next version will be a new one."""
    statement = update(Announcement).where(Announcement.id == announcement_id)
    await session.execute(statement.values(message_id=None))


async def put_off(session: AsyncSession, announcement_id: int, reason: str, *, now: datetime | None = None) -> bool:
    """Its channel refused it: later again, ever more seldom; False, and given up, after too long."""
    found = await session.get_one(Announcement, announcement_id, with_for_update=True)
    if not retries.put_off(found, now=now or times.now()):
        await give_up(session, announcement_id, reason)
        return False
    await session.flush()
    return True


async def give_up(session: AsyncSession, announcement_id: int, reason: str) -> None:
    """Nothing can be posted there any more; `reason` has at most 32 characters."""
    statement = update(Announcement).where(Announcement.id == announcement_id)
    await session.execute(statement.values(given_up_for=reason[:32]))
