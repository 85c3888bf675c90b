"""Ballots: dealt as questions, answered and changed until the close, read by the tally.

A voter can only answer what was dealt to them, and nobody is dealt their own entry; so a forged or borrowed button
finds no ballot. That a question is dealt once is a constraint.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from random import Random

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.challenges import choosing, counting, entries, finding
from db.challenges.counting import Vote
from db.challenges.errors import NotYourBallot, OwnEntry, WrongPhase
from db.insert import insert
from db.models import Ballot, Challenge, Entry, Phase, VotingMode

VALUES = {VotingMode.PAIRS: range(-1, 2), VotingMode.APPROVAL: range(2), VotingMode.STARS: range(1, 6)}
"""What may be answered in each mode."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many questions a voter has answered, and how many there are for them at most."""

    answered: int
    total: int


async def deal(
    session: AsyncSession,
    challenge_id: int,
    voter_id: int,
    questions: Sequence[tuple[int, int]],
    *,
    now: datetime | None = None,
) -> Sequence[Ballot]:
    """Put questions (entry ids, the lower first; one entry named twice) to a voter; what was dealt before stays.

    Raises NoSuchChallenge, WrongPhase, OwnEntry; NotYourBallot for a question of another mode.
    """
    challenge = await _take_part(session, challenge_id, now)
    if any((one != other) is not (challenge.mode is VotingMode.PAIRS) for one, other in questions):
        raise NotYourBallot
    own = {one.id for one in await entries.standing(session, challenge_id) if one.author_id == voter_id}
    if any(not own.isdisjoint(question) for question in questions):
        raise OwnEntry
    dealt_at = now or await times.of_database(session)
    for one, other in questions:
        values = {"challenge_id": challenge_id, "voter_id": voter_id, "entry_id": one, "other_id": other}
        statement = insert(session, Ballot).values(**values, dealt_at=dealt_at)
        await session.execute(
            statement.on_conflict_do_nothing(
                index_elements=[Ballot.challenge_id, Ballot.voter_id, Ballot.entry_id, Ballot.other_id]
            )
        )
    found = {(one.entry_id, one.other_id): one for one in await of_voter(session, challenge_id, voter_id)}
    return [found[question] for question in questions]


async def cast(
    session: AsyncSession,
    ballot_id: int,
    voter_id: int,
    guild_id: int | None,
    value: int,
    *,
    now: datetime | None = None,
) -> Ballot:
    """Answer, or change the answer. The vote counts if the database's clock says so once the contest's row is held.

    Raises NotYourBallot (also for a value that was not offered), WrongPhase, OwnEntry.
    """
    ballot = await yours(session, ballot_id, voter_id, guild_id)
    challenge = await _take_part(session, ballot.challenge_id, now)
    if value not in VALUES[challenge.mode]:
        raise NotYourBallot
    authors = select(Entry.author_id).where(Entry.id.in_((ballot.entry_id, ballot.other_id)))
    if voter_id in set(await session.scalars(authors)):
        raise OwnEntry
    cast_at = now or await times.of_database(session)
    own = (Ballot.challenge_id == ballot.challenge_id, Ballot.voter_id == voter_id)
    if challenge.mode is VotingMode.APPROVAL:
        # Who approves of one has seen the others: from the first answer on, silence is a no.
        silence = update(Ballot).where(*own, Ballot.value.is_(None)).values(value=0, cast_at=cast_at)
        await session.execute(silence.execution_options(synchronize_session=False))
    answer = update(Ballot).where(Ballot.id == ballot_id).values(value=value, cast_at=cast_at).returning(Ballot)
    answer = answer.execution_options(synchronize_session=False, populate_existing=True)
    if (answered := (await session.scalars(answer)).one_or_none()) is None:
        # The voter was forgotten while this waited for the contest.
        raise NotYourBallot
    return answered


async def yours(session: AsyncSession, ballot_id: int, voter_id: int, guild_id: int | None) -> Ballot:
    """The voter's own ballot in a contest of this server. Raises NotYourBallot."""
    own = (Ballot.id == ballot_id, Ballot.voter_id == voter_id, Challenge.guild_id == guild_id)
    statement = select(Ballot).join(Challenge, Ballot.challenge_id == Challenge.id).where(*own)
    ballot = (await session.scalars(statement)).one_or_none()
    if ballot is None:
        raise NotYourBallot
    return ballot


async def forget(session: AsyncSession, voter_id: int) -> None:
    """Take a person's ballots out of every contest but those that were counted, or are being counted just now.

    Kept there, the votes of somebody who came back would count twice; taken out of a count, nobody could repeat it.
    """
    await finding.hold_running(session)
    counted = select(Challenge.id).where(Challenge.phase.in_((Phase.TALLYING, Phase.DONE)))
    gone = delete(Ballot).where(Ballot.voter_id == voter_id, Ballot.challenge_id.not_in(counted))
    await session.execute(gone.execution_options(synchronize_session=False))


async def of_voter(session: AsyncSession, challenge_id: int, voter_id: int) -> Sequence[Ballot]:
    """All that was dealt to the voter, in that order."""
    own = (Ballot.challenge_id == challenge_id, Ballot.voter_id == voter_id)
    return (await session.scalars(select(Ballot).where(*own).order_by(Ballot.id))).all()


async def answered(session: AsyncSession, challenge_id: int, voter_id: int) -> list[Ballot]:
    """What the voter answered, in the order it was dealt; without questions about what is not shown any more."""
    shown = {one.id for one in await entries.votable(session, challenge_id)}
    dealt = await of_voter(session, challenge_id, voter_id)
    return [one for one in dealt if one.value is not None and {one.entry_id, one.other_id} <= shown]


async def votes(session: AsyncSession, challenge_id: int) -> list[Vote]:
    """Every answered ballot, in the order they were dealt."""
    columns = select(Ballot.voter_id, Ballot.entry_id, Ballot.other_id, Ballot.value)
    answered = columns.where(Ballot.challenge_id == challenge_id, Ballot.value.is_not(None)).order_by(Ballot.id)
    return [Vote(*row) for row in await session.execute(answered)]


async def next_question(session: AsyncSession, challenge: Challenge, voter_id: int) -> tuple[int, int] | None:
    """Which pair, or (stars) which entry twice, this voter should be asked about next; None when there is no more.

    A question that is open is asked again before a new one.
    """
    standing = await entries.votable(session, challenge.id)
    ids = [one.id for one in standing]
    mine = {one.id for one in standing if one.author_id == voter_id}
    dealt = await of_voter(session, challenge.id, voter_id)
    for ballot in dealt:
        if ballot.value is None and {ballot.entry_id, ballot.other_id} <= set(ids) - mine:
            return ballot.entry_id, ballot.other_id
    if challenge.mode is not VotingMode.PAIRS:
        known = {ballot.entry_id for ballot in dealt}
        order = choosing.shuffled(challenge.seed, voter_id, [one for one in ids if one not in known | mine])
        return (order[0], order[0]) if order else None
    index = {entry: number for number, entry in enumerate(ids)}
    seen = {
        (index[one.entry_id], index[one.other_id]) for one in dealt if one.entry_id in index and one.other_id in index
    }
    if len(dealt) >= choosing.most_pairs(len(ids)):
        return None
    shown = await _showings(session, challenge.id)
    pair = choosing.next_pair(
        counting.wins_of(ids, await votes(session, challenge.id)),
        [shown.get(entry, 0) for entry in ids],
        barred={index[entry] for entry in mine},
        seen=seen,
        random=Random(f"{challenge.seed}:{voter_id}:{len(dealt)}"),
    )
    return None if pair is None else (ids[pair[0]], ids[pair[1]])


async def progress(session: AsyncSession, challenge: Challenge, voter_id: int) -> Progress:
    standing = await entries.votable(session, challenge.id)
    others = sum(one.author_id != voter_id for one in standing)
    total = others
    if challenge.mode is VotingMode.PAIRS:
        total = min(others * (others - 1) // 2, choosing.most_pairs(len(standing)))
    return Progress(len(await answered(session, challenge.id, voter_id)), total)


async def _take_part(session: AsyncSession, challenge_id: int, now: datetime | None) -> Challenge:
    """Hold the contest, beside other voters, in a phase that takes ballots; the clock is read once it is held."""
    challenge = await finding.hold(session, challenge_id, shared=True)
    if challenge.phase is not Phase.VOTING or (now or await times.of_database(session)) >= challenge.closes_at:
        raise WrongPhase("vote", challenge.phase)
    return challenge


async def _showings(session: AsyncSession, challenge_id: int) -> dict[int, int]:
    """How often each entry was shown to anybody."""
    shown: dict[int, int] = {}
    for column in (Ballot.entry_id, Ballot.other_id):
        counts = select(column, func.count()).where(Ballot.challenge_id == challenge_id).group_by(column)
        for entry, times_shown in (await session.execute(counts)).all():
            shown[entry] = shown.get(entry, 0) + times_shown
    return shown
