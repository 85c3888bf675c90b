"""What moderators do to pictures and people: rows and the book in one transaction. Knows no messages."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from bot.refusals import DecidedAlready, Gone
from db import audit, images, jobs, reports, sanctions, shares
from db.challenges import entries
from db.errors import NotShareable
from db.models import Job, Report, Sanction, SanctionKind

REASON = "a reported picture"


async def case_of(session: AsyncSession, report_id: int, guild_id: int | None) -> tuple[Report, Job]:
    """A report of this server and the job of its picture. Raises Gone for any other."""
    report = await reports.get(session, report_id) if report_id < 2**63 else None
    if report is None or report.guild_id != guild_id:
        raise Gone
    image = await images.get(session, report.image_id)
    job = await jobs.get(session, image.job_id) if image is not None else None
    if job is None:
        raise Gone
    return report, job


async def hide(session: AsyncSession, report: Report, job: Job, actor_id: int) -> None:
    """Only the author sees the picture from now on: no gallery, no contest, no card. Raises Gone, DecidedAlready.

    One that is hidden already stays so, and the reports of it that are open are closed.
    """
    image = await images.get(session, report.image_id)
    if image is None or image.deleted_at is not None:
        raise Gone
    try:
        newly = await shares.hide(session, image.id, actor_id)
    except NotShareable:
        raise Gone from None
    withheld = await images.withhold(session, image.id)
    closed = await reports.close(session, image.id)
    if not newly and not withheld and not closed:
        raise DecidedAlready
    await entries.put_out(session, image.id, "hidden")
    await _book(session, report, job, actor_id, "hide")


async def restore(session: AsyncSession, report: Report, job: Job, actor_id: int) -> None:
    """Everybody may see the picture again; a contest it was put out of goes on without it. Raises DecidedAlready."""
    shown = await shares.restore(session, report.image_id)
    cleared = await images.withhold(session, report.image_id, withheld=False)
    if not shown and not cleared:
        raise DecidedAlready
    await reports.close(session, report.image_id)
    await _book(session, report, job, actor_id, "restore")


async def dismiss(session: AsyncSession, report: Report, job: Job, actor_id: int) -> None:
    """Nothing is wrong with the picture: everybody may see it. Raises DecidedAlready when no report of it is open."""
    if not await reports.close(session, report.image_id):
        raise DecidedAlready
    await shares.restore(session, report.image_id)
    await images.withhold(session, report.image_id, withheld=False)
    await _book(session, report, job, actor_id, "dismiss")


async def sanction(
    session: AsyncSession,
    guild_id: int,
    user_id: int,
    actor_id: int,
    kind: SanctionKind,
    *,
    reason: str,
    hours: float | None = None,
    picture: int | None = None,
    now: datetime,
) -> Sanction:
    """Warn, time out or ban a person, whose row must exist; a third strike turns a warning into a time-out."""
    until = now + timedelta(hours=hours) if hours is not None else None
    if kind is SanctionKind.WARNING:
        made = await sanctions.warn(session, guild_id, user_id, by_id=actor_id, reason=reason, now=now)
    else:
        made = await sanctions.put(
            session, guild_id, user_id, kind, by_id=actor_id, reason=reason, until=until, now=now
        )
    action = {SanctionKind.WARNING: "warn", SanctionKind.TIMEOUT: "timeout", SanctionKind.BAN: "ban"}[made.kind]
    detail = {"reason": reason, "hours": hours, "picture": picture}
    given = {name: value for name, value in detail.items() if value is not None}
    await audit.write(session, guild_id, actor_id, action, target_id=user_id, now=now, **given)
    return made


async def _book(session: AsyncSession, report: Report, job: Job, actor_id: int, action: str) -> None:
    await audit.write(session, report.guild_id, actor_id, action, target_id=job.author_id, picture=report.image_id)
