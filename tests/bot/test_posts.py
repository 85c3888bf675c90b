"""Gallery posts that Discord refuses, that a dead process left behind, that stand in the way, that somebody deleted."""

import asyncio
from pathlib import Path

from sqlalchemy import update

from db import images, shares
from db.models import Share
from playground import permissions
from tests.bot.studio import Running, running, world
from tests.bot.test_sharing import post, posts, pressed, row, share, shown, use_gallery, words


async def test_a_refused_edit_waits_however_many_hearts_come_and_is_made_by_the_next_process(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await use_gallery(bot)
            card = await bot.imagine("Ben", count=1, steps=1)
            await share(bot, card)
            made = await post(bot)
            await shown(bot)
            pg.overwrite("gallery", deny=permissions.VIEW_CHANNEL)
            await share(bot, card, "Ben", "Prompt shown")
            async with asyncio.timeout(20):
                while (await row(bot)).refused_at is None:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            tried = len(pg.refusals)
            for person in ("Ada", "Cleo", "Dan"):
                await pg.person(person).click(card, "❤️")
                await asyncio.sleep(0.3)
            assert len(pg.refusals) == tried
        assert "red house" in words(made)
        pg.overwrite("gallery")
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            async with bot.database.writing() as session:  # the pause after a refusal is over
                await session.execute(update(Share).values(due_at=Share.refused_at))
            bot.studio.poster.wake()
            await pg.wait_for(lambda: "red house" not in words(made))
            await shown(bot)
            assert pressed(made, "a:like:").get("label") == "3"
            assert (await row(bot)).refused_at is None


async def test_a_post_in_an_archived_thread_is_brought_up_to_date_too(bot: Running) -> None:
    bot.expected_refusals.add(50083)
    await use_gallery(bot, "showcase")
    card = await bot.imagine("Ben", count=1, steps=1)
    await share(bot, card)
    await shown(bot)
    thread = bot.pg.world.channels[str((await row(bot)).thread_id)]
    thread["thread_metadata"]["archived"] = True
    await share(bot, card, "Ben", "Prompt shown")
    await bot.pg.wait_for(lambda: thread["name"] == "A shared picture", what=thread["name"])
    await shown(bot)


async def test_what_a_dead_process_posted_is_found_and_not_posted_again(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await use_gallery(bot)
            card = await bot.imagine("Ben", count=1, steps=1)
            await share(bot, card)
            await post(bot)
            await shown(bot)
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            async with bot.database.writing() as session:  # as it is when the process dies between post and row
                found = await shares.of_image(session, 1)
                assert found is not None
                found.message_id, found.shown, found.wanted = None, 0, found.wanted + 1
            bot.studio.poster.wake()
            await shown(bot)
            assert len(posts(bot)) == 1
            await bot.pg.person("Cleo").click(posts(bot)[0], "a:like:1")
            await bot.pg.wait_for(lambda: pressed(posts(bot)[0], "a:like:").get("label") == "1")
            async with bot.database.writing() as session:
                await images.delete(session, 1)
            bot.studio.poster.wake()
            await bot.pg.wait_for(lambda: posts(bot) == [])
            bot.was_polite()


async def test_a_gallery_in_the_channel_of_the_commands_never_takes_a_result_for_its_post(bot: Running) -> None:
    await use_gallery(bot, "studio")
    card = await bot.imagine("Ben", count=1, steps=1)
    await share(bot, card)
    await shown(bot)
    async with bot.database.writing() as session:  # as it is when the process dies before it posts
        found = await shares.of_image(session, 1)
        assert found is not None
        await (
            bot.studio.get_partial_messageable(int(card["channel_id"]))
            .get_partial_message(found.message_id or 0)
            .delete()
        )
        found.message_id, found.wanted = None, found.wanted + 1
    bot.studio.poster.wake()
    await shown(bot)
    assert str((await row(bot)).message_id) != card["id"]
    assert card["content"].startswith("**a red house")


async def test_a_post_that_a_moderator_deleted_by_hand_is_left_alone(bot: Running) -> None:
    bot.expected_refusals.add(10008)
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=1, steps=1)
    await share(bot, card)
    made = await post(bot)
    await shown(bot)
    await bot.pg.person("Ada").delete(made)
    await bot.pg.person("Cleo").click(card, "❤️")
    async with asyncio.timeout(20):
        while (await row(bot)).given_up_for is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert ((await row(bot)).likes, posts(bot)) == (1, [])
