"""Results: counted once, from the ballots alone, and checked again whenever somebody asks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from db import ledger, times
from db.challenges import announcing, ballots, counting, entries, finding
from db.challenges.counting import Place, Vote
from db.challenges.errors import WrongPhase
from db.challenges.terms import Reward
from db.models import AnnouncementKind, Award, AwardKind, Challenge, Phase, Placing, VotingMode


@dataclass(frozen=True, slots=True)
class Tally:
    """What the ballots say: places in order, and how many people said something."""

    places: list[Place]
    voters: int


async def count(session: AsyncSession, challenge: Challenge) -> Tally:
    """Count the ballots of a contest that takes none any more; reads only, and gives the same whenever it is asked."""
    standing = [one.id for one in await entries.standing(session, challenge.id)]
    votes = await ballots.votes(session, challenge.id)
    return Tally(counting.tally(challenge.mode, standing, votes), _voters(challenge.mode, votes))


async def finish(session: AsyncSession, challenge_id: int, tally: Tally, *, now: datetime | None = None) -> bool:
    """Write the places and what the winner gets, and end the contest; False when that was done before.

    Quota is given here, in the same transaction; a role and a pin are owed until Discord has them. Without a single
    vote there are no places and no reward.
    """
    challenge = await finding.hold(session, challenge_id)
    if challenge.phase is Phase.DONE:
        return False
    if challenge.phase is not Phase.TALLYING:
        raise WrongPhase("tally", challenge.phase)
    now = now or await times.of_database(session)
    challenge.phase, challenge.ended_at, challenge.voters = Phase.DONE, now, tally.voters
    if tally.voters:
        session.add_all(_placing(challenge_id, place) for place in tally.places)
        await session.flush()
        await _reward(session, challenge, tally.places[0].entry_id, now)
    kinds = [AnnouncementKind.CARD, AnnouncementKind.VOTING, AnnouncementKind.PODIUM]
    await announcing.want(session, challenge_id, *kinds)
    await session.flush()
    return True


async def places(session: AsyncSession, challenge_id: int) -> list[Place]:
    """The result as it was written, the winner first; empty before the end or without a vote."""
    statement = select(Placing).where(Placing.challenge_id == challenge_id).order_by(Placing.place)
    return [
        Place(place=row.place, entry_id=row.entry_id, score=row.score, low=row.low, high=row.high, ballots=row.ballots)
        for row in await session.scalars(statement)
    ]


async def verify(session: AsyncSession, challenge: Challenge) -> tuple[list[Place], list[Place]]:
    """The places as written and as the ballots give them now; equal, or somebody changed rows. Raises WrongPhase."""
    if challenge.phase is not Phase.DONE:
        raise WrongPhase("verify", challenge.phase)
    again = await count(session, challenge)
    return await places(session, challenge.id), again.places if again.voters else []


async def owed(session: AsyncSession) -> Sequence[Award]:
    """Rewards that Discord does not have yet."""
    return (await session.scalars(select(Award).where(Award.settled_at.is_(None)).order_by(Award.id))).all()


async def awards(session: AsyncSession, challenge_id: int) -> Sequence[Award]:
    return (await session.scalars(select(Award).where(Award.challenge_id == challenge_id).order_by(Award.id))).all()


async def settle(
    session: AsyncSession, award_id: int, *, failed_for: str | None = None, now: datetime | None = None
) -> None:
    """Remember that a reward was given, or why it cannot be."""
    award = await session.get(Award, award_id)
    if award is not None and award.settled_at is None:
        award.settled_at, award.failed_for = now or await times.of_database(session), failed_for


async def _reward(session: AsyncSession, challenge: Challenge, entry_id: int, now: datetime) -> None:
    winner = (await entries.get(session, entry_id)).author_id
    reward = Reward(**challenge.reward)
    wanted = {AwardKind.CREDIT: reward.credit, AwardKind.ROLE: reward.role_id or 0, AwardKind.PIN: int(reward.pin)}
    for kind, amount in wanted.items():
        if not amount or (winner is None and kind is not AwardKind.PIN):
            continue
        award = Award(challenge_id=challenge.id, kind=kind, user_id=winner, amount=amount)
        if kind is AwardKind.CREDIT and winner is not None:
            key = f"challenge:{challenge.id}"
            await ledger.reward(session, winner, amount, guild_id=challenge.guild_id, key=key, now=now)
            award.settled_at = now
        session.add(award)
    await session.flush()


def _placing(challenge_id: int, place: Place) -> Placing:
    return Placing(
        challenge_id=challenge_id,
        entry_id=place.entry_id,
        place=place.place,
        score=place.score,
        low=place.low,
        high=place.high,
        ballots=place.ballots,
    )


def _voters(mode: VotingMode, votes: Sequence[Vote]) -> int:
    """People who said something: a pair that was skipped says nothing."""
    return len({vote.voter_id for vote in votes if mode is not VotingMode.PAIRS or vote.value})
