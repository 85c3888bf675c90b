import random
from datetime import timedelta

from sqlalchemy import select

from db import images, likes, shares
from db.database import Database
from db.heat import DAY, heat
from db.likes import Press
from db.models import Like, Share
from tests.db.gallery import hang, meet, paint
from tests.db.people import ADA, BEN, CAT, NOON


async def test_one_person_likes_a_picture_once_and_a_second_press_takes_it_back(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    async with database.writing() as session:
        assert await likes.press(session, [Press(image, BEN)]) == {Press(image, BEN): True}
        assert await likes.press(session, [Press(image, CAT)]) == {Press(image, CAT): True}
        assert await likes.of_image(session, image) == 2
        assert await likes.press(session, [Press(image, BEN)]) == {Press(image, BEN): False}
        assert await likes.of_image(session, image) == 1
        assert (await likes.given(session, BEN), await likes.given(session, CAT)) == (0, 1)


async def test_presses_of_one_batch_count_in_their_order(database: Database) -> None:
    await meet(database)
    (image,) = await paint(database, pictures=1)
    async with database.writing() as session:
        thrice = await likes.press(
            session, [Press(image, BEN), Press(image, CAT), Press(image, BEN), Press(image, BEN)]
        )
        assert thrice == {Press(image, BEN): True, Press(image, CAT): True}
        assert await likes.press(session, [Press(image, BEN), Press(image, BEN)]) == {Press(image, BEN): True}
        assert await likes.of_image(session, image) == 2


async def test_ones_own_a_deleted_and_an_unknown_picture_take_no_like(database: Database) -> None:
    await meet(database)
    own, gone = await paint(database, ADA)
    async with database.writing() as session:
        await images.delete(session, gone)
        assert await likes.press(session, [Press(own, ADA), Press(gone, BEN), Press(404, BEN)]) == {}
        assert (await session.scalars(select(Like))).all() == []


async def test_a_shares_count_and_warmth_are_always_those_of_its_likes(database: Database) -> None:
    people = list(range(1000, 1012))
    await meet(database, ADA, *people)
    share_ids = [await hang(database) for _ in range(3)]
    async with database.reading() as session:
        pictures = [(await shares.get(session, one)).image_id for one in share_ids]  # type: ignore[union-attr]
    dice = random.Random(5)
    for turn in range(25):
        presses = [Press(dice.choice(pictures), dice.choice(people)) for _ in range(dice.randrange(1, 9))]
        async with database.writing() as session:
            await likes.press(session, presses, now=NOON + timedelta(hours=turn))
    async with database.reading() as session:
        for share_id in share_ids:
            row = await session.get_one(Share, share_id)
            times = (await session.scalars(select(Like.created_at).where(Like.image_id == row.image_id))).all()
            assert row.likes == len(times) > 0
            assert abs(row.day - heat([row.shared_at, *times], DAY)) <= 25


async def test_a_person_who_leaves_takes_every_like_along(database: Database) -> None:
    await meet(database)
    first, second = [await hang(database) for _ in range(2)]
    async with database.writing() as session:
        pictures = [(await session.get_one(Share, one)).image_id for one in (first, second)]
        await likes.press(session, [Press(image, person) for image in pictures for person in (BEN, CAT)])
        assert await likes.withdraw(session, BEN) == 2
        assert await likes.withdraw(session, BEN) == 0
        rows = (await session.scalars(select(Share), execution_options={"populate_existing": True})).all()
        assert [row.likes for row in rows] == [1, 1]
