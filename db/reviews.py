"""Wishes that wait for a moderator's word before they become jobs. Decided once, by constraint."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.errors import TooManyWaiting
from db.insert import insert
from db.jobs import NewJob
from db.models import Review


async def put(
    session: AsyncSession, wished: Sequence[NewJob], *, word: str, limit: int, now: datetime | None = None
) -> Review | None:
    """Keep the jobs of one interaction in one server until a moderator decides; `word` is the list's entry.

    None when the interaction did so before. Raises `TooManyWaiting` for a person of whom more than `limit` jobs would
    wait for moderators; the transaction is to be given up then.
    """
    first = wished[0]
    statement = insert(session, Review).values(
        guild_id=first.guild_id,
        author_id=first.author_id,
        interaction_id=first.interaction_id,
        prompt=first.prompt,
        word=word,
        jobs=[asdict(one) for one in wished],
        created_at=now or times.now(),
    )
    once = statement.on_conflict_do_nothing(index_elements=[Review.interaction_id]).returning(Review)
    made = (await session.scalars(once)).one_or_none()
    if made is not None and await _held_of(session, made.author_id) > limit:
        raise TooManyWaiting(limit)
    return made


async def get(session: AsyncSession, review_id: int) -> Review | None:
    return await session.get(Review, review_id)


async def uncarded(session: AsyncSession, guild_id: int, limit: int = 100) -> Sequence[Review]:
    """Undecided ones that no message shows yet."""
    found = select(Review).where(
        Review.guild_id == guild_id, Review.card_message_id.is_(None), Review.closed_at.is_(None)
    )
    return (await session.scalars(found.order_by(Review.id).limit(limit))).all()


async def set_card(session: AsyncSession, review_id: int, channel_id: int, message_id: int) -> None:
    """Remember the message that shows it."""
    card = {"card_channel_id": channel_id, "card_message_id": message_id}
    await session.execute(update(Review).where(Review.id == review_id).values(card))


async def decide(
    session: AsyncSession, review_id: int, *, by_id: int, allowed: bool, now: datetime | None = None
) -> list[NewJob] | None:
    """Close it; the jobs that were wished for, or None when another moderator was first."""
    waiting = update(Review).where(Review.id == review_id, Review.closed_at.is_(None))
    closed = waiting.values(closed_at=now or times.now(), closed_by_id=by_id, allowed=allowed).returning(Review.jobs)
    jobs = await session.scalar(closed)
    return None if jobs is None else [NewJob(**one) for one in jobs]


async def _held_of(session: AsyncSession, author_id: int) -> int:
    """How many of the person's jobs wait for moderators."""
    found = select(Review.jobs).where(Review.author_id == author_id, Review.closed_at.is_(None))
    return sum(map(len, await session.scalars(found)))
