"""The best of yesterday: once a day, in the channel a moderator chose."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bot.gallery.daily import Daily
from db import guilds, images, likes, shares, users
from db.likes import Press
from playground import permissions
from tests.bot.studio import Json, Running, private_words
from tests.bot.test_gallery import hang, pictures
from tests.bot.test_sharing import words

MORNING = datetime(2026, 5, 18, 9, 30, tzinfo=UTC)


def posts(bot: Running) -> list[Json]:
    return [message for message in bot.pg.messages("general") if not message["_viewer"]]


async def like(bot: Running, image_id: int, *people: str, at: datetime) -> None:
    async with bot.database.writing() as session:
        for one in people:
            await users.touch(session, int(bot.pg.person(one).id), one)
        await likes.press(session, [Press(image_id, int(bot.pg.person(one).id)) for one in people], now=at)


async def test_the_best_of_yesterday_stand_once_a_day_where_a_moderator_wants_them(bot: Running) -> None:
    await hang(bot, "a red house", "a blue boat", "a tree")
    await like(bot, 1, "Ada", at=MORNING - timedelta(days=1))
    await like(bot, 2, "Ada", "Cleo", at=MORNING - timedelta(hours=12))
    await like(bot, 3, "Ada", "Cleo", "Dan", at=MORNING)
    moment = MORNING
    daily = Daily(database=bot.database, storage=bot.storage, now=lambda: moment)
    await daily.look(bot.studio)
    assert posts(bot) == []
    place = bot.pg.channel("general")["id"]
    told = private_words(await bot.pg.person("Ada").slash("studio", "admin channel", use="daily", channel=place))
    assert f"**Best of yesterday** <#{place}>" in told
    moment = MORNING.replace(hour=8)
    await daily.look(bot.studio)
    assert posts(bot) == []
    moment = MORNING
    await daily.look(bot.studio)
    await daily.look(bot.studio)
    (post,) = posts(bot)
    assert "The best of 17 May 2026" in words(post)
    assert [one[:5] for one in pictures(post)] == ["a blu", "a red"]
    moment = MORNING + timedelta(days=1)
    await daily.look(bot.studio)
    assert [one[:5] for one in pictures(posts(bot)[-1])] == ["a tre"]
    await bot.pg.person("Ada").slash("studio", "admin channel", use="no daily")
    moment = MORNING + timedelta(days=2)
    await daily.look(bot.studio)
    assert len(posts(bot)) == 2


async def test_a_post_that_was_not_remembered_is_found_again(bot: Running) -> None:
    await hang(bot, "a red house")
    await like(bot, 1, "Ada", at=MORNING - timedelta(days=1))
    await bot.pg.person("Ada").slash("studio", "admin channel", use="daily", channel=bot.pg.channel("general")["id"])
    daily = Daily(database=bot.database, storage=bot.storage, now=lambda: MORNING)
    await daily.look(bot.studio)
    async with bot.database.writing() as session:
        await guilds.set_setting(session, int(bot.pg.channel("general")["guild_id"]), "daily_last", None)
    await daily.look(bot.studio)
    assert len(posts(bot)) == 1


async def standing(bot: Running, *prompts: str) -> tuple[Daily, Json, Callable[[timedelta], None]]:
    """The best of yesterday with these pictures, its post, and the way to let time go by."""
    moment = MORNING

    def pass_by(time: timedelta) -> None:
        nonlocal moment
        moment += time

    await hang(bot, *prompts)
    for image in range(1, len(prompts) + 1):
        await like(bot, image, "Ada", at=MORNING - timedelta(days=1))
    await bot.pg.person("Ada").slash("studio", "admin channel", use="daily", channel=bot.pg.channel("general")["id"])
    daily = Daily(database=bot.database, storage=bot.storage, now=lambda: moment)
    await daily.look(bot.studio)
    (post,) = posts(bot)
    return daily, post, pass_by


async def test_a_name_and_a_prompt_that_are_kept_later_leave_the_post_too(bot: Running) -> None:
    daily, post, _ = await standing(bot, "a red house", "a blue boat")
    ben = bot.pg.person("Ben").mention
    drawn = [one["id"] for one in post["attachments"]]
    await daily.look(bot.studio)
    assert [one["id"] for one in post["attachments"]] == drawn
    async with bot.database.writing() as session:
        await shares.share(session, 1, show_prompt=False)
        await shares.share(session, 2, anonymous=True)
    await daily.look(bot.studio)
    first, second = words(post).splitlines()[-2:]
    assert "prompt kept" in first
    assert ben in first
    assert "a blue boat" in second
    assert "anonymous" in second
    assert "red house" not in str(post)
    assert not set(drawn) & {one["id"] for one in post["attachments"]}
    async with bot.database.writing() as session:
        await shares.share(session, 1)
    await daily.look(bot.studio)
    assert "a red house" in words(post)


async def test_a_post_out_of_reach_loses_a_deleted_picture_once_it_can_be_reached(bot: Running) -> None:
    bot.expected_refusals |= {50001, 50013}
    daily, post, pass_by = await standing(bot, "a red house", "a blue boat")
    bot.pg.overwrite("general", deny=permissions.VIEW_CHANNEL)
    async with bot.database.writing() as session:
        await images.delete(session, 1)
    await daily.look(bot.studio)
    await daily.look(bot.studio)
    assert len(bot.pg.refusals) == 1
    bot.pg.overwrite("general")
    pass_by(timedelta(hours=2))
    await daily.look(bot.studio)
    assert [one["filename"] for one in post["attachments"]] == ["2.webp"]


async def test_what_is_deleted_or_taken_back_later_leaves_the_post_too(bot: Running) -> None:
    await hang(bot, "a red house", "a blue boat")
    for image in (1, 2):
        await like(bot, image, "Ada", at=MORNING - timedelta(days=1))
    await bot.pg.person("Ada").slash("studio", "admin channel", use="daily", channel=bot.pg.channel("general")["id"])
    daily = Daily(database=bot.database, storage=bot.storage, now=lambda: MORNING)
    await daily.look(bot.studio)
    (post,) = posts(bot)
    assert len(post["attachments"]) == 2
    async with bot.database.writing() as session:
        await images.delete(session, 1)
    await daily.look(bot.studio)
    assert [one[:5] for one in pictures(post)] == ["a blu"]
    assert [one["filename"] for one in post["attachments"]] == ["2.webp"]
    async with bot.database.writing() as session:
        await shares.unshare(session, 2)
    await daily.look(bot.studio)
    assert posts(bot) == []
    async with bot.database.reading() as session:
        assert await guilds.having(session, "daily_posts") == []
