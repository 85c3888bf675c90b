"""Forgetting people and servers, held against the tables themselves."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from db import audit, guilds, images, jobs, ledger, likes, privacy, reports, reviews, sanctions, shares
from db.database import Database
from db.models import Image, Job, SanctionKind, metadata
from tests.db.people import ADA, BEN, CAT, NOON, WIDE, claimed, enqueue, finish, meet, picture, wish

GUILD = 77_000_000_000_000_077
SECRET = "a zeppelin over quicksilver"


async def made(database: Database, author: int = ADA, prompt: str = SECRET) -> int:
    """A picture of the author's; its image id."""
    await enqueue(
        database, wish(author, prompt=prompt, guild_id=GUILD, request={"prompt": prompt, "seeds": [7]}, cost=1)
    )
    job = await claimed(database)
    await finish(database, job)
    async with database.reading() as session:
        return (await images.of_job(session, job.id))[0].id


async def begin(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        await guilds.touch(session, GUILD, "a server", now=NOON)
        for person in (ADA, BEN, CAT):
            await ledger.grant(session, person, 50, guild_id=GUILD)


def test_every_column_that_names_a_person_has_a_fate() -> None:
    """A table that is new here needs a line in `db.privacy.FATES`."""
    assert {str(column) for column in privacy.person_columns()} == set(privacy.FATES)


def test_what_is_made_from_a_pictures_pixels_goes_with_it() -> None:
    """A table that refers to pictures and names no person needs a word, too: is it made from pixels, or not?"""
    people = {column.table.name for column in privacy.person_columns()}
    of_pictures = {
        table.name
        for table in metadata.sorted_tables
        if any(key.column.table.name == "images" for key in table.foreign_keys) and table.name not in people
    }
    assert of_pictures == privacy.OF_PICTURES


async def test_a_person_is_in_no_table_any_more_and_others_are_as_before(database: Database) -> None:
    await begin(database)
    mine, theirs = await made(database), await made(database, BEN, "a blue boat")
    async with database.writing() as session:
        for image_id in (mine, theirs):
            await shares.share(session, image_id)
        await likes.press(session, [likes.Press(theirs, ADA), likes.Press(mine, BEN), likes.Press(theirs, CAT)])
        await reports.put(session, GUILD, theirs, reporter_id=ADA, reason=SECRET)
        await reports.put(session, GUILD, mine, reporter_id=BEN, reason="odd")
        await sanctions.put(session, GUILD, BEN, SanctionKind.WARNING, by_id=ADA, reason="x", now=NOON)
        await sanctions.put(session, GUILD, ADA, SanctionKind.WARNING, by_id=BEN, reason=SECRET, now=NOON)
        await audit.write(session, GUILD, ADA, "warn", target_id=BEN)
        await audit.write(session, GUILD, BEN, "warn", target_id=ADA, reason=SECRET)
    async with database.writing() as session:
        found = await privacy.belongings(session, ADA)
        assert {"accounts", "audit", "images", "jobs", "ledger", "likes", "reports", "sanctions", "users"} <= set(found)
        assert str(BEN) not in str(found)
        forgotten = await privacy.forget(session, ADA, now=NOON)
    assert (forgotten.jobs, forgotten.pictures) == (1, 1)
    assert forgotten.digests == {picture(10).digest}
    async with database.reading() as session:
        assert await privacy.traces(session, str(ADA)) == []
        assert await privacy.traces(session, SECRET) == []
        assert await likes.of_image(session, theirs) == 1
        share = await shares.of_image(session, theirs)
        assert share is not None
        assert (share.likes, shares.is_listed(share)) == (1, True)
        assert await ledger.balance(session, BEN, GUILD) == 49
    async with database.writing() as session:
        assert (await privacy.forget(session, ADA, now=NOON)).jobs == 0


async def test_what_a_person_began_with_is_told_apart_from_what_was_drawn(database: Database) -> None:
    await begin(database)
    first, second, held = "ab" * 32, "cd" * 32, "ef" * 32
    later = NOON + timedelta(hours=1)
    drawn = picture(10).digest
    async with database.writing() as session:
        for image, when in ((first, NOON), (second, NOON), (second, later), (drawn, later)):
            request = {"image": image, "model": "pocket", "seeds": [1]}
            await jobs.enqueue(session, wish(request=request), WIDE, now=when)
        await reviews.put(session, [wish(guild_id=GUILD, request={"mask": held})], word="x", limit=10, now=later)
    await finish(database, await claimed(database))
    async with database.writing() as session:
        forgotten = await privacy.forget(session, ADA, now=NOON)
        assert await images.asked_for(session) == set()
    assert forgotten.digests == {drawn}
    assert forgotten.handed_in == {first: NOON, second: later, held: later}


async def test_words_are_not_left_in_the_files_free_pages(tmp_path: Path, sqlite_url: str) -> None:
    async with Database.open(sqlite_url) as database:
        await begin(database)
        image_id = await made(database)
        async with database.writing() as session:
            await shares.share(session, image_id)
        await database.settle()
        assert SECRET.encode() in _bytes(tmp_path)
        async with database.writing() as session:
            await privacy.forget(session, ADA, now=NOON)
        await database.settle()
        content = _bytes(tmp_path)
        assert SECRET.encode() not in content
        assert b"quicksilver" not in content


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("atelier.db*"))


async def test_a_ban_that_holds_outlives_forgetting_and_nothing_else_does(database: Database) -> None:
    await begin(database)
    async with database.writing() as session:
        await sanctions.put(session, GUILD, ADA, SanctionKind.BAN, by_id=BEN, reason=SECRET, now=NOON)
        await sanctions.warn(session, GUILD, ADA, by_id=BEN, reason=SECRET, now=NOON)
        await privacy.forget(session, ADA, now=NOON)
    async with database.reading() as session:
        assert await sanctions.shut_out(session, GUILD, ADA, now=NOON) is not None
        assert await privacy.traces(session, str(ADA)) == ["sanctions.user_id", "users.id"]
        assert await privacy.traces(session, SECRET) == []


async def test_a_running_job_is_dropped_and_its_result_refused(database: Database) -> None:
    await begin(database)
    await enqueue(database, wish(prompt=SECRET))
    job = await claimed(database)
    async with database.writing() as session:
        await privacy.forget(session, ADA, now=NOON)
    with pytest.raises(Exception, match="job_id"):
        await finish(database, job)
    async with database.reading() as session:
        assert (await session.scalars(select(Image))).all() == []


async def test_a_server_is_forgotten_and_its_members_pictures_stay_theirs(database: Database) -> None:
    await begin(database)
    mine = await made(database)
    async with database.writing() as session:
        await shares.share(session, mine)
        await sanctions.put(session, GUILD, BEN, SanctionKind.BAN, by_id=ADA, reason="x", now=NOON)
        await audit.write(session, GUILD, ADA, "ban", target_id=BEN)
        await guilds.mark_left(session, here=[], now=NOON)
        assert await privacy.left_before(session, NOON + timedelta(days=1)) == [GUILD]
        await guilds.mark_left(session, here=[GUILD], now=NOON)
        assert await privacy.left_before(session, NOON + timedelta(days=1)) == []
        await privacy.forget_guild(session, GUILD)
    async with database.reading() as session:
        assert await privacy.traces(session, str(GUILD)) == []
        image = await images.get(session, mine)
        assert image is not None
        assert (image.guild_id, image.deleted_at) == (None, None)
        job = await session.get(Job, image.job_id)
        assert job is not None
        assert job.prompt == SECRET
