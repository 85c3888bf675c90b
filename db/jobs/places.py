"""Where a waiting job stands: exact, and as cheap in a long queue as in a short one.

With `f` fast and `r` relaxed jobs ahead of their own kind, the interleaving of the two kinds is arithmetic: after every
`RELAXED_AFTER` fast claims one relaxed job runs, if any waits. A limit on running jobs per person can let a later job
start earlier; places do not foresee that.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, true
from sqlalchemy.ext.asyncio import AsyncSession

from db import backlog
from db.jobs import line
from db.models import Job, Queue


@dataclass(frozen=True, slots=True)
class _Standing:
    relaxed: bool
    own: backlog.Ahead  # ahead, of the job's own kind
    others: int  # jobs of the other kind that will be claimed before it


async def _standing(session: AsyncSession, job_id: int) -> _Standing | None:
    found = select(Job.relaxed, Job.turn, Queue.fast, Queue.relaxed, Queue.streak).join(Queue, true())
    row = (await session.execute(found.where(Job.id == job_id, line.QUEUED))).one_or_none()
    if row is None:
        return None
    relaxed, turn, fast, slow, streak = row
    own = await backlog.before(session, relaxed=relaxed, turn=turn, job_id=job_id)
    if relaxed:
        others = min(fast, line.RELAXED_AFTER * (own.jobs + 1) - streak)
    else:
        others = min(slow, (streak + own.jobs) // line.RELAXED_AFTER)
    return _Standing(relaxed, own, others)


async def position(session: AsyncSession, job_id: int) -> int | None:
    """The job's place in the order of claims, 1 for the next; None when it does not wait."""
    standing = await _standing(session, job_id)
    return None if standing is None else standing.own.jobs + standing.others + 1


async def work_ahead(session: AsyncSession, job_id: int) -> int | None:
    """The work, in steps times pictures, of the waiting jobs ahead; None when the job does not wait."""
    standing = await _standing(session, job_id)
    if standing is None:
        return None
    if standing.others == 0:
        return standing.own.work
    return standing.own.work + await backlog.work_of_first(session, standing.others, relaxed=not standing.relaxed)


async def waiting(session: AsyncSession, limit: int) -> Sequence[Job]:
    """The first `limit` waiting jobs in the order of claims."""
    queue = await session.get_one(Queue, 1, populate_existing=True)
    streak = queue.streak
    lanes: list[list[Job]] = []
    for relaxed in (False, True):
        first = select(Job).where(line.QUEUED, Job.relaxed == relaxed).order_by(Job.turn, Job.id).limit(limit)
        lanes.append(list((await session.scalars(first)).all())[::-1])
    fast, slow = lanes
    merged: list[Job] = []
    while len(merged) < limit and (fast or slow):
        if slow and (not fast or streak >= line.RELAXED_AFTER):
            merged.append(slow.pop())
            streak = 0
        else:
            merged.append(fast.pop())
            streak += 1
    return merged
