import asyncio
from typing import Any

import pytest

from db import guilds, loras, users
from db.database import Database
from db.errors import NameTaken
from db.loras import NewLora
from db.models import Lora

ADA, BEN, HERE, THERE = 1, 2, 100, 200


def new(name: str = "Ink Wash", **changes: Any) -> NewLora:
    values: dict[str, Any] = {
        "interaction_id": abs(hash(name)) % 10**9,
        "guild_id": HERE,
        "author_id": ADA,
        "name": name,
        "digest": f"{abs(hash(name)) % 16**8:064x}",
        "bytes": 1000,
        "model": "pocket",
        "style": "kohya",
        "rank": 8,
        "of_text": False,
        "triggers": ["inkwash"],
    }
    return NewLora(**(values | changes))


async def added(database: Database, *some: NewLora) -> list[Lora]:
    async with database.writing() as session:
        for person in (ADA, BEN):
            await users.touch(session, person, "somebody")
        for guild in (HERE, THERE):
            await guilds.touch(session, guild, "a server")
        return [await loras.add(session, one) for one in some]


async def names(database: Database, user_id: int, guild_id: int | None, **options: Any) -> list[str]:
    async with database.reading() as session:
        return [lora.name for lora in await loras.usable(session, user_id, guild_id, **options)]


async def test_a_private_lora_is_its_authors_a_shared_one_its_servers(database: Database):
    await added(database, new("mine"), new("ours", shared=True))
    assert await names(database, ADA, HERE) == ["mine", "ours"]
    assert await names(database, BEN, HERE) == ["ours"]
    assert await names(database, BEN, THERE) == []
    assert await names(database, ADA, None) == ["mine", "ours"]
    assert await names(database, BEN, None) == []


async def test_names_are_one_whatever_their_case_and_spaces(database: Database):
    await added(database, new("Ink  Wash"))
    with pytest.raises(NameTaken):
        await added(database, new("ink wash"))
    async with database.reading() as session:
        found = await loras.named(session, ["INK WASH", "other"], ADA, HERE)
    assert list(found) == ["ink wash"]
    assert found["ink wash"].triggers == ["inkwash"]


async def test_of_two_that_want_a_name_at_once_one_gets_it(database: Database):
    await added(database)
    both = [added(database, new("wanted", interaction_id=number)) for number in (1, 2)]
    outcome = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcome) == ["NameTaken", "list"]


async def test_a_repeated_interaction_finds_what_it_made(database: Database):
    (first,) = await added(database, new())
    (again,) = await added(database, new())
    assert again.id == first.id


async def test_a_removed_one_frees_its_name_and_keeps_its_file(database: Database):
    (lora,) = await added(database, new(shared=True))
    async with database.writing() as session:
        assert await loras.remove(session, lora.id)
        assert not await loras.remove(session, lora.id)
        assert not await loras.share(session, lora.id)
    assert await names(database, ADA, HERE) == []
    (second,) = await added(database, new(interaction_id=7, digest="f" * 64))
    assert second.id != lora.id
    async with database.reading() as session:
        assert await loras.known_digests(session) == {lora.digest, "f" * 64}
        assert (await loras.by_digest(session, [lora.digest]))[lora.digest].name == "Ink Wash"


async def test_sharing_says_whether_it_changed_anything(database: Database):
    (lora,) = await added(database, new())
    async with database.writing() as session:
        assert await loras.share(session, lora.id)
        assert not await loras.share(session, lora.id)
        assert await loras.share(session, lora.id, shared=False)


async def test_a_misspelt_name_has_a_nearest_one_among_what_the_person_may_use(database: Database):
    await added(database, new("watercolour", shared=True), new("watercolours", guild_id=THERE, shared=True))
    async with database.reading() as session:
        assert await loras.nearest(session, "watercolor", BEN, HERE) == "watercolour"
        assert await loras.nearest(session, "xyz", BEN, HERE) is None


async def test_any_number_of_them_is_searched_by_a_part_of_the_name(database: Database):
    await added(database, *(new(f"style {number:04}", interaction_id=number + 1, shared=True) for number in range(300)))
    assert len(await names(database, BEN, HERE)) == 25
    assert await names(database, BEN, HERE, containing="E 0299") == ["style 0299"]
    assert await names(database, BEN, HERE, containing="%") == []
    assert await names(database, BEN, HERE, skip=290, limit=5) == [f"style {n:04}" for n in range(290, 295)]
