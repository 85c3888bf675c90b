"""The line of waiting jobs as a whole: its lock, and what changes in its row when a job joins or leaves."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import backlog, statuses
from db.models import Job, Queue, User

# A relaxed job waits for at most so many fast ones, for each relaxed job up to and including itself.
RELAXED_AFTER = 10

QUEUED, RUNNING = statuses.OPEN


async def enter(session: AsyncSession, *people: int) -> Queue:
    """Lock the queue until the transaction ends, and see it as it is now.

    Who will change `people`'s rows or accounts as well names them: they are locked before the queue by all, so that no
    two transactions wait for each other.
    """
    await session.flush()
    if people:
        held = select(User.id).where(User.id.in_(people)).order_by(User.id)
        await session.execute(held.with_for_update(key_share=True))
    return await session.get_one(Queue, 1, with_for_update=True, populate_existing=True)


async def join(session: AsyncSession, queue: Queue, job: Job) -> None:
    """Count a job that begins, or begins again, to wait at its place."""
    if job.relaxed:
        if queue.relaxed == 0:
            queue.streak = 0  # what ran before it came did not make it wait
        queue.relaxed += 1
    else:
        queue.fast += 1
    await backlog.add(session, job)


async def leave(session: AsyncSession, queue: Queue, job: Job) -> None:
    """Count a job out that no longer waits."""
    if job.relaxed:
        queue.relaxed -= 1
    else:
        queue.fast -= 1
    await backlog.remove(session, job)
