from datetime import timedelta

import pytest
from sqlalchemy import text

from db import gallery, likes, search, shares
from db.database import Database
from db.gallery import Place, Sort, View
from db.likes import Press
from db.models import Share
from tests.db.gallery import GUILD, hang, meet, shown
from tests.db.people import ADA, BEN, CAT, NOON


async def like(database: Database, share_id: int, *people: int, hours: float = 1) -> None:
    async with database.writing() as session:
        image = (await session.get_one(Share, share_id)).image_id
        await likes.press(session, [Press(image, one) for one in people], now=NOON + timedelta(hours=hours))


async def walk(database: Database, view: View, size: int) -> list[list[int]]:
    """Every page of share ids, forwards; the way back must show the same pages."""
    pages: list[list[int]] = []
    places: list[Place | None] = []
    behind: Place | None = None
    async with database.reading() as session:
        while True:
            seen = await gallery.page(session, view, behind=behind, size=size)
            pages.append([one.share.id for one in seen.exhibits])
            places.append(seen.before)
            assert (seen.before is None) == (behind is None)
            if seen.behind is None:
                break
            behind = seen.behind
        for number in range(len(pages) - 1, 0, -1):
            back = await gallery.page(session, view, before=places[number], size=size)
            assert [one.share.id for one in back.exhibits] == pages[number - 1]
            assert (back.before is None) == (number == 1)
            assert back.behind is not None
    return pages


@pytest.mark.parametrize("sort", Sort)
async def test_every_order_shows_every_picture_once_page_by_page_and_back(database: Database, sort: Sort) -> None:
    await meet(database)
    hung = [await hang(database, BEN) for _ in range(7)]
    await like(database, hung[2], ADA, CAT)
    await like(database, hung[5], ADA)
    pages = await walk(database, View(guild_id=GUILD, sort=sort), 3)
    assert [len(one) for one in pages] == [3, 3, 1]
    assert sorted(id for one in pages for id in one) == hung
    if sort is Sort.NEW:
        assert pages[0] == hung[:3:-1]
    elif sort is not Sort.RANDOM:
        assert pages[0] == [hung[2], hung[5], hung[6]]


async def test_yesterdays_likes_count_half_among_the_hot_and_all_among_the_top(database: Database) -> None:
    await meet(database, ADA, *range(1, 9))
    old, new = await hang(database), await hang(database)
    await like(database, old, 1, 2, 3, 4, hours=-71)  # three half-lives before the others
    await like(database, new, 5, 6, hours=1)
    assert [one.share.id for one in await shown(database, Sort.TOP)] == [old, new]
    assert [one.share.id for one in await shown(database, Sort.HOT)] == [new, old]
    async with database.reading() as session:
        day, month = View(guild_id=GUILD, sort=Sort.HOT), View(guild_id=GUILD, sort=Sort.MONTH)
        later = NOON + timedelta(days=2)
        warm = await gallery.warmest(session, day, size=5, now=later)
        assert [one.share.id for one in warm] == [new]  # 3 of 2 half-lives ago: three quarters of a like
        assert len(await gallery.warmest(session, month, size=5, now=later)) == 2
        assert await gallery.warmest(session, day, size=5, now=later + timedelta(days=9)) == []
        everything = View(guild_id=GUILD, sort=Sort.TOP)
        assert len(await gallery.warmest(session, everything, size=5, now=later + timedelta(days=999))) == 2


async def test_what_comes_from_an_age_restricted_channel_is_not_in_the_ordinary_gallery(database: Database) -> None:
    await meet(database)
    ordinary, restricted = await hang(database), await hang(database, nsfw=True)
    for sort in Sort:
        assert [one.share.id for one in await shown(database, sort)] == [ordinary]
        assert {one.share.id for one in await shown(database, sort, nsfw=True)} == {ordinary, restricted}
    assert [one.share.id for one in await shown(database, words=("house",))] == [ordinary]
    assert [one.share.id for one in await shown(database, words=("house",), nsfw=True)] == [restricted, ordinary]


async def test_search_finds_whole_words_of_this_servers_prompts_newest_first(database: Database) -> None:
    await meet(database)
    first = await hang(database, prompt="Ein rotes Haus, a RED house")
    second = await hang(database, prompt="a red boat under a starry sky")
    await hang(database, prompt="a red house", guild_id=GUILD + 1)
    await hang(database, prompt="a red house", show_prompt=False)
    found = {
        "red": [second, first],
        "House red": [first],
        "rotes!": [first],
        "hou": [],
        "red OR boat": [],
        'marks:g9 "': [],
        "": [second, first],
    }
    for asked, expected in found.items():
        words = tuple(search.words(asked))
        ids = [one.share.id for one in await shown(database, words=words)]
        assert (ids if words else [one for one in ids if one <= second]) == expected, asked
    assert len(await walk(database, View(guild_id=GUILD, words=("red",)), 1)) == 2


async def test_by_author_shows_nothing_anonymous_in_any_order(database: Database) -> None:
    await meet(database)
    mine = [await hang(database, BEN) for _ in range(3)]
    await hang(database, BEN, anonymous=True)
    await hang(database, CAT)
    for sort in Sort:
        pages = await walk(database, View(guild_id=GUILD, sort=sort, author_id=BEN), 2)
        assert sorted(id for page in pages for id in page) == mine
    assert [one.share.id for one in await shown(database, words=("red",), author_id=BEN)] == mine[::-1]


async def test_the_best_of_a_day_are_those_liked_on_it(database: Database) -> None:
    await meet(database)
    old, new, none = [await hang(database) for _ in range(3)]
    await like(database, old, BEN, CAT, hours=1)
    await like(database, new, BEN, hours=30)
    day = timedelta(days=1)
    async with database.reading() as session:
        today = await gallery.best_between(session, View(guild_id=GUILD), NOON, NOON + day, size=3)
        tomorrow = await gallery.best_between(session, View(guild_id=GUILD), NOON + day, NOON + 2 * day, size=3)
    assert [one.share.id for one in today] == [old]
    assert [one.share.id for one in tomorrow] == [new]
    assert none not in (old, new)


async def test_a_purge_leaves_no_word_of_what_was_unshared_in_the_index(database: Database) -> None:
    await meet(database)
    shared = await hang(database, prompt="a xylophone")
    await hang(database, prompt="a red house")
    async with database.writing() as session:
        row = await session.get_one(Share, shared)
        await shares.unshare(session, row.image_id)
        await search.purge(session)
    if database.is_sqlite:
        async with database.reading() as session:
            blocks = (await session.scalars(text("SELECT block FROM search_data"))).all()
        assert not any(b"xylophone" in block for block in blocks)
    assert [one.prompt for one in await shown(database, words=("house",))] == ["a red house"]
