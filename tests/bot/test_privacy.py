"""`/privacy export` and `/privacy delete` as a person meets them; forgetting by age and by being removed."""

import asyncio
import io
import json
import random
import time
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.house.forgetting import keep_house
from db import guilds, images, privacy, times
from db.models import Image
from tests.bot.studio import Running, private_words, running, world

SECRET = "a zeppelin over quicksilver"


async def deleted(bot: Running, person: str, words: str = "Delete everything") -> str:
    asked = await bot.pg.person(person).slash("studio", "privacy delete")
    done = await bot.pg.person(person).submit(asked, {"words": words})
    await bot.pg.wait_for(lambda: bool(done.message and done.message["content"]))
    return private_words(done)


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def _id(person: str) -> bytes:
    """As SQLite writes a number of this size."""
    return int(person).to_bytes(8, "big")


async def test_the_export_holds_every_row_and_picture_of_the_person_and_nobody_elses(bot: Running) -> None:
    await bot.imagine("Ben", prompt=SECRET, steps=1, count=2)
    await bot.imagine("Cleo", prompt="not yours", steps=1, count=1)
    ben = bot.pg.person("Ben")
    asked = await ben.slash("studio", "privacy export")
    await bot.pg.wait_for(lambda: bool(asked.message and asked.message["content"]))
    assert "in one file" in private_words(asked)
    (sent,) = bot.pg.messages(ben.dm())
    archive = zipfile.ZipFile(io.BytesIO(bot.pg.attachment_bytes(sent["attachments"][0])))
    rows = json.loads(archive.read("data.json"))
    assert [job["prompt"].removesuffix(" --steps 1") for job in rows["jobs"]] == [SECRET]
    assert len(rows["images"]) == 2
    assert rows["users"][0]["name"] == "Ben"
    pictures = [name for name in archive.namelist() if name.startswith("pictures/")]
    assert len(pictures) == 2
    assert all(archive.read(name).startswith(b"\x89PNG") for name in pictures)
    assert "not yours" not in str(rows)


async def test_rows_too_many_for_one_file_arrive_in_several(bot: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        words = "".join(random.Random(number).choices("abcdefghij ", k=2000)).strip()
        await bot.imagine("Ben", prompt=words, steps=1, count=1)
    monkeypatch.setattr("bot.house.forgetting.PART", 5000)
    ben = bot.pg.person("Ben")
    asked = await ben.slash("studio", "privacy export")
    await bot.pg.wait_for(lambda: bool(asked.message and asked.message["content"]))
    sent = [bot.pg.attachment_bytes(one["attachments"][0]) for one in bot.pg.messages(ben.dm())]
    assert f"in {len(sent)} files" in private_words(asked)
    assert max(map(len, sent)) < 2 * 5000
    archives = [zipfile.ZipFile(io.BytesIO(one)) for one in sent]
    documents = [json.loads(one.read(name)) for one in archives for name in one.namelist() if name.endswith(".json")]
    assert len(documents) > 1
    assert sorted(job["id"] for rows in documents for job in rows.get("jobs", ())) == [1, 2, 3, 4, 5, 6]
    assert len([name for one in archives for name in one.namelist() if name.startswith("pictures/")]) == 6


async def test_files_that_discord_finds_too_large_are_called_that(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.expected_refusals.add(40005)
    monkeypatch.setattr("bot.house.forgetting._zipped", lambda files: bytes(11 * 2**20))
    ben = bot.pg.person("Ben")
    await ben.slash("studio", "privacy export")
    await bot.pg.wait_for(lambda: any("as large as yours" in one["content"] for one in ben.messages("studio")))


async def test_whose_messages_are_closed_is_told_to_open_them(bot: Running) -> None:
    bot.expected_refusals.add(50007)
    ben = bot.pg.person("Ben")
    ben.close_dms()
    asked = await ben.slash("studio", "privacy export")
    await bot.pg.wait_for(lambda: any("cannot write to you" in one["content"] for one in ben.messages("studio")))
    assert asked.state != "failed"


async def test_deleting_asks_for_the_words_first(bot: Running) -> None:
    await bot.imagine("Ben", steps=1, count=1)
    assert "Nothing was deleted" in await deleted(bot, "Ben", "yes")
    assert len(await bot.jobs()) == 1


async def test_who_deletes_everything_is_in_no_table_file_or_message_within_a_minute(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with running(tmp_path, sqlite_url) as bot:
        cards = [await bot.imagine("Ben", prompt=f"{SECRET} {number}", steps=1, count=2) for number in range(3)]
        kept = await bot.imagine("Cleo", prompt="a blue boat", steps=1, count=1)
        bot.engine.hold()
        waiting = [
            (await bot.pg.person("Ben").slash("studio", "imagine", prompt=SECRET, steps=3, count=1)).message
            for _ in range(2)
        ]
        ben = bot.pg.person("Ben").id
        assert _id(ben) in _files(tmp_path)
        began = time.monotonic()
        bot.engine.release()
        told = await deleted(bot, "Ben")
        assert time.monotonic() - began < 60
        assert "5 jobs and 6 pictures" in told or "5 jobs and" in told
        gone = {one["id"] for one in [*cards, *waiting] if one is not None}
        await bot.pg.wait_for(lambda: gone.isdisjoint(one["id"] for one in bot.pg.messages("studio")))
        assert kept["id"] in {one["id"] for one in bot.pg.messages("studio")}
        async with bot.database.reading() as session:
            assert await privacy.traces(session, ben) == []
            assert await privacy.traces(session, SECRET) == []
            assert len(await images.known_digests(session)) == 1
    content = _files(tmp_path)
    assert _id(ben) not in content
    assert SECRET.encode() not in content
    assert b"zeppelin" not in content
    assert len(list(tmp_path.glob("pictures/**/*.png"))) == 1


async def test_a_file_that_another_persons_row_points_to_stays_for_that_person(bot: Running) -> None:
    await bot.imagine("Ben", prompt="the same", seed=7, steps=1, count=1)
    await bot.imagine("Cleo", prompt="the same", seed=7, steps=1, count=1)
    async with bot.database.reading() as session:
        mine, theirs = await session.get_one(Image, 1), await session.get_one(Image, 2)
    assert mine.digest == theirs.digest
    await deleted(bot, "Ben")
    assert bot.storage.read(theirs.digest)
    shown = await bot.pg.person("Cleo").slash("general", "show", job="2")
    await bot.pg.wait_for(lambda: bool(shown.message and shown.message["attachments"]))
    await deleted(bot, "Cleo")
    assert not bot.storage.path(theirs.digest).exists()


async def test_what_several_people_began_with_stays_until_the_last_of_them_is_forgotten(bot: Running) -> None:
    for person in ("Ben", "Cleo"):
        await bot.imagine(person, prompt=f"a house of {person} --sref 42", steps=1, count=1)
    (swatch,) = {job.request["references"][0]["image"] for job in await bot.jobs()}
    await deleted(bot, "Ben")
    assert bot.storage.open(swatch)
    await asking_again(bot, swatch)
    await deleted(bot, "Cleo")
    assert bot.storage.open(swatch), "somebody has handed it in since, and may be about to ask for it"
    await bot.imagine("Cleo", prompt="a tree --sref 42", steps=1, count=1)
    await deleted(bot, "Cleo")
    assert not bot.storage.path(swatch).exists()


async def asking_again(bot: Running, digest: str) -> None:
    """As a command does that has its pictures and not yet its job."""
    await asyncio.sleep(0.05)  # coarser than the clock of files
    stored = bot.storage.put(bot.storage.open(digest), None)
    assert (stored.digest, stored.created) == (digest, False)


async def test_pictures_older_than_a_server_keeps_them_are_deleted(bot: Running) -> None:
    card = await bot.imagine("Ben", steps=1, count=1)
    young = await bot.imagine("Ben", steps=1, count=1)
    told = private_words(await bot.pg.person("Ada").slash("studio", "admin retention", days=10))
    assert "after 10 days" in told
    async with bot.database.writing() as session:
        image = await session.get_one(Image, 1)
        image.created_at = times.now() - timedelta(days=11)
    await keep_house(bot.studio)
    await bot.pg.wait_for(lambda: "Deleted" in card["content"] and not card["attachments"])
    assert young["attachments"]
    assert len(list(bot.storage.folder.glob("**/*.png"))) == 1


async def test_a_server_that_removed_the_bot_is_forgotten_after_thirty_days(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg, running(tmp_path, sqlite_url, pg=pg) as bot:
        await bot.imagine("Ben", steps=1, count=1)
        guild_id = int(pg.channel("studio")["guild_id"])

        async def left(days: float) -> Any:
            async with bot.database.writing() as session:
                await guilds.touch(session, 4242, "elsewhere")
                await guilds.mark_left(session, here=[guild_id], now=times.now() - timedelta(days=days))
            await keep_house(bot.studio)
            async with bot.database.reading() as session:
                return await guilds.get(session, 4242), await guilds.get(session, guild_id)

        gone, here = await left(29)
        assert gone is not None
        assert here is not None
        async with bot.database.writing() as session:
            await guilds.mark_left(session, here=[guild_id, 4242])
        gone, here = await left(31)
        assert gone is None
        assert here is not None
