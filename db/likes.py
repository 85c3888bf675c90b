"""Likes: one per person and picture, nobody their own, written many at a time. Knows no buttons."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.heat import DAY, MONTH, WEEK, heat, warmer
from db.insert import insert
from db.models import Image, Like, Share
from db.shares import TRY_AGAIN


@dataclass(frozen=True, slots=True)
class Press:
    """A person's press of a heart: it likes what the person does not like yet, and takes back what the person likes."""

    image_id: int
    user_id: int


async def press(session: AsyncSession, presses: Iterable[Press], *, now: datetime | None = None) -> dict[Press, bool]:
    """Carry out presses in their order; whether each person likes each picture now.

    The people's rows must exist. A press on one's own picture, on a deleted one or on none changes nothing and is
    missing from the answer.
    """
    now = now or times.now()
    flips: dict[Press, bool] = {}
    for one in presses:
        flips[one] = not flips.get(one, False)
    # Locked, so that no like is counted by neither of two transactions.
    ids = sorted({one.image_id for one in flips})
    living = select(Image.id, Image.author_id).where(Image.id.in_(ids), Image.deleted_at.is_(None))
    found = await session.execute(living.order_by(Image.id).with_for_update())
    authors = {row.id: row.author_id for row in found}
    allowed = {one: flip for one, flip in flips.items() if authors.get(one.image_id, one.user_id) != one.user_id}
    # Column by column: SQLite reads the whole table for a list of pairs.
    people = {one.user_id for one in allowed}
    known = select(Like.image_id, Like.user_id).where(Like.image_id.in_(ids), Like.user_id.in_(people))
    liked = {Press(*pair) for pair in await session.execute(known)}
    added = [one for one, flip in allowed.items() if flip and one not in liked]
    removed = [one for one, flip in allowed.items() if flip and one in liked]
    if added:
        rows = [{"image_id": one.image_id, "user_id": one.user_id, "created_at": now} for one in added]
        await session.execute(insert(session, Like), rows)
    for image_id in {one.image_id for one in removed}:
        those = [one.user_id for one in removed if one.image_id == image_id]
        await session.execute(delete(Like).where(Like.image_id == image_id, Like.user_id.in_(those)))
    await _count(session, added, removed, now)
    return {one: (one in liked) != flip for one, flip in allowed.items()}


async def of_image(session: AsyncSession, image_id: int) -> int:
    """How many people like the picture, shared or not."""
    return await session.scalar(select(func.count()).select_from(Like).where(Like.image_id == image_id)) or 0


async def given(session: AsyncSession, user_id: int) -> int:
    """How many pictures the person likes."""
    return await session.scalar(select(func.count()).select_from(Like).where(Like.user_id == user_id)) or 0


async def withdraw(session: AsyncSession, user_id: int, *, now: datetime | None = None) -> int:
    """Take back everything the person likes; how many likes that were."""
    pictures = (await session.scalars(select(Like.image_id).where(Like.user_id == user_id))).all()
    await session.execute(delete(Like).where(Like.user_id == user_id))
    await _count(session, (), [Press(image_id, user_id) for image_id in pictures], now or times.now())
    return len(pictures)


async def _count(session: AsyncSession, added: Sequence[Press], removed: Sequence[Press], now: datetime) -> None:
    """Bring the shares of these pictures up to date."""
    cooled = {one.image_id for one in removed}
    changed = cooled | {one.image_id for one in added}
    columns = (Share.id, Share.image_id, Share.shared_at, Share.day, Share.week, Share.month)
    shares = (await session.execute(select(*columns).where(Share.image_id.in_(changed)))).all() if changed else []
    for row in shares:
        more = [now for one in added if one.image_id == row.image_id]
        fewer = sum(one.image_id == row.image_id for one in removed)
        if row.image_id in cooled:
            # Taking a weight out of a sum of very different ones would leave noise: it is summed anew.
            left = (await session.scalars(select(Like.created_at).where(Like.image_id == row.image_id))).all()
            scores = {name: heat([row.shared_at, *left], span) for name, span in _SPANS.items()}
        else:
            scores = {name: warmer(getattr(row, name), more, span) for name, span in _SPANS.items()}
        counted = {"likes": Share.likes + len(more) - fewer, "wanted": Share.wanted + 1, "given_up_for": TRY_AGAIN}
        await session.execute(update(Share).where(Share.id == row.id).values(**counted, **scores))


_SPANS = {"day": DAY, "week": WEEK, "month": MONTH}
