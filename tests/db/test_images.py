from db import images
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


async def test_a_persons_pictures_come_newest_first_page_by_page(database: Database) -> None:
    await meet(database)
    mine = [image for _ in range(2) for image in await paint(database)]
    await paint(database, BEN)
    async with database.reading() as session:
        page = [image.id for image in await images.of_author(session, ADA, limit=3)]
        rest = [image.id for image in await images.of_author(session, ADA, limit=3, before=page[-1])]
    assert page + rest == mine[::-1]
