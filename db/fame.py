"""Whom a server may thank: makers by their hearts, voters by their ballots, winners by the contests they won.

What is shared anonymously counts for nobody. Changes nothing.
"""

from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from db import likes
from db.models import Ballot, Challenge, Entry, Image, Phase, Placing, Share
from db.shares import LISTED

Ranking = list[tuple[int, int]]
"""Person and number, the highest first, among equals the earlier account."""

_NAMED = (*LISTED, Share.anonymous.is_(False))


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """One person in one server; `given` counts hearts everywhere."""

    made: int
    shared: int
    received: int
    given: int
    wins: int


async def makers(session: AsyncSession, guild_id: int, limit: int) -> Ranking:
    """By hearts on what they share here."""
    hearts = func.sum(Share.likes)
    statement = select(Share.author_id, hearts).where(Share.guild_id == guild_id, Share.likes > 0, *_NAMED)
    ranked = statement.group_by(Share.author_id).order_by(hearts.desc(), Share.author_id).limit(limit)
    return [(row[0], int(row[1])) for row in await session.execute(ranked)]


async def voters(session: AsyncSession, guild_id: int, limit: int) -> Ranking:
    """By ballots cast in this server's contests; whoever had their data deleted is not named."""
    count = func.count()
    statement = (
        select(Ballot.voter_id, count)
        .join(Challenge, Challenge.id == Ballot.challenge_id)
        .where(Challenge.guild_id == guild_id, Ballot.value.is_not(None), Ballot.voter_id > 0)
        .group_by(Ballot.voter_id)
        .order_by(count.desc(), Ballot.voter_id)
        .limit(limit)
    )
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def winners(session: AsyncSession, guild_id: int, limit: int) -> Ranking:
    """By first places in this server's contests."""
    count = func.count()
    statement = (
        _first_places(guild_id)
        .with_only_columns(Entry.author_id, count)
        .group_by(Entry.author_id)
        .order_by(count.desc(), Entry.author_id)
        .limit(limit)
    )
    return [(author_id, wins) for author_id, wins in await session.execute(statement) if author_id is not None]


async def of_person(session: AsyncSession, guild_id: int, user_id: int) -> Numbers:
    shown = select(func.count(), func.sum(Share.likes)).where(
        Share.author_id == user_id, Share.guild_id == guild_id, *_NAMED
    )
    shared, received = (await session.execute(shown)).one()
    made = select(func.count()).where(
        Image.author_id == user_id, Image.guild_id == guild_id, Image.deleted_at.is_(None)
    )
    won = _first_places(guild_id).where(Entry.author_id == user_id).with_only_columns(func.count())
    return Numbers(
        made=await session.scalar(made) or 0,
        shared=shared,
        received=int(received or 0),
        given=await likes.given(session, user_id),
        wins=await session.scalar(won) or 0,
    )


def _first_places(guild_id: int) -> Select[int]:
    return (
        select(Placing.entry_id)
        .join(Entry, Entry.id == Placing.entry_id)
        .join(Challenge, Challenge.id == Placing.challenge_id)
        .where(Challenge.guild_id == guild_id, Challenge.phase == Phase.DONE, Placing.place == 1)
    )
