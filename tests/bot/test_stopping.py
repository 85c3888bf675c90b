"""A stop while people press and type: whoever was heard is answered, and what they were told is in the rows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from db import likes
from db.database import Database
from db.models import Image
from playground import Interaction
from tests.bot.studio import Running, running, world
from tests.bot.test_sharing import post, share, use_gallery


@asynccontextmanager
async def held(database: Database) -> AsyncIterator[None]:
    """The disk is slow: nobody else writes until half a second after the stop has begun."""
    release = asyncio.Event()

    async def hold(entered: asyncio.Event) -> None:
        async with database.writing():
            entered.set()
            await release.wait()
            await asyncio.sleep(0.5)

    entered = asyncio.Event()
    holding = asyncio.create_task(hold(entered))
    await entered.wait()
    try:
        yield
    finally:
        release.set()
    assert not holding.done()


async def test_presses_and_commands_under_way_at_a_stop_are_answered_and_done(
    tmp_path: Path, sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[asyncio.Task[Interaction]] = []
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await use_gallery(bot)
            card = await bot.imagine("Ben", count=1, steps=1)
            await share(bot, card)
            made = await post(bot)
            unwanted = await bot.imagine("Ben", count=1, steps=1)
            async with held(bot.database):
                asked += [
                    asyncio.create_task(pg.person("Cleo").click(made, "a:like:1")),
                    asyncio.create_task(pg.person("Dan").click(made, "a:like:1")),
                    asyncio.create_task(pg.person("Ben").slash("studio", "imagine", prompt="a boat", count=1)),
                    asyncio.create_task(pg.person("Dan").slash("studio", "info")),
                ]
                await pg.person("Ben").react(unwanted, "❌")
                await _heard(bot, 5)
        async with asyncio.timeout(20):
            answers = [await one for one in asked]
    assert [one.state for one in answers] == ["acknowledged", "acknowledged", "done", "done"]
    async with Database.open(sqlite_url) as database, database.reading() as session:
        assert await likes.of_image(session, 1) == 2
        assert (await session.get_one(Image, 2)).deleted_at is not None
    assert unwanted["id"] not in [one["id"] for one in pg.messages("studio")]
    assert [record for record in caplog.records if record.levelname in ("ERROR", "CRITICAL")] == []


async def _heard(bot: Running, count: int) -> None:
    """Wait until the bot is at work on so many interactions."""
    async with asyncio.timeout(10):
        while len(bot.studio.answering()) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
