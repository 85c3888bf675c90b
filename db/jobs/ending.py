"""The ends of a job. Each happens once: an update that names the state it leaves decides every race."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import backlog, ledger, times
from db.errors import LostClaim
from db.jobs import line
from db.models import Image, Job, JobStatus, Report, User

Cancelled = Literal["cancelled", "requested", "ended"]


@dataclass(frozen=True, kw_only=True, slots=True)
class NewImage:
    """A picture that lies in storage under its digest and gets its row now; sizes in pixels and bytes.

    What the picture filter is `unsure` of is shown to its author only, and reported to the server's moderators.
    """

    digest: str
    width: int
    height: int
    seed: int
    bytes: int
    unsure: bool = False


async def finish(
    session: AsyncSession,
    job_id: int,
    fence: int,
    pictures: Sequence[NewImage],
    *,
    repeat_key: str | None = None,
    repeats_id: int | None = None,
    shown: str | None = None,
    now: datetime | None = None,
) -> list[Image]:
    """Record the pictures of a job that succeeded, in order; their files must lie in storage already.

    `repeat_key` says what they are pictures of, `repeats_id` is the job that they were drawn for when that is another;
    `shown` is what was read in pictures and drawn from, for a request without a prompt.
    Raises `LostClaim`. A cancellation that was asked for but not yet obeyed has come too late.
    """
    now = now or times.now()
    keys = {"repeat_key": repeat_key, "repeats_id": repeats_id}
    job = await _end(session, job_id, fence, JobStatus.SUCCEEDED, now, **keys)
    if shown:
        job.request = job.request | {"shown": shown}
    images = [
        Image(
            job_id=job.id,
            index=index,
            author_id=job.author_id,
            guild_id=job.guild_id,
            digest=picture.digest,
            width=picture.width,
            height=picture.height,
            seed=picture.seed,
            bytes=picture.bytes,
            parent_image_id=job.parent_image_id,
            created_at=now,
            deleted_at=None,
            unsure=picture.unsure,
        )
        for index, picture in enumerate(pictures)
    ]
    session.add_all(images)
    await session.flush()
    if job.guild_id is not None:
        doubtful = [image.id for image in images if image.unsure]
        session.add_all(Report(guild_id=job.guild_id, image_id=one, reason="", created_at=now) for one in doubtful)
        await session.flush()
    return images


async def fail(
    session: AsyncSession,
    job_id: int,
    fence: int,
    code: str,
    detail: dict[str, Any] | None = None,
    *,
    now: datetime | None = None,
) -> Job:
    """End a job that could not be done, with a code of at most 64 characters, and refund it. Raises `LostClaim`."""
    return await _end_refunded(session, job_id, fence, JobStatus.FAILED, now or times.now(), code, detail)


async def block(
    session: AsyncSession,
    job_id: int,
    fence: int,
    code: str,
    detail: dict[str, Any] | None = None,
    *,
    now: datetime | None = None,
) -> Job:
    """End a job that a filter refused, and refund it. Raises `LostClaim`."""
    return await _end_refunded(session, job_id, fence, JobStatus.BLOCKED, now or times.now(), code, detail)


async def finish_cancelled(session: AsyncSession, job_id: int, fence: int, *, now: datetime | None = None) -> Job:
    """End a running job as its cancellation asked; no refund, since it had begun. Raises `LostClaim`."""
    return await _end(session, job_id, fence, JobStatus.CANCELLED, now or times.now())


async def _end_refunded(
    session: AsyncSession,
    job_id: int,
    fence: int,
    status: JobStatus,
    now: datetime,
    code: str,
    detail: dict[str, Any] | None,
) -> Job:
    job = await _end(session, job_id, fence, status, now, error_code=code, error_detail=detail)
    await ledger.refund(session, job_id, now=now)
    return job


async def _end(session: AsyncSession, job_id: int, fence: int, status: JobStatus, now: datetime, **values: Any) -> Job:
    statement = (
        update(Job)
        .where(Job.id == job_id, Job.fence == fence, line.RUNNING)
        .values(status=status, finished_at=now, lease_until=None, **values)
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    job = (await session.scalars(statement)).one_or_none()
    if job is None:
        raise LostClaim(job_id, fence)
    return job


async def cancel(session: AsyncSession, job_id: int, *, now: datetime | None = None) -> Cancelled:
    """Cancel a waiting job and refund it, or ask a running one to stop, or find that it has ended (or never was)."""
    now = now or times.now()
    queue = await line.enter(session, *await session.scalars(select(Job.author_id).where(Job.id == job_id)))
    waiting = (
        update(Job)
        .where(Job.id == job_id, line.QUEUED)
        .values(status=JobStatus.CANCELLED, finished_at=now)
        .returning(Job)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    job = (await session.scalars(waiting)).one_or_none()
    if job is not None:
        await line.leave(session, queue, job)
        await ledger.refund(session, job_id, now=now)
        await _pass_turn_on(session, job)
        await session.flush()
        return "cancelled"
    running = (
        update(Job)
        .where(Job.id == job_id, line.RUNNING)
        .values(cancel_requested=True)
        .returning(Job.id)
        .execution_options(synchronize_session=False)
    )
    return "ended" if await session.scalar(running) is None else "requested"


async def _pass_turn_on(session: AsyncSession, gone: Job) -> None:
    """Under the fair order the author's later jobs move up by one turn each, so that a cancelled job costs no turn."""
    if gone.relaxed:
        return
    freed = gone.turn
    later = (
        select(Job)
        .where(line.QUEUED, Job.author_id == gone.author_id, Job.relaxed.is_(False), Job.turn > freed)
        .order_by(Job.turn, Job.id)
        .execution_options(populate_existing=True)
    )
    for job in (await session.scalars(later)).all():
        await backlog.remove(session, job)
        job.turn, freed = freed, job.turn
        await backlog.add(session, job)
    await session.flush()
    if freed > 0:
        last = update(User).where(User.id == gone.author_id, User.turn == freed).values(turn=freed - 1)
        await session.execute(last.execution_options(synchronize_session=False))
