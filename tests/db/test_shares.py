import asyncio
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from db import gallery, images, likes, removals, shares
from db.database import Database
from db.errors import NotShareable
from db.gallery import View
from db.likes import Press
from db.models import Image, Like, Share, Visibility
from tests.db.gallery import GUILD, meet, paint, shown
from tests.db.people import BEN, CAT, NOON

CHANNEL = 70


async def share(database: Database, image_id: int, **wish: object) -> Share:
    async with database.writing() as session:
        return await shares.share(session, image_id, now=NOON, **{"channel_id": CHANNEL} | wish)  # type: ignore[arg-type]


async def due(database: Database, at: datetime | None = None) -> list[int]:
    async with database.reading() as session:
        return [one.image_id for one in await shares.due(session, 10, now=at)]


async def refused(database: Database, share_id: int, at: datetime) -> bool:
    async with database.writing() as session:
        return await shares.put_off(session, share_id, "unreachable", now=at)


async def test_a_picture_is_shared_once_however_often_and_by_whichever_wish(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    first = await share(database, image)
    again = await share(database, image, show_prompt=False, anonymous=True)
    assert (first.id, first.wanted) == (again.id, again.wanted - 1)
    (seen,) = await shown(database)
    assert (seen.prompt, seen.author_name) == (None, None)


async def test_what_is_unshared_leaves_the_gallery_and_its_post_is_due_to_go(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    shared = await share(database, image)
    async with database.writing() as session:
        await shares.stands(session, shared.id, shared.wanted, message_id=5)
    assert await due(database) == []
    async with database.writing() as session:
        assert await shares.unshare(session, image)
        assert not await shares.unshare(session, image)
    assert await shown(database) == []
    assert await due(database) == [image]


async def test_hidden_by_a_moderator_it_stays_away_until_it_is_restored(database: Database) -> None:
    await meet(database)
    shared, unshared = await paint(database, pictures=2)
    await share(database, shared)
    async with database.writing() as session:
        for image in (shared, unshared):
            assert await shares.hide(session, image, CAT, now=NOON)
            assert not await shares.hide(session, image, CAT)
    assert await shown(database) == []
    for image in (shared, unshared):
        with pytest.raises(NotShareable) as refused:
            await share(database, image)
        assert refused.value.reason == "hidden"
    async with database.writing() as session:
        for image in (shared, unshared):
            assert await shares.restore(session, image)
            assert not await shares.restore(session, image)
    assert [one.image.id for one in await shown(database)] == [shared]


async def test_of_two_moderators_who_hide_a_picture_at_once_one_did(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    begun = asyncio.Event()

    async def first() -> bool:
        async with database.writing() as session:
            done = await shares.hide(session, image, BEN, now=NOON)
            begun.set()
            await asyncio.sleep(0.2)
            return done

    async def second() -> bool:
        await begun.wait()
        async with database.writing() as session:
            return await shares.hide(session, image, CAT, now=NOON)

    assert await asyncio.gather(first(), second()) == [True, False]
    async with database.reading() as session:
        hidden = await shares.of_image(session, image)
    assert hidden is not None
    assert hidden.hidden_by_id == BEN


async def test_deleting_a_picture_takes_its_share_its_words_and_its_likes(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    await share(database, image)
    async with database.writing() as session:
        await likes.press(session, [Press(image, BEN)])
        await images.delete(session, image, now=NOON)
        assert (await session.scalars(select(Like))).all() == []
        assert (await session.execute(text("SELECT rowid FROM search"))).all() == []
    assert await shown(database) == []
    assert await due(database) == [image]
    with pytest.raises(NotShareable) as refused:
        await share(database, image)
    assert refused.value.reason == "deleted"


async def test_neither_unsure_pictures_nor_those_of_direct_messages_are_shared(database: Database) -> None:
    await meet(database)
    unsure, _ = await paint(database, pictures=2)
    (direct,) = await paint(database, pictures=1, guild_id=None)
    async with database.writing() as session:
        await session.execute(update(Image).where(Image.id == unsure).values(unsure=True))
    for image, reason in ((unsure, "unsure"), (direct, "no server"), (404, "deleted")):
        with pytest.raises(NotShareable) as refused:
            await share(database, image)
        assert refused.value.reason == reason
    async with database.writing() as session:
        assert await shares.hide(session, unsure, CAT)


async def test_likes_from_before_the_sharing_count(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    async with database.writing() as session:
        await likes.press(session, [Press(image, BEN), Press(image, CAT)], now=NOON - timedelta(hours=1))
    assert (await share(database, image)).likes == 2


async def test_a_post_that_stands_keeps_its_channel_and_one_that_was_given_up_takes_the_new_one(
    database: Database,
) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    shared = await share(database, image)
    async with database.writing() as session:
        await shares.stands(session, shared.id, shared.wanted, message_id=5)
    assert (await share(database, image, channel_id=71)).channel_id == CHANNEL
    async with database.writing() as session:
        await shares.give_up(session, shared.id, "gone", gone=True)
    assert await due(database) == []
    again = await share(database, image, channel_id=71, visibility=Visibility.PUBLIC)
    assert (again.channel_id, again.given_up_for) == (71, None)
    assert await due(database) == [image]


async def test_a_post_that_was_out_of_reach_once_is_due_again_with_the_next_change(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    shared = await share(database, image)
    for change in ("like", "unshare", "delete"):
        async with database.writing() as session:
            await shares.stands(session, shared.id, 10, message_id=5)
            await session.execute(update(Share).values(wanted=11))
            await shares.give_up(session, shared.id, "unreachable", gone=False)
        assert await due(database) == []
        async with database.writing() as session:
            if change == "like":
                await likes.press(session, [Press(image, BEN)])
            elif change == "unshare":
                await shares.unshare(session, image)
            else:
                await images.delete(session, image)
        assert await due(database) == [image]
    async with database.reading() as session:
        kept = await shares.get(session, shared.id)
        assert kept is not None
        assert kept.message_id == 5


async def test_a_refused_post_is_tried_ever_more_seldom_and_after_a_week_with_its_next_change(
    database: Database,
) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    shared, at, tries = await share(database, image), NOON, 0
    async with database.writing() as session:
        await session.execute(update(Share).values(message_id=5))
    while await refused(database, shared.id, at):
        assert await due(database, at) == []
        async with database.reading() as session:
            waits = await shares.get(session, shared.id)
        assert waits is not None
        assert waits.due_at is not None
        at, tries = waits.due_at, tries + 1
        assert await due(database, at) == [image]
    assert NOON + timedelta(days=7) < at < NOON + timedelta(days=8)
    assert tries < 50
    assert await due(database, at + timedelta(days=99)) == []
    async with database.writing() as session:
        await likes.press(session, [Press(image, BEN)])
    assert await due(database, at) == [image]
    assert await refused(database, shared.id, at), "a change begins another week"


async def test_a_heart_does_not_hurry_a_refused_post_and_what_must_not_be_seen_any_more_does(
    database: Database,
) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    shared = await share(database, image)
    assert await refused(database, shared.id, NOON)
    async with database.writing() as session:
        await likes.press(session, [Press(image, BEN)])
    assert await due(database, NOON) == []
    await share(database, image, show_prompt=False)
    assert await due(database, NOON) == [image]
    assert await refused(database, shared.id, NOON)
    async with database.writing() as session:
        await shares.hide(session, image, CAT)
    assert await due(database, NOON) == [image]


async def test_a_post_that_was_refused_and_stands_now_is_refused_anew_from_the_beginning(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    shared = await share(database, image)
    assert await refused(database, shared.id, NOON)
    async with database.writing() as session:
        await shares.stands(session, shared.id, shared.wanted, message_id=5)
        await likes.press(session, [Press(image, BEN)])
    later = NOON + timedelta(days=30)
    assert await due(database, later) == [image]
    assert await refused(database, shared.id, later)


async def test_many_posts_that_wait_in_one_channel_do_not_keep_another_waiting(database: Database) -> None:
    await meet(database)
    *crowd, other = await paint(database, pictures=4)
    for image in crowd:
        await share(database, image)
    await share(database, other, channel_id=71)
    async with database.reading() as session:
        assert [one.image_id for one in await shares.due(session, 2)] == [*crowd[:2], other]


async def test_a_refused_post_is_left_to_be_taken_away_when_shared_into_another_channel(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    shared = await share(database, image)
    async with database.writing() as session:
        await shares.stands(session, shared.id, shared.wanted, message_id=5)
    assert await refused(database, shared.id, NOON)
    again = await share(database, image, channel_id=71)
    assert (again.channel_id, again.message_id) == (71, None)
    assert await due(database, NOON) == [image]
    async with database.reading() as session:
        assert [(one.channel_id, one.message_id) for one in await removals.due(session, 9)] == [(CHANNEL, 5)]


async def test_shared_into_another_channel_a_post_out_of_reach_is_left_to_be_taken_away(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    shared = await share(database, image)
    async with database.writing() as session:
        await shares.stands(session, shared.id, shared.wanted, message_id=5)
        await shares.give_up(session, shared.id, "unreachable", gone=False)
    again = await share(database, image, channel_id=71)
    assert (again.channel_id, again.message_id, again.given_up_for) == (71, None, None)
    async with database.reading() as session:
        assert [(one.channel_id, one.message_id) for one in await removals.due(session, 9)] == [(CHANNEL, 5)]


async def test_a_version_that_was_shown_meanwhile_does_not_hide_a_newer_one(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    drawn = await share(database, image)
    async with database.writing() as session:
        await likes.press(session, [Press(image, BEN)])
        await shares.stands(session, drawn.id, drawn.wanted, message_id=5)
    assert await due(database) == [image]


async def test_the_public_wish_is_a_wish_for_the_server_too(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    await share(database, image, visibility=Visibility.PUBLIC)
    async with database.reading() as session:
        assert len((await gallery.page(session, View(guild_id=GUILD), size=5)).exhibits) == 1
        assert (await gallery.page(session, View(guild_id=GUILD + 1), size=5)).exhibits == ()
