"""Every message that shows a picture goes with it, at once or as soon as it can be reached, in whichever process."""

import asyncio
from pathlib import Path

from sqlalchemy import update

from db import reports, shares
from db.models import Removal
from playground import permissions
from tests.bot.court import labels_of
from tests.bot.studio import Json, Running, running, world
from tests.bot.test_gallery import ask, like
from tests.bot.test_moderation import desk_card, report, shared
from tests.bot.test_privacy import deleted
from tests.bot.test_sharing import post, posts, row, shown, use_gallery

DENIED = {50001, 50013}


async def gone(bot: Running, *messages: Json) -> None:
    """Wait until none of these messages stands any more."""
    places, ids = {one["channel_id"] for one in messages}, {one["id"] for one in messages}
    await bot.pg.wait_for(
        lambda: ids.isdisjoint(one["id"] for place in places for one in bot.pg.messages(place)), timeout=30
    )


async def copies(bot: Running, card: Json, job: int) -> list[Json]:
    """Everything in which the bot shows Ben's liked and shared picture again to everybody."""
    single = (await bot.pg.person("Cleo").click(card, "U1")).message
    again = (await bot.pg.person("Ben").slash("general", "show", job=str(job))).message
    assert single is not None
    assert again is not None
    await bot.pg.wait_for(lambda: single["attachments"] and again["attachments"])
    return [single, again, await ask(bot, "top"), await ask(bot, "profile", "Ben")]


async def test_deleting_a_picture_takes_every_message_away_that_shows_it(bot: Running) -> None:
    card = await bot.imagine("Ben", count=2, steps=1)
    async with bot.database.writing() as session:
        await shares.share(session, 1)
    await like(bot, 1, "Cleo")
    made = await copies(bot, card, 1)
    assert all(one["attachments"] for one in made)
    kept = await bot.imagine("Cleo", count=2, steps=1)
    theirs = (await bot.pg.person("Ben").click(kept, "U1")).message
    assert theirs is not None
    await bot.pg.wait_for(lambda: theirs["attachments"])
    await bot.pg.person("Ben").click(made[0], "Delete")
    await gone(bot, *made)
    assert theirs["id"] in {one["id"] for one in bot.pg.messages("studio")}


async def test_hiding_a_picture_takes_every_message_away_that_shows_it_to_everybody(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    await ada.slash("general", "admin channel", use="reports")
    card = await bot.imagine("Ben", count=2, steps=1)
    async with bot.database.writing() as session:
        await shares.share(session, 1)
        await reports.put(session, int(bot.pg.channel("studio")["guild_id"]), 1, reporter_id=None, reason="")
    await like(bot, 1, "Cleo")
    made = await copies(bot, card, 1)
    other = (await bot.pg.person("Cleo").click(card, "U2")).message
    assert other is not None
    await bot.pg.wait_for(lambda: other["attachments"])
    bot.studio.desk.wake()
    asked = await desk_card(bot)
    await ada.click(asked, "Hide")
    await gone(bot, *made)
    await bot.pg.wait_for(lambda: "Show it" in labels_of(asked))
    await ada.click(asked, "Show it")
    await bot.pg.wait_for(lambda: "Show it" not in labels_of(asked))
    assert other["id"] in {one["id"] for one in bot.pg.messages("studio")}
    await bot.pg.wait_for(lambda: "U1" in labels_of(card))
    again = (await bot.pg.person("Cleo").click(card, "U1")).message
    assert again is not None
    await bot.pg.wait_for(lambda: again["attachments"])


async def test_who_deletes_everything_leaves_no_message_that_shows_their_pictures(bot: Running) -> None:
    card = await bot.imagine("Ben", count=2, steps=1)
    async with bot.database.writing() as session:
        await shares.share(session, 1)
    await like(bot, 1, "Cleo")
    made = await copies(bot, card, 1)
    await deleted(bot, "Ben")
    await gone(bot, card, *made)


async def test_the_moderators_cards_of_a_forgotten_person_go_too(bot: Running) -> None:
    await bot.pg.person("Ada").slash("general", "admin channel", use="reports")
    await shared(bot)
    await report(bot)
    card = await desk_card(bot)
    await bot.pg.person("Ada").slash("general", "admin filter", ask="zeppelin")
    await bot.pg.person("Ben").slash("studio", "imagine", prompt="a zeppelin", steps=1)
    held = await desk_card(bot, "a:word:")
    await deleted(bot, "Ben")
    await gone(bot, card, held)


async def test_what_cannot_be_taken_away_now_is_taken_away_by_the_next_process(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            card = await bot.imagine("Ben", steps=1, count=1)
            pg.overwrite("studio", deny=permissions.VIEW_CHANNEL)
            await deleted(bot, "Ben")
            await pg.wait_for(lambda: any(one.code in DENIED for one in pg.refusals))
        assert card["id"] in {one["id"] for one in pg.messages("studio")}
        pg.overwrite("studio")
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            async with bot.database.writing() as session:  # the pause after a refusal is over
                await session.execute(update(Removal).values(due_at=Removal.asked_at))
            bot.studio.tidy()
            await gone(bot, card)


async def test_a_post_that_was_out_of_reach_for_a_moment_goes_with_its_picture(bot: Running) -> None:
    bot.expected_refusals |= DENIED
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=2, steps=1)
    async with bot.database.writing() as session:
        place = int(bot.pg.channel("gallery")["id"])
        await shares.share(session, 1, channel_id=place)
    bot.studio.poster.wake()
    made = await post(bot)
    await shown(bot)
    bot.pg.overwrite("gallery", deny=permissions.VIEW_CHANNEL)
    await like(bot, 1, "Cleo")
    bot.studio.poster.wake()
    await bot.pg.wait_for(lambda: any(one.code in DENIED for one in bot.pg.refusals))
    await refused(bot)
    assert (await row(bot)).message_id == int(made["id"])
    bot.pg.overwrite("gallery")
    single = (await bot.pg.person("Ben").click(card, "U1")).message
    assert single is not None
    await bot.pg.wait_for(lambda: single["attachments"])
    await bot.pg.person("Ben").click(single, "Delete")
    await bot.pg.wait_for(lambda: posts(bot) == [])


async def refused(bot: Running) -> None:
    """Wait until the row says that its post was refused."""
    async with asyncio.timeout(20):
        while (await row(bot)).refused_at is None:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def test_what_describes_somebodys_picture_goes_with_it(bot: Running) -> None:
    card = await bot.imagine("Ben", steps=1, count=1)
    described = (await bot.pg.person("Cleo").menu(card, "Describe")).message
    assert described is not None
    # Pictures are decoded in a process of their own and read by a model: seconds, on a busy machine many.
    await bot.pg.wait_for(lambda: described["attachments"], 90)
    await deleted(bot, "Ben")
    await gone(bot, card, described)
