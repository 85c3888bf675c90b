"""The same request again: pictures that lie in storage already serve a second job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import images, statuses
from db.jobs.ending import NewImage, finish
from db.models import Image, Job


@dataclass(frozen=True, kw_only=True, slots=True)
class Drawn:
    """What an earlier job left: its id, its pictures in order, and what they show where its request does not say."""

    job_id: int
    pictures: Sequence[NewImage]
    shown: str | None


async def drawn_before(session: AsyncSession, key: str) -> Drawn | None:
    """The pictures of the newest job with this key that still has all of them."""
    newest_first = (
        select(Job.id, Job.repeats_id, Job.request["shown"].as_string())
        .where(Job.repeat_key == key, statuses.SUCCEEDED)
        .order_by(Job.id.desc())
        .limit(10)
    )
    for job_id, repeats_id, shown in (await session.execute(newest_first)).all():
        made = await images.of_job(session, job_id)
        if made and all(image.deleted_at is None for image in made):
            return Drawn(job_id=repeats_id or job_id, pictures=[_again(image) for image in made], shown=shown)
    return None


async def repeat(
    session: AsyncSession,
    job_id: int,
    fence: int,
    key: str,
    judged: Mapping[str, bool],
    *,
    now: datetime | None = None,
) -> list[Image] | None:
    """End the job with the pictures of an earlier one with this key; None when there is none (any more).

    `judged` says by digest whether the filter is unsure of a picture; one that it has not seen is not handed out. What
    a moderator hid stays hidden. Raises `LostClaim`.
    """
    await images.hold_files(session)  # or the last other row of a file could go, and the file with it
    earlier = await drawn_before(session, key)
    if earlier is None or any(picture.digest not in judged for picture in earlier.pictures):
        return None
    return await finish(
        session,
        job_id,
        fence,
        [replace(picture, unsure=picture.unsure or judged[picture.digest]) for picture in earlier.pictures],
        repeat_key=key,
        repeats_id=earlier.job_id,
        shown=earlier.shown,
        now=now,
    )


def _again(image: Image) -> NewImage:
    return NewImage(
        digest=image.digest,
        width=image.width,
        height=image.height,
        seed=image.seed,
        bytes=image.bytes,
        unsure=image.unsure,
    )
