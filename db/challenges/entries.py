"""Entering pictures and taking them out. What a picture must fulfil is asked elsewhere; constraints decide races."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.challenges import finding
from db.challenges.errors import AlreadyEntered, EntryLimit, NoSuchEntry, WrongPhase
from db.challenges.terms import Rules
from db.models import Entry, Image, Job, Phase


async def enter(
    session: AsyncSession, challenge_id: int, author_id: int, image_id: int, *, now: datetime | None = None
) -> Entry:
    """Enter a picture; entered again after a withdrawal it is a new entry.

    Raises NoSuchChallenge, WrongPhase, EntryLimit, AlreadyEntered.
    """
    challenge = await finding.hold(session, challenge_id)
    now = now or await times.of_database(session)
    if challenge.phase is not Phase.OPEN or now >= challenge.votes_at:
        raise WrongPhase("enter", challenge.phase)
    limit = Rules(**challenge.rules).entries
    taken = select(Entry.slot).where(
        Entry.challenge_id == challenge_id, Entry.author_id == author_id, Entry.slot.is_not(None)
    )
    used = set(await session.scalars(taken))
    entry = Entry(
        challenge_id=challenge_id,
        author_id=author_id,
        image_id=image_id,
        slot=min(set(range(1, limit + 2)) - used),
        entered_at=now,
    )
    if entry.slot is None or entry.slot > limit:
        raise EntryLimit(limit)
    try:
        async with session.begin_nested():
            session.add(entry)
    except IntegrityError:
        raise AlreadyEntered from None
    return entry


async def withdraw(
    session: AsyncSession, entry_id: int, *, reason: str = "withdrawn", now: datetime | None = None
) -> Entry:
    """Take an entry out before the close; its ballots no longer count. Raises NoSuchEntry, WrongPhase."""
    entry = await session.get(Entry, entry_id)
    if entry is None:
        raise NoSuchEntry
    challenge = await finding.hold(session, entry.challenge_id)
    now = now or await times.of_database(session)
    if challenge.phase not in (Phase.OPEN, Phase.VOTING) or now >= challenge.closes_at:
        raise WrongPhase("withdraw", challenge.phase)
    out = update(Entry).where(Entry.id == entry_id, Entry.slot.is_not(None)).values(slot=None, out_for=reason)
    if await session.scalar(out.returning(Entry.id)) is None:
        raise NoSuchEntry
    return entry


async def put_out(session: AsyncSession, image_id: int, reason: str) -> int:
    """Take a picture, such as a hidden one, out of every contest that is not counted yet; out of how many."""
    entered = select(Entry.id).where(Entry.image_id == image_id, Entry.slot.is_not(None)).limit(1)
    if await session.scalar(entered) is None:
        # So with nearly every picture: no contest is held for those.
        return 0
    running = await finding.hold_running(session)
    out = (
        update(Entry)
        .where(Entry.image_id == image_id, Entry.slot.is_not(None), Entry.challenge_id.in_(running))
        .values(slot=None, out_for=reason[:32])
        .returning(Entry.id)
    )
    return len((await session.scalars(out)).all())


async def sweep(session: AsyncSession, challenge_id: int) -> int:
    """Take out what was deleted or is withheld; how many entries stand. For a change of phase, the contest held."""
    deleted = Entry.image_id.in_(select(Image.id).where(Image.deleted_at.is_not(None)))
    hidden = Entry.image_id.in_(select(Image.id).where(Image.unsure.is_(True)))
    for reason, lost in (("deleted", or_(Entry.image_id.is_(None), deleted)), ("hidden", hidden)):
        out = (
            update(Entry)
            .where(Entry.challenge_id == challenge_id, Entry.slot.is_not(None), lost)
            .values(slot=None, out_for=reason)
        )
        await session.execute(out.execution_options(synchronize_session=False))
    standing = select(func.count()).where(Entry.challenge_id == challenge_id, Entry.slot.is_not(None))
    return await session.scalar(standing) or 0


async def get(session: AsyncSession, entry_id: int) -> Entry:
    """Raises NoSuchEntry."""
    entry = await session.get(Entry, entry_id)
    if entry is None:
        raise NoSuchEntry
    return entry


async def standing(session: AsyncSession, challenge_id: int) -> Sequence[Entry]:
    """The entries that are in, by when they were entered."""
    statement = select(Entry).where(Entry.challenge_id == challenge_id, Entry.slot.is_not(None)).order_by(Entry.id)
    return (await session.scalars(statement)).all()


async def votable(session: AsyncSession, challenge_id: int) -> Sequence[Entry]:
    """Those of `standing` whose picture may still be shown."""
    statement = (
        select(Entry)
        .join(Image, Entry.image_id == Image.id)
        .where(Entry.challenge_id == challenge_id, Entry.slot.is_not(None))
        .where(Image.deleted_at.is_(None), Image.unsure.is_(False))
        .order_by(Entry.id)
    )
    return (await session.scalars(statement)).all()


async def hold_nsfw(session: AsyncSession, challenge_id: int) -> bool:
    """Whether a picture that is in comes from an age-restricted channel."""
    statement = (
        select(Entry.id)
        .join(Image, Entry.image_id == Image.id)
        .join(Job, Image.job_id == Job.id)
        .where(Entry.challenge_id == challenge_id, Entry.slot.is_not(None), Job.nsfw.is_(True))
        .limit(1)
    )
    return await session.scalar(statement) is not None


async def of_author(session: AsyncSession, author_id: int, challenge_ids: Sequence[int]) -> Sequence[Entry]:
    """The person's standing entries in these contests, oldest first."""
    statement = select(Entry).where(
        Entry.author_id == author_id, Entry.slot.is_not(None), Entry.challenge_id.in_(challenge_ids)
    )
    return (await session.scalars(statement.order_by(Entry.id))).all()


async def count(session: AsyncSession, challenge_id: int) -> int:
    statement = select(func.count()).where(Entry.challenge_id == challenge_id, Entry.slot.is_not(None))
    return await session.scalar(statement) or 0
