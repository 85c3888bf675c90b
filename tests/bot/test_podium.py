"""The podium of a finished contest, after one of those on it has gone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.models import Phase
from tests.bot.contest import DAY, contests, later, public, reached, texts
from tests.bot.studio import Running
from tests.bot.test_challenges import answer, question, voting
from tests.bot.test_privacy import deleted


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    async with contests(tmp_path, sqlite_url) as started:
        yield started
        started.was_polite()


async def test_a_forgotten_person_leaves_the_podium_and_the_others_stay(bot: Running) -> None:
    number = await voting(bot, "Ben", "Cleo")
    await answer(bot, "Dan", await question(bot, "Dan"), "Left")
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    ben, cleo = bot.pg.person("Ben"), bot.pg.person("Cleo")
    podium = next(one for one in public(bot) if one["attachments"])
    assert ben.mention in texts(podium)
    assert len(podium["attachments"]) == 2
    await deleted(bot, "Ben")
    await bot.pg.wait_for(lambda: ben.id not in str(podium) and len(podium["attachments"]) == 1)
    assert cleo.mention in texts(podium)
