"""A card that shows a picture which is hidden or deleted by now is drawn again, also by the next process, or later."""

import asyncio
from pathlib import Path
from typing import Any

import discord
import pytest
from sqlalchemy import update

from bot.delivery.deliver import OutOfReach
from bot.delivery.post import EditedTooOften, Post, TooLarge, named
from db import images, retries, times
from db.models import Image, Job
from playground import permissions
from tests.bot.studio import Json, Running, running, world
from tests.bot.test_removing import DENIED


@pytest.mark.parametrize("word", ["hidden", "deleted"])
async def test_a_decision_that_died_before_the_card_was_drawn_is_drawn_after_the_restart(
    tmp_path: Path, sqlite_url: str, word: str
) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            card = await bot.imagine("Ben", steps=1, count=1)
            await bot.delivered(1)
            assert card["attachments"]
            async with bot.database.writing() as session:
                if word == "hidden":
                    await images.withhold(session, 1)
                else:
                    await images.delete(session, 1)
        async with running(tmp_path, sqlite_url, pg=pg):
            await pg.wait_for(lambda: not card["attachments"])
        assert len(pg.messages("studio")) == 1


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is out of reach is tried again at once."""
    monkeypatch.setattr(OutOfReach, "first", 0.05)
    monkeypatch.setattr(OutOfReach, "longest", 0.05)


async def hide(bot: Running, image_id: int = 1) -> None:
    async with bot.database.writing() as session:
        await images.withhold(session, image_id)
        made = await session.get_one(Image, image_id)
    bot.studio.delivery.redraw(await bot.job(made.job_id))


async def in_thread(bot: Running) -> tuple[Json, Json]:
    """A thread of Ben's, and the card of his job in it."""
    thread = await bot.pg.person("Ben").thread("studio", "houses")
    asked = await bot.pg.person("Ben").slash(thread, "imagine", prompt="a house", steps=1)
    assert asked.message is not None, asked.reason
    await bot.pictures(asked.message)
    await bot.delivered(1)
    return thread, asked.message


async def drawn(bot: Running) -> None:
    """Wait until no card is owed."""
    async with asyncio.timeout(20):
        while any(job.outdated_at for job in await bot.jobs()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def refused(bot: Running, count: int = 1) -> None:
    seen = len(bot.pg.refusals)
    await bot.pg.wait_for(lambda: len(bot.pg.refusals) >= seen + count)


async def test_a_card_in_an_archived_thread_is_drawn_again(bot: Running) -> None:
    bot.expected_refusals.add(50083)
    thread, card = await in_thread(bot)
    thread["thread_metadata"]["archived"] = True
    await hide(bot)
    await bot.pg.wait_for(lambda: not card["attachments"])
    await drawn(bot)


@pytest.mark.usefixtures("soon")
async def test_a_card_in_a_locked_thread_is_drawn_when_it_was_unlocked(bot: Running) -> None:
    bot.expected_refusals |= {50083} | DENIED
    bot.pg.overwrite("studio", deny=permissions.MANAGE_THREADS)
    thread, card = await in_thread(bot)
    thread["thread_metadata"] |= {"archived": True, "locked": True}
    await hide(bot)
    await refused(bot, 4)
    assert card["attachments"]
    assert (await bot.job(1)).outdated_at is not None
    thread["thread_metadata"]["locked"] = False
    await bot.pg.wait_for(lambda: not card["attachments"])
    await drawn(bot)


@pytest.mark.usefixtures("soon")
async def test_a_card_that_was_out_of_reach_for_a_moment_is_drawn_then(bot: Running) -> None:
    bot.expected_refusals |= DENIED
    card = await bot.imagine(count=1, steps=1)
    await bot.delivered(1)
    bot.pg.overwrite("studio", deny=permissions.VIEW_CHANNEL)
    await hide(bot)
    await refused(bot, 2)
    bot.pg.overwrite("studio")
    await bot.pg.wait_for(lambda: not card["attachments"])
    await drawn(bot)


async def test_a_card_out_of_reach_does_not_hammer(bot: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.delivery.delivery.POLL", 0.05)
    bot.expected_refusals |= DENIED
    await bot.imagine(count=1, steps=1)
    await bot.delivered(1)
    bot.pg.overwrite("studio", deny=permissions.VIEW_CHANNEL)
    await hide(bot)
    await refused(bot)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(4):
            await refused(bot)


@pytest.mark.usefixtures("soon")
async def test_a_card_that_was_deleted_is_owed_no_more(bot: Running) -> None:
    bot.expected_refusals.add(10008)
    card = await bot.imagine(count=1, steps=1)
    await bot.delivered(1)
    await bot.pg.person("Ada").delete(card["id"])
    await hide(bot)
    await drawn(bot)


async def test_a_card_out_of_reach_for_a_week_is_let_go(bot: Running) -> None:
    bot.expected_refusals |= DENIED
    await bot.imagine(count=1, steps=1)
    await bot.delivered(1)
    bot.pg.overwrite("studio", deny=permissions.VIEW_CHANNEL)
    async with bot.database.writing() as session:
        await images.withhold(session, 1)
        await session.execute(update(Job).values(outdated_at=times.now() - retries.GIVE_UP_AFTER))
    bot.studio.delivery.redraw(await bot.job(1))
    await drawn(bot)


async def test_a_card_drawn_again_goes_down_the_ladder_too(bot: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    card = await bot.imagine(count=2, steps=1)
    await bot.delivered(1)
    original = Post.edit

    async def edit(self: Post, channel_id: int, message_id: int, drawing: Any) -> None:
        if drawing.upload is not None and any(name.endswith(".png") for name, _ in drawing.upload.files):
            raise TooLarge("for the test")
        await original(self, channel_id, message_id, drawing)

    monkeypatch.setattr(Post, "edit", edit)
    async with bot.database.writing() as session:
        await images.delete(session, 1)
    bot.studio.delivery.redraw(await bot.job(1))
    await bot.pg.wait_for(lambda: [one["filename"] for one in card["attachments"]] == ["2.webp"])
    await drawn(bot)


def test_what_was_edited_too_often_is_asked_to_wait() -> None:
    class Answer:
        status, reason = 429, "Too Many Requests"

    error = discord.HTTPException(Answer(), {"code": 30046, "message": "Try again later."})  # type: ignore[arg-type]
    problem = named(error)
    assert isinstance(problem, EditedTooOften)
    assert problem.longest > 60
