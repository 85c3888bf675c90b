"""Similar pictures found among many, against the comparison of every vector; read from rows as they come."""

import numpy as np
import pytest

from bot.gallery import likeness
from bot.gallery.likeness import Hall, Likeness
from db import embeddings
from tests.bot.studio import Running
from tests.bot.test_gallery import hang

DICE = np.random.default_rng(5)


def clusters(count: int) -> np.ndarray:
    """Vectors of length one, all numbers positive, as pictures of forty kinds give them."""
    centres = DICE.normal(size=(40, embeddings.WIDTH))
    vectors = np.maximum(centres[DICE.integers(0, 40, count)] + 0.6 * DICE.normal(size=(count, embeddings.WIDTH)), 0)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)


@pytest.mark.parametrize("count", [3, 1500, 9000])
def test_the_nearest_are_those_that_comparing_everything_finds(count: int) -> None:
    vectors, hall = clusters(count), Hall()
    for start in range(0, count, 700):
        chunk = vectors[start : start + 700]
        hall.add(np.arange(start, start + len(chunk), dtype=np.uint64) + 10, chunk)
    hits = asked = 0
    for one in DICE.integers(0, count, 20):
        near = hall.near(vectors[one], 10)
        nearest = np.argsort(-(vectors.astype(np.float32) @ vectors[one].astype(np.float32)))[:10] + 10
        assert near[0] == one + 10
        hits += len(set(near) & set(nearest.tolist()))
        asked += len(near)
    assert asked == 20 * min(10, count)
    assert hits >= 0.95 * asked


def test_a_hall_with_many_copies_of_one_picture_still_answers() -> None:
    hall = Hall()
    vectors = np.repeat(clusters(1), 5000, axis=0)
    hall.add(np.arange(5000, dtype=np.uint64), vectors)
    assert len(set(hall.near(vectors[0], 25))) == 25


async def test_what_is_shared_later_is_found_and_what_is_read_must_do_while_reading(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hang(bot, "first", "second", "third")
    guild_id = int(bot.pg.channel("studio")["guild_id"])
    found = Likeness(bot.database)
    await found.read()
    assert await found.near(guild_id, 1, 6) == []
    vector = clusters(1)[0].astype("<f2").tobytes()
    async with bot.database.writing() as session:
        for image_id in (1, 2, 3):
            await embeddings.put(session, image_id, vector)
    assert sorted(await found.near(guild_id, 1, 6)) == [2, 3]

    monkeypatch.setattr(likeness, "PATIENCE", 0.0)
    hasty = Likeness(bot.database)
    assert await hasty.near(guild_id, 1, 6) == []
    await hasty.fill(guild_id)
    assert sorted(await hasty.near(guild_id, 1, 6)) == [2, 3]
