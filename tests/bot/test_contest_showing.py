"""Which pictures of a contest are shown, where, and how long: by place, by server, and by what became of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from PIL import Image as Pixels
from sqlalchemy import select

from bot.challenges.pictures import BlindPictures
from bot.ui.entering import Places, Rules
from bot.ui.press import view_of
from db import images
from db.challenges import entries
from db.models import Ballot, Challenge, Entry, Phase
from engine.errors import PictureMissing
from engine.storage import Storage
from tests.bot import rows
from tests.bot.contest import (
    DAY,
    answer,
    contests,
    create,
    enter,
    later,
    make,
    pressable,
    public,
    question,
    reached,
    seen,
    texts,
    told,
    voting,
)
from tests.bot.studio import Running

RESTRICTED = "look at it in one"


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    async with contests(tmp_path, sqlite_url) as started:
        yield started
        started.was_polite()


def restrict(bot: Running, name: str, nsfw: bool) -> None:
    """What a moderator does in a channel's settings."""
    channel = bot.pg.channel(name)
    channel["nsfw"] = nsfw
    bot.pg.overwrite(channel)


@pytest.mark.parametrize(("mode", "label"), [("pairs", "Left"), ("stars", "3"), ("approval", "1")])
async def test_a_contest_in_an_age_restricted_channel_is_voted_on_in_such_channels_only(
    bot: Running, mode: str, label: str
) -> None:
    number = await create(bot, channel="after-dark", mode=mode)
    for person in ("Ben", "Cleo"):
        made = await bot.imagine(person, "after-dark", prompt="a night", count=1, steps=1)
        await bot.pg.person(person).click(made, "🏆")
        await told(bot, person, "In: ", "after-dark")
    await later(bot, DAY)
    await reached(bot, number, Phase.VOTING)
    asked = await bot.pg.person("Dan").slash("general", "challenge vote", challenge=str(number))
    assert RESTRICTED in texts(seen(asked))
    assert not seen(asked)["attachments"]
    shown = seen(await bot.pg.person("Dan").slash("after-dark", "challenge vote", challenge=str(number)))
    await bot.pg.wait_for(lambda: bool(shown["attachments"]))
    # The channel itself changes; the contest still has a picture from before.
    restrict(bot, "after-dark", False)
    for message, wanted in ((shown, label), (public(bot, "after-dark")[-1], "My entries")):
        asked = await bot.pg.person("Dan").click(message, wanted)
        assert RESTRICTED in texts(seen(asked))
    async with bot.database.reading() as session:
        assert set(await session.scalars(select(Ballot.value))) == {None}


@pytest.mark.parametrize("mode", ["pairs", "stars"])
async def test_looking_back_leaves_out_what_was_hidden_and_whose_author_was_forgotten(bot: Running, mode: str) -> None:
    number = await voting(bot, "Ben", "Cleo", "Dan", mode=mode)
    label = "Left" if mode == "pairs" else "3"
    shown = await question(bot, "Ada")
    while label in pressable(shown) and "Thank you" not in texts(shown):
        await answer(bot, "Ada", shown, label)
    async with bot.database.writing() as session:
        standing = await entries.standing(session, number)
        assert standing[0].image_id is not None
        await images.withhold(session, standing[0].image_id)
        await entries.put_out(session, standing[0].image_id, "hidden")
    cleo = bot.pg.person("Cleo")
    asked = await cleo.slash("general", "privacy delete")
    done = await cleo.submit(asked, {"words": "Delete everything"})
    await bot.pg.wait_for(lambda: bool(done.message and done.message["content"]))
    # The button of before names a question that may be gone; the messages after it offer what is left.
    await bot.pg.person("Ada").click(shown, "Back")
    shown = await question(bot, "Ada")
    await bot.pg.wait_for(lambda: "Thank you" in texts(shown) or "nothing you could" in texts(shown))
    assert ("Back" in pressable(shown)) == (mode == "stars")
    if mode == "stars":
        await answer(bot, "Ada", shown, "Back")
        assert "You said: 3 of 5" in texts(shown)
        assert "Back" not in pressable(shown)


async def test_a_deleted_picture_is_out_of_a_contest_that_runs_and_leaves_room_for_another(bot: Running) -> None:
    number = await create(bot)
    card = await make(bot, "Ben")
    await bot.pg.person("Ben").click(card, "🏆")
    await told(bot, "Ben", "In: ")
    asked = await bot.pg.person("Ben").menu(card, "Cancel or delete")
    await bot.pg.wait_for(lambda: asked.message is not None and asked.message["content"] == "Deleted.")
    own = seen(await bot.pg.person("Ben").click(public(bot)[0], "My entries"))
    await bot.pg.wait_for(lambda: "not entered anything" in texts(own), what=texts(own))
    await enter(bot, "Ben")
    async with bot.database.reading() as session:
        assert await entries.count(session, number) == 1


async def test_a_direct_message_knows_no_servers_contest(bot: Running) -> None:
    number = await voting(bot, "Ben", "Cleo")
    ben = bot.pg.person("Ben")
    presses = [Rules(f"a:c:rules:{number}:card", label="Rules"), Places(f"a:c:places:{number}", label="Places")]
    user = await bot.studio.fetch_user(int(ben.id))
    sent = bot.pg.message(str((await user.send("forged", view=view_of(*presses))).id))
    for label in ("Rules", "Places"):
        assert "no such challenge" in texts(seen(await ben.click(sent, label)))


async def test_a_picture_whose_file_is_gone_is_not_served_from_memory(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    stored = storage.put(Pixels.new("RGB", (64, 64), "red"), None)
    pictures, image = BlindPictures(storage), rows.image(digest=stored.digest)
    contest, entry = Challenge(seed=1), Entry(id=1)
    assert await pictures.file(contest, entry, image, 11)
    storage.delete(stored.digest)
    with pytest.raises(PictureMissing):
        await pictures.file(contest, entry, image, 11)
