"""Finding contests, and holding one so that its phase does not change meanwhile."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.challenges.errors import NoSuchChallenge
from db.models import Challenge, Phase

RUNNING = (Phase.SCHEDULED, Phase.OPEN, Phase.VOTING)


async def get(session: AsyncSession, challenge_id: int) -> Challenge:
    """Raises NoSuchChallenge."""
    found = await session.get(Challenge, challenge_id)
    if found is None:
        raise NoSuchChallenge
    return found


async def in_guild(session: AsyncSession, challenge_id: int, guild_id: int | None) -> Challenge:
    """As `get`, but only a contest of this server; a direct message, None, has none. Raises NoSuchChallenge."""
    found = await get(session, challenge_id)
    if found.guild_id != guild_id:
        raise NoSuchChallenge
    return found


async def of_guild(session: AsyncSession, guild_id: int, *phases: Phase, limit: int = 25) -> Sequence[Challenge]:
    """The server's contests in these phases (none named: in any), newest first."""
    statement = select(Challenge).where(Challenge.guild_id == guild_id)
    if phases:
        statement = statement.where(Challenge.phase.in_(phases))
    return (await session.scalars(statement.order_by(Challenge.id.desc()).limit(limit))).all()


async def hold(session: AsyncSession, challenge_id: int, *, shared: bool = False) -> Challenge:
    """The contest, its phase fixed until the transaction ends; `shared` admits others. Raises NoSuchChallenge."""
    statement = select(Challenge).where(Challenge.id == challenge_id).with_for_update(read=shared)
    challenge = (await session.scalars(statement.execution_options(populate_existing=True))).one_or_none()
    if challenge is None:
        raise NoSuchChallenge
    return challenge


async def hold_running(session: AsyncSession) -> Sequence[int]:
    """Hold every contest that takes, or will take, entries and ballots; their ids. For who changes all of them."""
    running = select(Challenge.id).where(Challenge.phase.in_(RUNNING)).order_by(Challenge.id).with_for_update()
    return (await session.scalars(running)).all()


async def due(session: AsyncSession, *, now: datetime | None = None) -> Sequence[int]:
    """The contests whose next change should happen by now, the longest overdue first."""
    now = now or await times.of_database(session)
    waiting = or_(
        and_(Challenge.phase == Phase.SCHEDULED, Challenge.opens_at <= now),
        and_(Challenge.phase == Phase.OPEN, Challenge.votes_at <= now),
        and_(Challenge.phase == Phase.VOTING, Challenge.closes_at <= now),
        Challenge.phase == Phase.TALLYING,
    )
    return (await session.scalars(select(Challenge.id).where(waiting).order_by(Challenge.opens_at))).all()


async def next_change(session: AsyncSession) -> datetime | None:
    """When the next contest changes its phase; None when none will."""
    upcoming = [
        select(column).where(Challenge.phase == phase).order_by(column).limit(1)
        for phase, column in (
            (Phase.SCHEDULED, Challenge.opens_at),
            (Phase.OPEN, Challenge.votes_at),
            (Phase.VOTING, Challenge.closes_at),
        )
    ]
    return min([moment for one in upcoming if (moment := await session.scalar(one)) is not None], default=None)
