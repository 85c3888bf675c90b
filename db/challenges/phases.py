"""The life of a contest: scheduled -> open -> voting -> tallying -> done | cancelled.

Every change is one transaction that holds the contest's row and goes on from an expected phase, so that of two that try
one does it and the other finds it done. Times are the database's, unless a caller says what time it is.
"""

from dataclasses import asdict
from datetime import datetime, timedelta
from secrets import randbits

from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.challenges import announcing, entries, finding
from db.challenges.errors import WrongPhase
from db.challenges.terms import NewChallenge
from db.models import AnnouncementKind, Challenge, Phase

FEWEST_ENTRIES = 2
GRACE = timedelta(minutes=1)
"""A phase that begins later than this, since the studio was away, lasts as long as planned and moves what follows."""


async def create(session: AsyncSession, new: NewChallenge, *, now: datetime | None = None) -> Challenge:
    """Make a contest; its server must be known. It is open at once when its opening is not in the future."""
    now = now or await times.of_database(session)
    challenge = Challenge(
        guild_id=new.guild_id,
        channel_id=new.channel_id,
        created_by=new.created_by,
        theme=new.theme[:100],
        description=new.terms.description,
        mode=new.terms.mode,
        rules=asdict(new.terms.rules),
        reward=asdict(new.terms.reward),
        ping_role_id=new.terms.ping_role_id,
        seed=randbits(32),
        phase=Phase.OPEN if new.opens_at <= now else Phase.SCHEDULED,
        opens_at=new.opens_at,
        votes_at=new.votes_at,
        closes_at=new.closes_at,
        created_at=now,
    )
    session.add(challenge)
    await session.flush()
    await announcing.want(session, challenge.id, AnnouncementKind.CARD)
    return challenge


async def advance(session: AsyncSession, challenge_id: int, *, now: datetime | None = None) -> Phase | None:
    """Take one step that is due: to open, voting (or cancelled, with too few entries), or tallying; None if none is."""
    challenge = await finding.hold(session, challenge_id)
    now = now or await times.of_database(session)
    if challenge.phase is Phase.SCHEDULED and challenge.opens_at <= now:
        _move(challenge, now - challenge.opens_at, ("opens_at", "votes_at", "closes_at"))
        challenge.phase = Phase.OPEN
        await announcing.want(session, challenge_id, AnnouncementKind.CARD)
    elif challenge.phase is Phase.OPEN and challenge.votes_at <= now:
        if await entries.sweep(session, challenge_id) < FEWEST_ENTRIES:
            return await _end(session, challenge, Phase.CANCELLED, now, "too_few_entries")
        _move(challenge, now - challenge.votes_at, ("votes_at", "closes_at"))
        challenge.phase, challenge.began_at = Phase.VOTING, now
        await announcing.want(session, challenge_id, AnnouncementKind.CARD, AnnouncementKind.VOTING)
    elif challenge.phase is Phase.VOTING and challenge.closes_at <= now:
        await entries.sweep(session, challenge_id)
        challenge.phase = Phase.TALLYING
    else:
        return None
    await session.flush()
    return challenge.phase


async def cancel(session: AsyncSession, challenge_id: int, *, now: datetime | None = None) -> None:
    """End a contest before its ballots are counted; without a winner, entries and ballots stay as they are.

    Raises NoSuchChallenge, WrongPhase.
    """
    challenge = await finding.hold(session, challenge_id)
    if challenge.phase not in (Phase.SCHEDULED, Phase.OPEN, Phase.VOTING):
        raise WrongPhase("cancel", challenge.phase)
    await _end(session, challenge, Phase.CANCELLED, now or await times.of_database(session), "moderator")


async def _end(session: AsyncSession, challenge: Challenge, phase: Phase, now: datetime, reason: str | None) -> Phase:
    challenge.phase, challenge.ended_at, challenge.cancelled_for = phase, now, reason
    kinds = [AnnouncementKind.CARD]
    if AnnouncementKind.VOTING in await announcing.of_challenge(session, challenge.id):
        kinds.append(AnnouncementKind.VOTING)
    await announcing.want(session, challenge.id, *kinds)
    await session.flush()
    return phase


def _move(challenge: Challenge, late: timedelta, names: tuple[str, ...]) -> None:
    if late > GRACE:
        for name in names:
            setattr(challenge, name, getattr(challenge, name) + late)
