"""What a job's message shows at this moment: words, files and buttons from the rows and the latest progress.

Knows rows, files and cards; not where or when the drawing is posted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from bot.delivery.post import Drawing, TooLarge
from bot.delivery.upload import Rung, Upload, pack
from bot.errors import explain_failure
from bot.ui import buttons, cards
from bot.ui.looking import look_view
from bot.ui.preview import sheet
from db import images, jobs, pace
from db.database import Database
from db.models import Image, Job, JobStatus
from engine.requests import Progress
from engine.storage import Storage

NO_FILES = Upload(files=(), notices=())
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Moment:
    """A job as one transaction saw it: its row, its living pictures by index, and its place in the queue."""

    job: Job
    images: Sequence[Image]
    position: int | None = None
    starts_at: datetime | None = None


async def look(database: Database, job_id: int) -> Moment | None:
    """The job now, or None when there is no such job."""
    async with database.reading() as session:
        job = await jobs.get(session, job_id)
        if job is None:
            return None
        if job.status is not JobStatus.QUEUED:
            living = [image for image in await images.of_job(session, job_id) if image.deleted_at is None]
            return Moment(job=job, images=living)
        position = await jobs.position(session, job_id)
        seconds = await pace.eta(session, job_id)
        starts_at = None if seconds is None else datetime.now(UTC) + timedelta(seconds=seconds)
        return Moment(job=job, images=(), position=position, starts_at=starts_at)


def draw_accepted(moment: Moment) -> Drawing:
    """A card's first form. The job may have begun meanwhile; should it even have ended, the result follows at once."""
    if moment.job.status is JobStatus.QUEUED:
        return draw_waiting(moment)
    return Drawing(content=cards.running(moment.job, None), upload=None, view=buttons.cancel_view(moment.job))


def draw_waiting(moment: Moment) -> Drawing:
    return Drawing(
        content=cards.waiting(moment.job, moment.position, moment.starts_at),
        upload=None,
        view=buttons.cancel_view(moment.job),
    )


async def draw_running(moment: Moment, progress: Progress | None) -> Drawing:
    """Percent and preview; a progress without pictures keeps the preview that is there."""
    job = moment.job
    if job.cancel_requested:
        return Drawing(content=cards.cancelling(job), upload=None, view=None)
    if progress is None:
        return Drawing(content=cards.running(job, None), upload=None, view=buttons.cancel_view(job))
    if progress.fetching:
        return Drawing(content=cards.fetching(job), upload=None, view=buttons.cancel_view(job))
    upload = None
    if progress.previews:
        content = await asyncio.to_thread(sheet, progress.previews)
        upload = Upload(files=(("preview.webp", content),), notices=())
    percent = 100 * progress.step // max(1, progress.steps)
    return Drawing(content=cards.running(job, percent), upload=upload, view=buttons.cancel_view(job))


async def show_ended(
    show: Callable[[Drawing], Awaitable[T]], moment: Moment, limit: int, *, storage: Storage, web_address: str | None
) -> T:
    """`show` the last word on a job, with files of at most `limit` bytes; a smaller one where even that is TooLarge."""
    for rung in Rung:
        try:
            return await show(await _draw_ended(storage, moment, limit, rung, web_address))
        except TooLarge:
            continue
    raise TooLarge("in every form")


async def _draw_ended(storage: Storage, moment: Moment, limit: int, rung: Rung, web_address: str | None) -> Drawing:
    """Its pictures with their buttons, or why there are none."""
    job = moment.job
    if job.status is not JobStatus.SUCCEEDED:
        told = job.status in (JobStatus.FAILED, JobStatus.BLOCKED)
        reason = explain_failure(job.error_code, job.error_detail) if told else None
        return Drawing(content=cards.ended(job, reason), upload=NO_FILES, view=buttons.retry_view(job))
    if not moment.images:
        return Drawing(content=cards.deleted(job), upload=NO_FILES, view=None)
    withheld = [image for image in moment.images if image.unsure and job.guild_id is not None]
    if withheld:
        # A grid stands or falls as a whole: its other pictures were asked for with the same words.
        return Drawing(content=cards.withheld(job, len(withheld)), upload=NO_FILES, view=look_view(job))
    upload = await pack(storage, moment.images, limit, rung=rung, web_address=web_address)
    content = cards.result(job, [*upload.notices, *cards.pages(moment.images, web_address)])
    return Drawing(content=content, upload=upload, view=buttons.result_view(job, moment.images))
