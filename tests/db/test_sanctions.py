"""Who is shut out, asked for one person and for a crowd; and the third strike, whoever deals it."""

import asyncio
from datetime import timedelta

from db import sanctions
from db.database import Database
from db.models import SanctionKind
from tests.db.gallery import GUILD, meet
from tests.db.people import ADA, BEN, CAT, NOON

HOUR = timedelta(hours=1)


async def test_a_crowd_is_told_the_longest_of_what_holds_and_only_those_who_are_shut_out(database: Database) -> None:
    await meet(database, ADA, BEN, CAT)
    async with database.writing() as session:

        async def put(user_id: int, kind: SanctionKind, hours: int | None, guild_id: int = GUILD) -> None:
            until = None if hours is None else NOON + hours * HOUR
            await sanctions.put(session, guild_id, user_id, kind, by_id=ADA, reason=str(hours), until=until, now=NOON)

        await put(BEN, SanctionKind.TIMEOUT, 5)
        await put(BEN, SanctionKind.TIMEOUT, 2)
        await put(CAT, SanctionKind.BAN, None)
        await put(CAT, SanctionKind.TIMEOUT, 9)
        await put(ADA, SanctionKind.WARNING, None)
        await put(ADA, SanctionKind.TIMEOUT, -1)
        await put(ADA, SanctionKind.BAN, None, GUILD + 1)
        held = await sanctions.shut_out_of(session, GUILD, [ADA, BEN, CAT], now=NOON)
        assert {user_id: one.reason for user_id, one in held.items()} == {BEN: "5", CAT: "None"}
        alone = await sanctions.shut_out(session, None, ADA, now=NOON)
        assert alone is not None
        assert alone.guild_id == GUILD + 1


async def test_of_two_warnings_at_once_the_third_strike_is_a_time_out(database: Database) -> None:
    await meet(database, ADA, BEN, CAT)
    begun = asyncio.Event()

    async def warn(by_id: int, held: float) -> SanctionKind:
        async with database.writing() as session:
            made = await sanctions.warn(session, GUILD, CAT, by_id=by_id, reason="", now=NOON)
            begun.set()
            await asyncio.sleep(held)
            return made.kind

    async def second() -> SanctionKind:
        await begun.wait()
        return await warn(BEN, 0)

    async with database.writing() as session:
        await sanctions.warn(session, GUILD, CAT, by_id=ADA, reason="", now=NOON)
    assert await asyncio.gather(warn(ADA, 0.2), second()) == [SanctionKind.WARNING, SanctionKind.TIMEOUT]
