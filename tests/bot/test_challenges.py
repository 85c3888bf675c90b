"""Contests as people meet them: by command and by button, in the playground."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from db.models import Phase
from tests.bot.contest import DAY, contests, create, later, places, pressable, public, reached, seen, texts
from tests.bot.studio import Running


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    async with contests(tmp_path, sqlite_url) as started:
        yield started
        started.was_polite()


async def enter(bot: Running, person: str, challenge_id: int, prompt: str = "a lighthouse") -> None:
    """Make a picture and enter it from the card."""
    await bot.imagine(person, prompt=prompt, count=1, steps=1)
    card = public(bot)[0]
    offered = seen(await bot.pg.person(person).click(card, "Enter"))
    await bot.pg.wait_for(lambda: "Enter 1" in pressable(offered))
    entered = seen(await bot.pg.person(person).click(offered, "Enter 1"))
    await bot.pg.wait_for(lambda: entered["content"].startswith("In: "), what=entered["content"])


async def test_a_contest_from_its_making_to_its_podium(bot: Running) -> None:
    number = await create(bot, credits=20, description="At the sea")
    await reached(bot, number, Phase.OPEN)
    (card,) = public(bot)
    assert "Lighthouses" in texts(card)
    assert list(pressable(card)) == ["Enter", "My entries", "How it works"]
    for person in ("Ben", "Cleo"):
        await enter(bot, person, number)
    await later(bot, DAY)
    await reached(bot, number, Phase.VOTING)
    card, notice = public(bot)
    assert "Vote" in pressable(card)
    asked = await bot.pg.person("Dan").click(notice, "Vote")
    question = seen(asked)
    await bot.pg.wait_for(lambda: len(question["attachments"]) == 2)
    await bot.pg.person("Dan").click(question, "Left")
    await bot.pg.wait_for(lambda: "Thank you" in texts(question), what=texts(question))
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    assert len(await places(bot, number)) == 2
    *_, podium = public(bot)
    assert "1 person voted on 2 entries" in texts(podium)
    assert [one["filename"] for one in podium["attachments"]] == ["1.webp", "2.webp"]
    assert "20 credits" in texts(podium)
