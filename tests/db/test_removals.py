"""Messages that are to be taken away: what asks for it, how long each is tried, and what the rows tell."""

from datetime import timedelta

from sqlalchemy import select

from db import guilds, images, privacy, removals, reports, reviews, showings
from db.database import Database
from db.models import Image, Job, Removal, Report, Showing
from tests.db.gallery import GUILD, meet, paint
from tests.db.people import ADA, BEN, NOON, wish


async def waiting(database: Database) -> set[tuple[int, int]]:
    async with database.reading() as session:
        return {(one.channel_id, one.message_id) for one in await session.scalars(select(Removal))}


async def test_a_message_goes_with_any_of_the_pictures_it_shows(database: Database) -> None:
    await meet(database)
    one, other, third = await paint(database, pictures=3)
    async with database.writing() as session:
        assert await showings.put(session, 70, 1, [one, other])
        assert await showings.put(session, 71, 2, [one])
        assert await showings.put(session, 70, 3, [third])
        assert await showings.put(session, 70, 3, [third])
        await images.delete(session, one, now=NOON)
        await images.delete(session, other, now=NOON)
    assert await waiting(database) == {(70, 1), (71, 2)}
    async with database.writing() as session:
        assert [row.message_id for row in await session.scalars(select(Showing))] == [3]
        assert not await showings.put(session, 70, 4, [one, third])


async def test_a_withheld_picture_is_shown_in_no_message_until_it_is_restored(database: Database) -> None:
    await meet(database)
    one, other = await paint(database, pictures=2)
    async with database.writing() as session:
        assert await showings.put(session, 70, 1, [one, other])
        assert await showings.put(session, 70, 2, [other])
        assert await images.withhold(session, one)
        assert not await showings.put(session, 70, 3, [one, other])
    assert await waiting(database) == {(70, 1)}
    async with database.writing() as session:
        assert [row.message_id for row in await session.scalars(select(Showing))] == [2]
        assert await images.withhold(session, one, withheld=False)
        assert await showings.put(session, 70, 4, [one])
    assert await waiting(database) == {(70, 1)}


async def test_a_message_out_of_reach_is_tried_ever_more_seldom_and_for_a_week(database: Database) -> None:
    async with database.writing() as session:
        await removals.put(session, [(70, 1), (70, 2)], now=NOON)
        await removals.put(session, [(70, 1)], now=NOON)
        await removals.done(session, 2)
    moment, tries = NOON, 0
    async with database.writing() as session:
        while (found := await session.get(Removal, 1)) is not None:
            assert await removals.due(session, 9, now=found.due_at - timedelta(seconds=1)) == []
            moment, tries = found.due_at, tries + 1
            assert [one.message_id for one in await removals.due(session, 9, now=moment)] == [1]
            await removals.put_off(session, 1, refused=True, now=moment)
    assert timedelta(days=7) < moment - NOON < timedelta(days=7, hours=7)
    assert tries < 50
    assert await waiting(database) == set()
    async with database.writing() as session:
        await removals.put(session, [(70, 3)], now=NOON)
        assert await removals.put_off(session, 3, refused=False, now=NOON + timedelta(days=30))
    assert await waiting(database) == {(70, 3)}


async def test_who_is_forgotten_leaves_messages_to_take_away_and_nothing_of_themselves(database: Database) -> None:
    await meet(database)
    mine, theirs = (await paint(database, pictures=1))[0], (await paint(database, BEN, pictures=1))[0]
    async with database.writing() as session:
        for image_id, message in ((mine, 11), (theirs, 21)):
            job = await session.get_one(Job, (await session.get_one(Image, image_id)).job_id)
            job.channel_id, job.card_message_id = 70, message
            await showings.put(session, 71, message + 1, [image_id])
            report = await reports.put(session, GUILD, image_id, reporter_id=None, reason="")
            assert report is not None
            await reports.set_card(session, report.id, 72, message + 2)
        held = await reviews.put(session, [wish(ADA, guild_id=GUILD, prompt="held")], word="held", limit=9)
        assert held is not None
        await reviews.set_card(session, held.id, 72, 14)
        await guilds.touch(session, GUILD, "a server")
    async with database.writing() as session:
        await privacy.forget(session, ADA, now=NOON)
    assert await waiting(database) == {(70, 11), (71, 12), (72, 13), (72, 14)}
    async with database.reading() as session:
        assert await privacy.traces(session, "held") == []
        assert [one.image_id for one in await reports.uncarded(session, GUILD)] == []
        found = {one.image_id: one for one in await session.scalars(select(Report))}
        assert (found[mine].card_message_id, found[mine].closed_at) == (None, NOON)
        assert (found[theirs].card_message_id, found[theirs].closed_at) == (23, None)
