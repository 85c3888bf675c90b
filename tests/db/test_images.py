from db import guilds, images, reviews
from db.database import Database
from tests.db.people import ADA, BEN, NOON, claimed, enqueue, finish, meet, wish


async def paint(database: Database, author: int = ADA, pictures: int = 2) -> list[int]:
    await enqueue(database, wish(author))
    held = await claimed(database)
    await finish(database, held, pictures)
    async with database.reading() as session:
        return [image.id for image in await images.of_job(session, held.id)]


async def test_a_deleted_picture_keeps_its_row_and_gives_up_its_file(database: Database) -> None:
    await meet(database)
    first, second = await paint(database)
    async with database.writing() as session:
        digest = await images.delete(session, first, now=NOON)
        assert await images.delete(session, first) is None
        assert await images.delete(session, 404) is None
    async with database.reading() as session:
        gone, stays = await images.get(session, first), await images.get(session, second)
        assert gone is not None
        assert stays is not None
        assert (gone.digest, gone.deleted_at, stays.deleted_at) == (digest, NOON, None)
        assert await images.known_digests(session) == {stays.digest}
        assert [image.id for image in await images.of_author(session, ADA)] == [second]


async def test_a_file_that_two_pictures_show_stays_until_both_are_gone(database: Database) -> None:
    await meet(database)
    (first,), (second,) = await paint(database, pictures=1), await paint(database, pictures=1)
    async with database.writing() as session:
        one, two = await images.get(session, first), await images.get(session, second)
        assert one is not None
        assert two is not None
        two.digest = one.digest
    async with database.writing() as session:
        assert await images.delete(session, first) is None
        assert await images.known_digests(session) == {one.digest}
        assert await images.delete(session, second) == one.digest
        assert await images.known_digests(session) == set()


async def test_what_a_wish_begins_with_stays_while_a_moderator_has_not_decided(database: Database) -> None:
    await meet(database)
    picture, mask, style = "ab" * 32, "cd" * 32, "ef" * 32
    request = {"image": picture, "mask": mask, "references": [{"kind": "style", "image": style, "weight": 1.0}]}
    async with database.writing() as session:
        await guilds.touch(session, 9, "a server")
        held = await reviews.put(session, [wish(guild_id=9, request=request)], word="x", limit=10)
        assert held is not None
    async with database.reading() as session:
        assert await images.known_digests(session) == {picture, mask, style}
        assert all([await images.is_needed(session, digest) for digest in (picture, mask, style)])
        assert not await images.is_needed(session, "01" * 32)
    async with database.writing() as session:
        await reviews.decide(session, held.id, by_id=BEN, allowed=False)
        assert await images.known_digests(session) == set()
        assert not await images.is_needed(session, picture)


async def test_what_an_open_job_begins_with_is_needed_and_what_any_job_began_with_is_asked_for(
    database: Database,
) -> None:
    await meet(database)
    await enqueue(database, wish(request={"image": "ab" * 32, "model": "pocket", "seeds": [1]}))
    assert await kept(database) == (True, {"ab" * 32})
    held = await claimed(database)
    assert await kept(database) == (True, {"ab" * 32})
    await finish(database, held)
    assert await kept(database) == (False, {"ab" * 32})


async def kept(database: Database) -> tuple[bool, set[str]]:
    async with database.reading() as session:
        return await images.is_needed(session, "ab" * 32), await images.asked_for(session)


async def test_a_persons_pictures_come_newest_first_page_by_page(database: Database) -> None:
    await meet(database)
    mine = [image for _ in range(2) for image in await paint(database)]
    await paint(database, BEN)
    async with database.reading() as session:
        page = [image.id for image in await images.of_author(session, ADA, limit=3)]
        rest = [image.id for image in await images.of_author(session, ADA, limit=3, before=page[-1])]
    assert page + rest == mine[::-1]
