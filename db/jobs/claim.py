"""Claiming the next job, and holding on to it: lease and fence."""

from datetime import datetime, timedelta

from sqlalchemy import ScalarSelect, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.jobs import line
from db.models import Guild, Job, JobStatus


async def claim_next(
    session: AsyncSession,
    *,
    worker: str,
    lease: timedelta,
    running_per_person: int | None = None,
    now: datetime | None = None,
) -> Job | None:
    """Take the first waiting job of a server that is not paused, whose author runs fewer than `running_per_person`.

    None when there is none.

    Fast jobs come before relaxed ones, except that after `line.RELAXED_AFTER` fast claims a relaxed job that waits is
    next. The job is the caller's until `now + lease`, under the fence it now carries.
    """
    now = now or times.now()
    queue = await line.enter(session)
    if queue.fast + queue.relaxed == 0:
        return None
    due = queue.relaxed > 0 and queue.streak >= line.RELAXED_AFTER
    first, second = _head(due, running_per_person), _head(not due, running_per_person)
    claim = (
        update(Job)
        .where(Job.id == func.coalesce(first, second))
        .values(
            status=JobStatus.RUNNING,
            worker=worker,
            started_at=now,
            lease_until=now + lease,
            attempts=Job.attempts + 1,
            fence=Job.fence + 1,
        )
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    job = (await session.scalars(claim)).one_or_none()
    if job is None:
        return None
    await line.leave(session, queue, job)
    if job.relaxed:
        queue.streak = 0
    else:
        queue.turn = max(queue.turn, job.turn)
        queue.streak = min(queue.streak + 1, line.RELAXED_AFTER) if queue.relaxed else 0
    await session.flush()
    return job


def _head(relaxed: bool, running_per_person: int | None) -> ScalarSelect[int]:
    # SQLite leaves FOR UPDATE out: its transaction is the only one that writes. SKIP LOCKED, since a row can be locked
    # for a moment by an edit that is none of the queue's business, such as its card's message id.
    head = select(Job.id).where(line.QUEUED, Job.relaxed == relaxed).order_by(Job.turn, Job.id).limit(1)
    paused = select(Guild.id).where(Guild.paused)
    head = head.where(Job.guild_id.is_(None) | Job.guild_id.not_in(paused))
    if running_per_person is not None:
        busy = select(Job.author_id).where(line.RUNNING).group_by(Job.author_id)
        head = head.where(Job.author_id.not_in(busy.having(func.count() >= running_per_person)))
    return head.with_for_update(skip_locked=True).scalar_subquery()


async def renew(
    session: AsyncSession, job_id: int, fence: int, lease: timedelta, *, now: datetime | None = None
) -> bool:
    """Hold on to a claim until `now + lease`; False when it is lost."""
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.fence == fence, line.RUNNING)
        .values(lease_until=(now or times.now()) + lease)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None
