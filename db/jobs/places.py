"""Where a waiting job stands: exact, and as cheap in a long queue as in a short one.

With `f` fast and `r` relaxed jobs ahead of their own kind, the interleaving of the two kinds is arithmetic: after every
`RELAXED_AFTER` fast claims one relaxed job runs, if any waits. A limit on running jobs per person can let a later job
start earlier; places do not foresee that. Jobs of a paused server are in nobody's way but each other's. While a server
is paused, a place costs as much as the queue before it is long.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from db import backlog
from db.jobs import line
from db.models import Guild, Job, Queue


@dataclass(frozen=True, slots=True)
class _Standing:
    relaxed: bool
    own: backlog.Ahead  # ahead, of the job's own kind
    others: int  # jobs of the other kind that will be claimed before it
    free: ColumnElement[bool] | None  # which jobs are in its way, as `_free` tells it


async def _standing(session: AsyncSession, job_id: int) -> _Standing | None:
    found = select(Job.relaxed, Job.turn, Job.guild_id, Queue.fast, Queue.relaxed, Queue.streak).join(Queue, true())
    row = (await session.execute(found.where(Job.id == job_id, line.QUEUED))).one_or_none()
    if row is None:
        return None
    relaxed, turn, guild_id, fast, slow, streak = row
    free = await _free(session, guild_id)
    if free is None:
        own = await backlog.before(session, relaxed=relaxed, turn=turn, job_id=job_id)
    else:
        own = await _count(session, free, relaxed, tuple_(Job.turn, Job.id) < (turn, job_id))
        fast, slow = [(await _count(session, free, kind)).jobs for kind in (False, True)]
    if relaxed:
        others = min(fast, line.RELAXED_AFTER * (own.jobs + 1) - streak)
    else:
        others = min(slow, (streak + own.jobs) // line.RELAXED_AFTER)
    return _Standing(relaxed, own, others, free)


async def _free(session: AsyncSession, guild_id: int | None) -> ColumnElement[bool] | None:
    """Which jobs are in the way of one of this server's; None for all, while no other server is paused."""
    paused = (await session.scalars(select(Guild.id).where(Guild.paused, Guild.id.is_distinct_from(guild_id)))).all()
    return or_(Job.guild_id.is_(None), Job.guild_id.not_in(paused)) if paused else None


async def _count(
    session: AsyncSession, free: ColumnElement[bool], relaxed: bool, *where: ColumnElement[bool]
) -> backlog.Ahead:
    counted = select(func.count(), func.sum(Job.work)).where(line.QUEUED, Job.relaxed == relaxed, free, *where)
    jobs, work = (await session.execute(counted)).one()
    return backlog.Ahead(jobs, int(work or 0))


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
    kind = not standing.relaxed
    if standing.free is None:
        return standing.own.work + await backlog.work_of_first(session, standing.others, relaxed=kind)
    of_kind = select(Job.work).where(line.QUEUED, Job.relaxed == kind, standing.free).order_by(Job.turn, Job.id)
    first = of_kind.limit(standing.others).subquery()
    return standing.own.work + int(await session.scalar(select(func.sum(first.c.work))) or 0)


async def work_waiting(session: AsyncSession, guild_id: int | None) -> int:
    """The work, in steps times pictures, of all the waiting jobs that are in the way of one of this server's."""
    free = await _free(session, guild_id)
    if free is None:
        return await backlog.all_work(session)
    return sum([(await _count(session, free, kind)).work for kind in (False, True)])


async def waiting(session: AsyncSession, limit: int) -> Sequence[Job]:
    """The first `limit` waiting jobs in the order of claims, as if no server were paused."""
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
