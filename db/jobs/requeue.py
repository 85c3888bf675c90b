"""Running jobs whose worker is gone, or stops: back to their old place, or failed after too many attempts."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import ledger, times
from db.jobs import line
from db.models import Job, JobStatus, Queue

OUT_OF_ATTEMPTS = "attempts"  # the error code of a job that failed because its worker died too often


@dataclass(frozen=True, slots=True)
class Requeued:
    """Ids of jobs that wait again, that failed for good, and whose cancellation had been asked for already."""

    requeued: tuple[int, ...] = ()
    failed: tuple[int, ...] = ()
    cancelled: tuple[int, ...] = ()


async def requeue_expired(
    session: AsyncSession, *, max_attempts: int, held: Collection[int] = (), now: datetime | None = None
) -> Requeued:
    """Deal with the running jobs whose lease has run out, but not with those that the caller `held` all the while."""
    now = now or times.now()
    return await _requeue(session, (Job.lease_until < now) & Job.id.not_in(held), max_attempts, now)


async def requeue_worker(
    session: AsyncSession, worker: str, max_attempts: int, *, now: datetime | None = None
) -> Requeued:
    """Deal with the running jobs of a worker that is known to be gone, such as this process's predecessor."""
    return await _requeue(session, Job.worker == worker, max_attempts, now or times.now())


async def release(session: AsyncSession, job_id: int, fence: int, *, now: datetime | None = None) -> bool:
    """Give a claim back unused, at a clean stop: the job returns to its old place and the attempt does not count.

    A job whose cancellation was asked for ends cancelled instead. False when the claim is lost.
    """
    queue = await line.enter(session)
    statement = select(Job).where(Job.id == job_id, Job.fence == fence, line.RUNNING).with_for_update()
    job = (await session.scalars(statement.execution_options(populate_existing=True))).one_or_none()
    if job is None:
        return False
    job.attempts -= 1
    await _put_back(session, queue, job, now or times.now())
    return True


async def _requeue(session: AsyncSession, which: ColumnElement[bool], max_attempts: int, now: datetime) -> Requeued:
    queue = await line.enter(session, *await session.scalars(select(Job.author_id).where(line.RUNNING, which)))
    # Sorted here: asked for in the order of ids, SQLite reads all jobs in that order instead of the few that run.
    lost = select(Job).where(line.RUNNING, which).with_for_update()
    jobs = sorted(await session.scalars(lost.execution_options(populate_existing=True)), key=lambda job: job.id)
    requeued, failed, cancelled = [], [], []
    for job in jobs:
        if not job.cancel_requested and job.attempts >= max_attempts:
            job.status, job.finished_at, job.lease_until = JobStatus.FAILED, now, None
            job.error_code, job.error_detail = OUT_OF_ATTEMPTS, {"attempts": job.attempts}
            await session.flush()
            await ledger.refund(session, job.id, now=now)
            failed.append(job.id)
        elif await _put_back(session, queue, job, now):
            requeued.append(job.id)
        else:
            cancelled.append(job.id)
    return Requeued(tuple(requeued), tuple(failed), tuple(cancelled))


async def _put_back(session: AsyncSession, queue: Queue, job: Job, now: datetime) -> bool:
    """Return a running job to its old place; False when it ended cancelled instead, as was asked for."""
    job.worker, job.lease_until = None, None
    if job.cancel_requested:
        job.status, job.finished_at = JobStatus.CANCELLED, now
    else:
        job.status, job.started_at = JobStatus.QUEUED, None
        await line.join(session, queue, job)
    await session.flush()
    return not job.cancel_requested
