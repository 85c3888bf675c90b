"""The podium after the result: it shows no more than may still be shown, whatever becomes of pictures and people."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from bot.house import acts
from db import guilds, images, jobs, reports, shares, users
from db.challenges import results
from db.models import Award, AwardKind, Job, Phase
from playground import permissions
from tests.bot.contest import (
    DAY,
    add_role,
    advance,
    answer,
    contests,
    later,
    public,
    question,
    reached,
    role,
    texts,
    voting,
    walk,
)
from tests.bot.studio import Json, Running, world


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    async with world() as pg:
        add_role(pg, "Laurel", 1)
        advance(pg, DAY)
        async with contests(tmp_path, sqlite_url, pg) as started:
            yield started
            started.was_polite()


async def podium(bot: Running, **options: object) -> Json:
    """The message of a contest in which Ben's picture 1 and Cleo's picture 2 have places."""
    number = await voting(bot, "Ben", "Cleo", **options)
    await answer(bot, "Dan", await question(bot, "Dan"), "Left")
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    return public(bot)[-1]


async def redrawn(bot: Running, message: Json, files: int) -> str:
    """Wait until the podium has this many pictures; its words."""
    bot.studio.challenges.wake()
    await bot.pg.wait_for(lambda: len(message["attachments"]) == files, what=texts(message))
    assert len([item for part in walk(message) if part["type"] == 12 for item in part["items"]]) == files
    return texts(message)


async def test_a_deleted_picture_leaves_the_podium_and_its_place_stays(bot: Running) -> None:
    shown = await podium(bot)
    assert texts(shown).count("a lighthouse") == 2
    card = next(one for one in bot.pg.messages("studio") if one["attachments"])
    asked = await bot.pg.person("Ben").menu(card, "Cancel or delete")
    await bot.pg.wait_for(lambda: asked.message is not None and asked.message["content"] == "Deleted.")
    words = await redrawn(bot, shown, 1)
    assert words.count("a lighthouse") == 1
    assert "its picture is not shown" in words
    assert bot.pg.person("Ben").mention in words


async def test_a_hidden_picture_leaves_the_podium_and_comes_back_when_it_is_restored(bot: Running) -> None:
    shown = await podium(bot)
    guild_id, ada = int(bot.pg.channel("studio")["guild_id"]), int(bot.pg.person("Ada").id)
    async with bot.database.writing() as session:
        await guilds.touch(session, guild_id, "")
        await users.touch(session, ada, "Ada")
        report = await reports.put(session, guild_id, 2, reporter_id=ada, reason="")
        image = await images.get(session, 2)
        assert report is not None
        assert image is not None
        job = await jobs.get(session, image.job_id)
        assert job is not None
        await acts.hide(session, report, job, ada)
    assert "its picture is not shown" in await redrawn(bot, shown, 1)
    async with bot.database.writing() as session:
        await acts.restore(session, report, job, ada)
    assert "its picture is not shown" not in await redrawn(bot, shown, 2)


async def test_a_podium_whose_edit_is_refused_is_tried_again_later_and_not_all_the_time(bot: Running) -> None:
    bot.expected_refusals = {50001}
    shown = await podium(bot)
    bot.pg.overwrite("challenges", deny=permissions.VIEW_CHANNEL)
    async with bot.database.writing() as session:
        await images.withhold(session, 2)
    for tries in (1, 2, 3):
        bot.studio.challenges.wake()
        await bot.pg.wait_for(lambda tries=tries: len(bot.pg.refusals) == tries)
        for _ in range(3):
            bot.studio.challenges.wake()
            await asyncio.sleep(0.1)
        assert len(bot.pg.refusals) == tries
        advance(bot.pg, timedelta(minutes=2))
    bot.pg.overwrite("challenges")
    assert "its picture is not shown" in await redrawn(bot, shown, 1)


async def test_a_forgotten_persons_place_stays_without_name_and_picture(bot: Running) -> None:
    shown = await podium(bot)
    ben = bot.pg.person("Ben")
    asked = await ben.slash("studio", "privacy delete")
    done = await ben.submit(asked, {"words": "Delete everything"})
    await bot.pg.wait_for(lambda: bool(done.message and done.message["content"]))
    await bot.pg.wait_for(lambda: ben.mention not in texts(shown), what=texts(shown))
    assert "somebody who left" in await redrawn(bot, shown, 1)


async def test_a_prompt_that_its_author_hides_is_neither_on_the_podium_nor_in_its_file(bot: Running) -> None:
    shown = await podium(bot)
    async with bot.database.writing() as session:
        await shares.share(session, 1, show_prompt=False, anonymous=True)
    bot.studio.challenges.wake()
    await bot.pg.wait_for(lambda: texts(shown).count("a lighthouse") == 1, what=texts(shown))
    assert bot.pg.person("Ben").mention in texts(shown)
    assert "its picture is not shown" not in texts(shown)
    told = [b"lighthouse" in _plain(bot.pg.attachment_bytes(file)) for file in shown["attachments"]]
    assert sorted(told) == [False, True]


def _plain(content: bytes) -> bytes:
    """EXIF says it in UTF-16."""
    return content.replace(b"\0", b"")


async def test_a_channel_that_is_no_longer_age_restricted_gets_no_picture_from_one_that_was(bot: Running) -> None:
    number = await voting(bot, "Ben", "Cleo")
    await answer(bot, "Dan", await question(bot, "Dan"), "Left")
    async with bot.database.writing() as session:
        first = await images.get(session, 1)
        assert first is not None
        await session.execute(update(Job).where(Job.id == first.job_id).values(nsfw=True))
    await later(bot, DAY)
    await reached(bot, number, Phase.DONE)
    shown = public(bot)[-1]
    assert len(shown["attachments"]) == 1
    assert texts(shown).count("a lighthouse") == 1


async def test_a_role_for_a_winner_who_was_forgotten_meanwhile_is_settled_and_nothing_is_pinned(bot: Running) -> None:
    await podium(bot)
    async with bot.database.writing() as session:
        session.add(Award(challenge_id=1, kind=AwardKind.ROLE, user_id=None, amount=int(role(bot, "Laurel"))))
    bot.studio.challenges.wake()

    async with asyncio.timeout(10):
        while await _owed(bot):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    async with bot.database.reading() as session:
        (award,) = await results.awards(session, 1)
    assert award.failed_for == "the winner was forgotten"
    assert not any(message.get("pinned") for message in bot.pg.messages("challenges"))


async def _owed(bot: Running) -> bool:
    async with bot.database.reading() as session:
        return bool(await results.owed(session))
