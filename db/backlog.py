"""How many jobs, and how much work, wait ahead of a place, at a cost that does not grow with the queue.

A place is (relaxed, turn, id). Counters hold what waits in stretches of 256 turns, in one turn, and in stretches of 256
ids within a turn; what is ahead of a place is a few hundred counters and at most 255 jobs. They are kept in the same
transaction as the jobs they count, so they are exact. Knows nothing of who wants what, or why a job leaves.
"""

from dataclasses import dataclass

from sqlalchemy import Select, func, literal, select, text, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from db.models import Backlog, Job
from db.statuses import QUEUED

SPAN = 256
TURNS, TURN, IDS = 2, 1, 0  # the levels, widest first

_COUNT = text("""
    INSERT INTO backlog (relaxed, level, turn, bucket, jobs, work) VALUES
        (:relaxed, 2, :turns, 0, :jobs, :work),
        (:relaxed, 1, :turn, 0, :jobs, :work),
        (:relaxed, 0, :turn, :bucket, :jobs, :work)
    ON CONFLICT (relaxed, level, turn, bucket)
    DO UPDATE SET jobs = backlog.jobs + excluded.jobs, work = backlog.work + excluded.work
    RETURNING jobs
""")
_PRUNE = text("""
    DELETE FROM backlog WHERE relaxed = :relaxed AND jobs = 0 AND (
        (level = 2 AND turn = :turns) OR (level = 1 AND turn = :turn)
        OR (level = 0 AND turn = :turn AND bucket = :bucket))
""")


@dataclass(frozen=True, slots=True)
class Ahead:
    jobs: int
    work: int


async def add(session: AsyncSession, job: Job) -> None:
    """Count a job that waits from now on, at its place."""
    await _count(session, job, 1)


async def remove(session: AsyncSession, job: Job) -> None:
    """Count a job out that no longer waits at its place."""
    await _count(session, job, -1)


async def _count(session: AsyncSession, job: Job, sign: int) -> None:
    stretch = {
        "relaxed": job.relaxed,
        "turns": job.turn // SPAN,
        "turn": job.turn,
        "bucket": job.id // SPAN,
    }
    left = await session.scalars(_COUNT, {**stretch, "jobs": sign, "work": sign * job.work})
    if 0 in left.all():
        await session.execute(_PRUNE, stretch)


def _stretches(relaxed: bool, level: int) -> Select[int, int]:
    return select(Backlog.jobs, Backlog.work).where(Backlog.relaxed == relaxed, Backlog.level == level)


async def before(session: AsyncSession, *, relaxed: bool, turn: int, job_id: int) -> Ahead:
    """What waits before a place among the jobs of its own kind, fast or relaxed."""
    turns, bucket = turn // SPAN, job_id // SPAN
    parts = union_all(
        _stretches(relaxed, TURNS).where(Backlog.turn < turns),
        _stretches(relaxed, TURN).where(Backlog.turn >= turns * SPAN, Backlog.turn < turn),
        _stretches(relaxed, IDS).where(Backlog.turn == turn, Backlog.bucket < bucket),
        select(literal(1), Job.work).where(
            QUEUED, Job.relaxed == relaxed, Job.turn == turn, Job.id >= bucket * SPAN, Job.id < job_id
        ),
    ).subquery()
    jobs, work = (await session.execute(select(func.sum(parts.c.jobs), func.sum(parts.c.work)))).one()
    return Ahead(int(jobs or 0), int(work or 0))


async def all_work(session: AsyncSession) -> int:
    """The work of all that waits."""
    return int(await session.scalar(select(func.sum(Backlog.work)).where(Backlog.level == TURNS)) or 0)


async def work_of_first(session: AsyncSession, count: int, *, relaxed: bool) -> int:
    """The work of the first `count` waiting jobs of a kind; of all of them when there are fewer."""
    work, left = 0, count
    turns = await _whole(session, _stretches(relaxed, TURNS).add_columns(Backlog.turn.label("at")), left)
    work, left = work + turns.work, left - turns.jobs
    if left == 0 or turns.next is None:
        return work
    first, end = turns.next * SPAN, (turns.next + 1) * SPAN
    within = _stretches(relaxed, TURN).where(Backlog.turn >= first, Backlog.turn < end)
    turn = await _whole(session, within.add_columns(Backlog.turn.label("at")), left)
    work, left = work + turn.work, left - turn.jobs
    if left == 0 or turn.next is None:
        return work
    within = _stretches(relaxed, IDS).where(Backlog.turn == turn.next)
    ids = await _whole(session, within.add_columns(Backlog.bucket.label("at")), left)
    work, left = work + ids.work, left - ids.jobs
    if left == 0 or ids.next is None:
        return work
    rest = (
        select(Job.work)
        .where(QUEUED, Job.relaxed == relaxed, Job.turn == turn.next, Job.id >= ids.next * SPAN)
        .order_by(Job.id)
        .limit(left)
        .subquery()
    )
    return work + int(await session.scalar(select(func.sum(rest.c.work))) or 0)


@dataclass(frozen=True, slots=True)
class _Whole:
    """The stretches that fit whole into a count of jobs, and where the first one lies that does not."""

    jobs: int
    work: int
    next: int | None


async def _whole(session: AsyncSession, stretches: Select[int, int, int], count: int) -> _Whole:
    each = stretches.subquery()
    run = select(each, func.sum(each.c.jobs).over(order_by=each.c.at).label("upto")).subquery()
    fits = run.c.upto <= count
    row = (
        await session.execute(
            select(
                func.sum(run.c.jobs).filter(fits), func.sum(run.c.work).filter(fits), func.min(run.c.at).filter(~fits)
            )
        )
    ).one()
    return _Whole(int(row[0] or 0), int(row[1] or 0), None if row[2] is None else int(row[2]))
