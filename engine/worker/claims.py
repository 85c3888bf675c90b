"""A worker's hold on jobs: taking, holding, ending and giving back claims, through databases that fail for a while.

Knows no engine and no pictures.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from db import images, jobs, pace
from db.database import Database
from db.errors import LostClaim
from db.jobs import NewImage, Requeued
from db.models import Job, JobStatus

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

log = logging.getLogger(__name__)


class Claims:
    """The claims of the worker called `worker`. No method raises because the database is away: it waits or gives up.

    Args:
        lease: how long a claim lasts without being held again.
        retry_seconds: between two attempts to write a job's end.
    """

    def __init__(
        self,
        database: Database,
        *,
        worker: str,
        lease: timedelta,
        max_attempts: int,
        running_per_person: int | None,
        retry_seconds: float,
    ) -> None:
        self._database = database
        self._worker = worker
        self._lease = lease
        self._max_attempts = max_attempts
        self._running_per_person = running_per_person
        self._retry_seconds = retry_seconds

    async def take(self) -> Job | None:
        """The next job; None when there is none, or none can be had now. Cancelled in the middle, it takes nothing."""
        claiming = asyncio.create_task(self._claim())
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            # The transaction may be through already, and nobody would work on that job until its lease runs out.
            if (job := await claiming) is not None:
                await self.give_back(job)
            raise

    async def hold(self, job: Job) -> Literal["held", "lost", "cancelled"]:
        """Renew the lease. "cancelled": the row asks for it. Where the database is away, the claim counts as held."""
        try:
            async with self._database.writing() as session:
                if not await jobs.renew(session, job.id, job.fence, self._lease):
                    return "lost"
                row = await jobs.get(session, job.id)
                return "cancelled" if row is not None and row.cancel_requested else "held"
        except Exception:
            log.exception("The lease of job %d could not be renewed", job.id)
            return "held"

    async def look(self, job: Job) -> Literal["held", "lost", "cancelled"]:
        """As `hold`, without renewing and so without a write to wait for: for a claim that was just made."""
        try:
            async with self._database.reading() as session:
                row = await jobs.get(session, job.id)
        except Exception:
            log.exception("Job %d could not be looked at", job.id)
            return "held"
        if row is None or row.fence != job.fence or row.status is not JobStatus.RUNNING:
            return "lost"
        return "cancelled" if row.cancel_requested else "held"

    async def drawn_before(self, key: str) -> Sequence[NewImage]:
        """The pictures that an earlier job with this key has in the storage; none where the database is away."""
        try:
            async with self._database.reading() as session:
                found = await jobs.drawn_before(session, key)
        except Exception:
            log.exception("Looking for an earlier drawing failed")
            return ()
        return found.pictures if found is not None else ()

    async def repeat(self, job: Job, key: str, judged: Mapping[str, bool]) -> bool | None:
        """The job has the pictures of an earlier one, `judged` unsure or not by digest.

        False: it was lost; None: they are gone, it must be drawn.
        """
        try:
            async with self._database.writing() as session:
                return None if await jobs.repeat(session, job.id, job.fence, key, judged) is None else True
        except LostClaim:
            return False
        except Exception:
            log.exception("Job %d could not be ended with earlier pictures", job.id)
            return None

    async def finish(
        self,
        job: Job,
        pictures: Sequence[NewImage],
        *,
        seconds: float,
        put_back: Callable[[], Awaitable[None]],
        repeat_key: str | None = None,
        shown: str | None = None,
    ) -> bool:
        """The job has these pictures, which lie in the storage; it took the device `seconds`. False: it was lost.

        `put_back` is called while no file can be removed, to store again what went since the pictures were stored.
        """

        async def end(session: "AsyncSession") -> None:
            await images.hold_files(session)
            await put_back()
            await jobs.finish(session, job.id, job.fence, pictures, repeat_key=repeat_key, shown=shown)
            await pace.record(session, job.request["model"], seconds=seconds, work=max(1, job.work))

        return await self._end(job, end)

    async def drop(self, digests: Sequence[str], remove: Callable[[str], object]) -> None:
        """`remove` the files of a job that will not have them, but for those that other rows have by now."""
        try:
            for digest in digests:
                async with self._database.writing() as session:
                    await images.hold_files(session)
                    if not await images.is_needed(session, digest):
                        await asyncio.to_thread(remove, digest)
        except Exception:
            log.exception("Files without a job could not be removed; the next start sweeps them")

    async def block(self, job: Job, code: str, detail: dict[str, Any]) -> bool:
        """The picture filter refused what the job made, or could not judge it."""
        return await self._end(job, lambda session: jobs.block(session, job.id, job.fence, code, detail))

    async def fail(self, job: Job, code: str, detail: dict[str, Any]) -> bool:
        return await self._end(job, lambda session: jobs.fail(session, job.id, job.fence, code, detail))

    async def cancelled(self, job: Job) -> bool:
        return await self._end(job, lambda session: jobs.finish_cancelled(session, job.id, job.fence))

    async def give_back(self, job: Job) -> None:
        """Put the job back in its place; where that fails, the next start finds it under this worker's name."""
        try:
            async with self._database.writing() as session:
                await jobs.release(session, job.id, job.fence)
        except Exception:
            log.exception("Job %d could not be put back", job.id)

    async def recover_own(self) -> list[int]:
        """Deal with what an earlier process of this name was running; ids of the jobs that ended by it."""
        return await self._recover(lambda session: jobs.requeue_worker(session, self._worker, self._max_attempts))

    async def recover_expired(self, held: Collection[int]) -> list[int]:
        """Deal with jobs whose worker has gone silent; ids of the jobs that ended by it.

        Those `held` here are renewed by `hold`, however late: the machine may have slept longer than a lease.
        """
        return await self._recover(
            lambda session: jobs.requeue_expired(session, max_attempts=self._max_attempts, held=held)
        )

    async def _claim(self) -> Job | None:
        try:
            async with self._database.writing() as session:
                return await jobs.claim_next(
                    session, worker=self._worker, lease=self._lease, running_per_person=self._running_per_person
                )
        except Exception:
            log.exception("Claiming failed")
            return None

    async def _end(self, job: Job, end: Callable[["AsyncSession"], Awaitable[object]]) -> bool:
        """Write the end as soon as the database can: a disk that is full for a minute must not lose what was drawn."""
        while True:
            try:
                async with self._database.writing() as session:
                    await end(session)
                return True
            except LostClaim:
                log.warning("Job %d was taken away from this worker; its result is dropped", job.id)
                return False
            except Exception:
                log.exception("The end of job %d could not be written; trying again", job.id)
                await asyncio.sleep(self._retry_seconds)

    async def _recover(self, requeue: Callable[["AsyncSession"], Awaitable[Requeued]]) -> list[int]:
        try:
            async with self._database.writing() as session:
                done = await requeue(session)
        except Exception:
            log.exception("Looking for lost jobs failed")
            return []
        for job_id in done.requeued:
            log.warning("Job %d goes back to its place: its worker is gone", job_id)
        return [*done.failed, *done.cancelled]
