"""Weekly contests: themes in turn, each week's made by the first who finds it due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from db import times
from db.challenges import phases
from db.challenges.errors import NoSuchChallenge
from db.challenges.terms import NewChallenge, Terms
from db.models import Challenge, Rota

WEEK = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewRota:
    """Themes that take turns; each contest is open for `entering` from its opening on, then votes for `voting`."""

    guild_id: int
    channel_id: int
    created_by: int | None
    themes: Sequence[str]
    terms: Terms
    first_at: datetime
    entering: timedelta
    voting: timedelta


async def create(session: AsyncSession, new: NewRota) -> Rota:
    lengths = {"entering": new.entering.total_seconds(), "voting": new.voting.total_seconds()}
    rota = Rota(
        guild_id=new.guild_id,
        channel_id=new.channel_id,
        created_by=new.created_by,
        themes=[theme[:100] for theme in new.themes],
        terms=new.terms.as_row() | lengths,
        next_at=new.first_at,
        active=True,
    )
    session.add(rota)
    await session.flush()
    return rota


async def of_guild(session: AsyncSession, guild_id: int) -> Sequence[Rota]:
    """The server's active rotas."""
    statement = select(Rota).where(Rota.guild_id == guild_id, Rota.active).order_by(Rota.id)
    return (await session.scalars(statement)).all()


async def stop(session: AsyncSession, rota_id: int, guild_id: int) -> None:
    """No more contests from it; the one that runs goes on. Raises NoSuchChallenge."""
    statement = update(Rota).where(Rota.id == rota_id, Rota.guild_id == guild_id, Rota.active).values(active=False)
    if await session.scalar(statement.returning(Rota.id)) is None:
        raise NoSuchChallenge


async def next_opening(session: AsyncSession) -> datetime | None:
    return await session.scalar(select(Rota.next_at).where(Rota.active).order_by(Rota.next_at).limit(1))


async def open_due(session: AsyncSession, *, now: datetime | None = None) -> list[Challenge]:
    """Make the contests whose week has come; of weeks that passed while the studio was away, only the latest."""
    now = now or await times.of_database(session)
    statement = select(Rota).where(Rota.active, Rota.next_at <= now).order_by(Rota.id).with_for_update()
    made: list[Challenge] = []
    for rota in (await session.scalars(statement.execution_options(populate_existing=True))).all():
        missed = (now - rota.next_at) // WEEK
        planned = rota.next_at + missed * WEEK
        opens_at = planned if now - planned <= phases.GRACE else now
        terms = dict(rota.terms)
        entering, voting = (timedelta(seconds=terms.pop(name)) for name in ("entering", "voting"))
        challenge = await phases.create(
            session,
            NewChallenge(
                guild_id=rota.guild_id,
                channel_id=rota.channel_id,
                created_by=rota.created_by,
                theme=rota.themes[rota.number % len(rota.themes)],
                terms=Terms.from_row(terms),
                opens_at=opens_at,
                votes_at=opens_at + entering,
                closes_at=opens_at + entering + voting,
            ),
            now=now,
        )
        challenge.rota_id, challenge.number = rota.id, rota.number
        rota.number += 1
        rota.next_at = planned + WEEK
        await session.flush()
        made.append(challenge)
    return made
