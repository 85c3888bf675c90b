"""Warnings, time-outs and bans: who is shut out, how many strikes count, and appeals. Knows no buttons."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.models import Sanction, SanctionKind, User

STRIKE_LIFE = timedelta(days=90)
"""How long a sanction counts as a strike."""
STRIKES = 3
"""With so many strikes a warning becomes a time-out."""
TIMEOUT = timedelta(days=1)
_WAITING = (Sanction.appeal.is_not(None), Sanction.appeal_closed_at.is_(None))


async def put(
    session: AsyncSession,
    guild_id: int,
    user_id: int,
    kind: SanctionKind,
    *,
    by_id: int,
    reason: str,
    until: datetime | None = None,
    now: datetime | None = None,
) -> Sanction:
    """Sanction a person, whose row must exist. A time-out without `until` lasts `TIMEOUT`."""
    now = now or times.now()
    if kind is SanctionKind.TIMEOUT and until is None:
        until = now + TIMEOUT
    made = Sanction(
        guild_id=guild_id, user_id=user_id, by_id=by_id, kind=kind, reason=reason, until=until, created_at=now
    )
    session.add(made)
    await session.flush()
    return made


async def warn(
    session: AsyncSession, guild_id: int, user_id: int, *, by_id: int, reason: str, now: datetime | None = None
) -> Sanction:
    """A warning, or the time-out that it becomes when it is the person's third strike."""
    now = now or times.now()
    # Locked, so that two warnings at once are not both the second.
    await session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    third = await strikes(session, guild_id, user_id, now=now) + 1 >= STRIKES
    kind = SanctionKind.TIMEOUT if third else SanctionKind.WARNING
    return await put(session, guild_id, user_id, kind, by_id=by_id, reason=reason, now=now)


async def strikes(session: AsyncSession, guild_id: int, user_id: int, *, now: datetime | None = None) -> int:
    """The person's sanctions that still count: younger than `STRIKE_LIFE` and not lifted."""
    young = Sanction.created_at > (now or times.now()) - STRIKE_LIFE
    found = select(func.count()).select_from(Sanction).where(*_of(guild_id, user_id), young)
    return await session.scalar(found) or 0


async def shut_out(
    session: AsyncSession, guild_id: int | None, user_id: int, *, now: datetime | None = None
) -> Sanction | None:
    """The ban or time-out that holds here and now, the longest one; in direct messages (None) one of any server."""
    return (await shut_out_of(session, guild_id, [user_id], now=now)).get(user_id)


async def shut_out_of(
    session: AsyncSession, guild_id: int | None, user_ids: Collection[int], *, now: datetime | None = None
) -> dict[int, Sanction]:
    """`shut_out` for many people in one question; who may come in is missing from the answer."""
    now = now or times.now()
    held = select(Sanction).where(
        Sanction.user_id.in_(user_ids),
        Sanction.lifted_at.is_(None),
        Sanction.kind.in_((SanctionKind.BAN, SanctionKind.TIMEOUT)),
        Sanction.until.is_(None) | (Sanction.until > now),
    )
    if guild_id is not None:
        held = held.where(Sanction.guild_id == guild_id)
    # The longest is read last, and stays.
    return {one.user_id: one for one in await session.scalars(held.order_by(Sanction.until.nulls_last()))}


async def lift(session: AsyncSession, guild_id: int, user_id: int, *, now: datetime | None = None) -> int:
    """Lift the bans and time-outs that hold; how many there were. They stay in the book, but count no more."""
    now = now or times.now()
    held = update(Sanction).where(
        *_of(guild_id, user_id),
        Sanction.kind.in_((SanctionKind.BAN, SanctionKind.TIMEOUT)),
        Sanction.until.is_(None) | (Sanction.until > now),
    )
    # Nothing is left to be decided on an appeal.
    values = {"lifted_at": now, "appeal_closed_at": func.coalesce(Sanction.appeal_closed_at, now)}
    return len((await session.scalars(held.values(values).returning(Sanction.id))).all())


async def of(session: AsyncSession, guild_id: int, user_id: int, *, limit: int = 10) -> Sequence[Sanction]:
    """The person's sanctions, newest first, lifted ones too."""
    found = select(Sanction).where(Sanction.guild_id == guild_id, Sanction.user_id == user_id)
    return (await session.scalars(found.order_by(Sanction.id.desc()).limit(limit))).all()


async def get(session: AsyncSession, sanction_id: int) -> Sanction | None:
    return await session.get(Sanction, sanction_id)


async def appeal(session: AsyncSession, sanction_id: int, words: str) -> bool:
    """What the person says against it, once; False when something was said before, or it no longer holds."""
    first = update(Sanction).where(Sanction.id == sanction_id, Sanction.appeal.is_(None), Sanction.lifted_at.is_(None))
    return await session.scalar(first.values(appeal=words).returning(Sanction.id)) is not None


async def uncarded(session: AsyncSession, guild_id: int, limit: int = 100) -> Sequence[Sanction]:
    """Those with an undecided appeal that no message shows yet."""
    found = select(Sanction).where(Sanction.guild_id == guild_id, *_WAITING, Sanction.card_message_id.is_(None))
    return (await session.scalars(found.order_by(Sanction.id).limit(limit))).all()


async def set_card(session: AsyncSession, sanction_id: int, channel_id: int, message_id: int) -> None:
    """Remember the message that shows the appeal."""
    card = {"card_channel_id": channel_id, "card_message_id": message_id}
    await session.execute(update(Sanction).where(Sanction.id == sanction_id).values(card))


async def decide(session: AsyncSession, sanction_id: int, *, lifted: bool, now: datetime | None = None) -> bool:
    """Close an appeal, once, by lifting the sanction or keeping it; False when that was done before."""
    now = now or times.now()
    values = {"appeal_closed_at": now} | ({"lifted_at": now} if lifted else {})
    waiting = update(Sanction).where(Sanction.id == sanction_id, *_WAITING)
    return await session.scalar(waiting.values(values).returning(Sanction.id)) is not None


def _of(guild_id: int, user_id: int) -> list[ColumnElement[bool]]:
    return [Sanction.guild_id == guild_id, Sanction.user_id == user_id, Sanction.lifted_at.is_(None)]
