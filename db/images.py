"""Pictures' rows: what was made, from what, by whom. Knows no pixels and no files, only their digests."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, or_, select, text, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import shares, showings, statuses, times
from db.challenges import announcing, entries
from db.models import Entry, Image, Job, Review

_FILES_LOCK = 0x6669_6C65_73  # "files": any number that nothing else locks


async def get(session: AsyncSession, image_id: int) -> Image | None:
    """The picture, deleted or not: look at `deleted_at`."""
    return await session.get(Image, image_id)


async def by_digest(session: AsyncSession, digest: str) -> Image | None:
    """The first living picture with this file."""
    statement = select(Image).where(Image.digest == digest, Image.deleted_at.is_(None)).order_by(Image.id).limit(1)
    return await session.scalar(statement)


async def of_job(session: AsyncSession, job_id: int) -> Sequence[Image]:
    """The job's pictures by index, deleted ones too."""
    return (await session.scalars(select(Image).where(Image.job_id == job_id).order_by(Image.index))).all()


async def children(session: AsyncSession, image_id: int) -> Sequence[Image]:
    """What was made from the picture, oldest first, without deleted ones."""
    statement = select(Image).where(Image.parent_image_id == image_id, Image.deleted_at.is_(None)).order_by(Image.id)
    return (await session.scalars(statement)).all()


async def of_author(
    session: AsyncSession, author_id: int, *, before: int | None = None, limit: int = 25
) -> Sequence[Image]:
    """The person's pictures, newest first, without deleted ones; `before` is an image id to page from."""
    statement = select(Image).where(Image.author_id == author_id, Image.deleted_at.is_(None))
    if before is not None:
        statement = statement.where(Image.id < before)
    return (await session.scalars(statement.order_by(Image.id.desc()).limit(limit))).all()


async def delete(session: AsyncSession, image_id: int, *, now: datetime | None = None) -> str | None:
    """Mark the picture deleted, in the gallery and in contests as well; its likes go, messages that show it change.

    The digest of its file when no other living picture shows it, so that it can go too.
    """
    now = now or times.now()
    gone = update(Image).where(Image.id == image_id, Image.deleted_at.is_(None)).values(deleted_at=now)
    digest = await session.scalar(gone.returning(Image.digest))
    if digest is None:
        return None
    await _outdate(session, image_id, now)
    await shares.forget(session, image_id, now=now)
    await showings.end(session, image_id, now=now)
    await entries.put_out(session, image_id, "deleted")
    await announcing.redraw(session, Entry.image_id == image_id)
    shared = select(Image.id).where(Image.digest == digest, Image.deleted_at.is_(None)).limit(1)
    return None if await session.scalar(shared) is not None else digest


async def known_digests(session: AsyncSession) -> set[str]:
    """The digests of all living pictures and of those that are `asked_for`: the files that must stay."""
    living = select(Image.digest).where(Image.deleted_at.is_(None)).distinct()
    return set(await session.scalars(living)) | await asked_for(session)


async def asked_for(session: AsyncSession) -> set[str]:
    """The digests of what jobs, ended or not, and wishes that wait for a moderator begin with: a scan of all jobs."""
    keys = ("image", "mask", "references")
    asking = select(Job.request).where(or_(*(Job.request[key].as_string().is_not(None) for key in keys)))
    asked: set[str] = set()
    async for request in await session.stream_scalars(asking.execution_options(yield_per=500)):
        asked |= inputs_of(request)
    for wished in await session.scalars(select(Review.jobs).where(Review.closed_at.is_(None))):
        asked.update(*(inputs_of(one["request"]) for one in wished))
    return asked


def inputs_of(request: Mapping[str, Any]) -> set[str]:
    """The digests of the pictures that a job's request begins with."""
    single = {request[key] for key in ("image", "mask") if isinstance(request.get(key), str)}
    return single | {reference["image"] for reference in request.get("references") or ()}


async def is_needed(session: AsyncSession, digest: str) -> bool:
    """Whether a living picture shows this file, or a job that has not ended, or is not yet allowed, begins with it."""
    shown = select(Image.id).where(Image.digest == digest, Image.deleted_at.is_(None)).limit(1)
    if await session.scalar(shown) is not None:
        return True
    asks = cast(Job.request, Text).contains(digest)
    held = select(Review.id).where(Review.closed_at.is_(None), cast(Review.jobs, Text).contains(digest))
    asking = union_all(*(select(Job.id).where(open_, asks) for open_ in statuses.OPEN), held).limit(1)
    return await session.scalar(asking) is not None


async def hold_files(session: AsyncSession) -> None:
    """Keep others who call this waiting until the transaction ends. SQLite's transactions do so by themselves."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _FILES_LOCK})


async def withhold(session: AsyncSession, image_id: int, *, withheld: bool = True) -> bool:
    """Show the picture to its author only, or to everybody again; False when that was so already.

    Messages that show it to everybody beside its card go, and do not come back.
    """
    change = update(Image).where(Image.id == image_id, Image.unsure.is_not(withheld)).values(unsure=withheld)
    if await session.scalar(change.returning(Image.id)) is None:
        return False
    now = times.now()
    await _outdate(session, image_id, now)
    if withheld:
        await showings.end(session, image_id, now=now)
    await announcing.redraw(session, Entry.image_id == image_id)
    return True


async def _outdate(session: AsyncSession, image_id: int, now: datetime) -> None:
    """The card of the picture's job has to be drawn again."""
    made = select(Image.job_id).where(Image.id == image_id).scalar_subquery()
    changed = update(Job).where(Job.id == made).values(outdated_at=now)
    await session.execute(changed.execution_options(synchronize_session=False))
