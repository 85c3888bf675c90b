"""Finding jobs, and the two marks that delivery makes on them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.jobs import line
from db.models import Job, Queue


@dataclass(frozen=True, slots=True)
class Load:
    """How many jobs wait and run."""

    waiting: int
    running: int


async def get(session: AsyncSession, job_id: int) -> Job | None:
    return await session.get(Job, job_id)


async def by_interaction(session: AsyncSession, interaction_id: int, part: int = 0) -> Job | None:
    """The job that an interaction made."""
    statement = select(Job).where(Job.interaction_id == interaction_id, Job.part == part)
    return (await session.scalars(statement)).one_or_none()


async def of_author(
    session: AsyncSession, author_id: int, *, before: int | None = None, limit: int = 25
) -> Sequence[Job]:
    """The person's jobs of every status, newest first; `before` is a job id to page from."""
    statement = select(Job).where(Job.author_id == author_id)
    if before is not None:
        statement = statement.where(Job.id < before)
    return (await session.scalars(statement.order_by(Job.id.desc()).limit(limit))).all()


async def running(session: AsyncSession) -> Sequence[Job]:
    """The jobs that run now, in the order they started."""
    return (await session.scalars(select(Job).where(line.RUNNING).order_by(Job.started_at, Job.id))).all()


async def load(session: AsyncSession, author_id: int | None = None) -> Load:
    """How many jobs wait and run, of one person or of all."""
    runs = select(func.count()).select_from(Job).where(line.RUNNING)
    if author_id is None:
        waits = select(Queue.fast + Queue.relaxed)
    else:
        waits = select(func.count()).select_from(Job).where(line.QUEUED, Job.author_id == author_id)
        runs = runs.where(Job.author_id == author_id)
    row = (await session.execute(select(waits.scalar_subquery(), runs.scalar_subquery()))).one()
    return Load(*row)


async def undelivered(session: AsyncSession, limit: int) -> Sequence[Job]:
    """Ended jobs whose result, good or bad, has not reached people yet, the longest ended first."""
    statement = select(Job).where(Job.delivered_at.is_(None), Job.finished_at.is_not(None))
    return (await session.scalars(statement.order_by(Job.finished_at).limit(limit))).all()


async def outdated(session: AsyncSession, limit: int) -> Sequence[Job]:
    """Delivered jobs whose card still shows a picture that was hidden or deleted, or hides one, the latest first."""
    statement = select(Job).where(Job.outdated_at.is_not(None), Job.delivered_at.is_not(None))
    # Cards that are out of reach for days must not keep the others behind them.
    return (await session.scalars(statement.order_by(Job.outdated_at.desc()).limit(limit))).all()


async def mark_drawn(session: AsyncSession, job_id: int, *, since: datetime) -> bool:
    """Remember that the card shows what became of the pictures until `since`; False when more has happened."""
    drawn = update(Job).where(Job.id == job_id, Job.outdated_at == since).values(outdated_at=None)
    return await session.scalar(drawn.returning(Job.id)) is not None


async def set_card(session: AsyncSession, job_id: int, message_id: int) -> bool:
    """Remember the message that shows the job; False when there is no such job."""
    statement = update(Job).where(Job.id == job_id).values(card_message_id=message_id).returning(Job.id)
    return await session.scalar(statement) is not None


async def mark_delivered(session: AsyncSession, job_id: int, *, now: datetime | None = None) -> bool:
    """Remember that people have the result; False when that was known, or the job has not ended."""
    undelivered = (Job.id == job_id, Job.delivered_at.is_(None), Job.finished_at.is_not(None))
    statement = update(Job).where(*undelivered).values(delivered_at=now or times.now()).returning(Job.id)
    return await session.scalar(statement) is not None
