"""What no picture is, handed in every way there is: a clear answer, to the person alone, and nobody charged.

Short: two files a way, the door itself is tested in tests/engine/test_strangers.py. All files by all ways are
`bench/hostile.py`.
"""

import pytest

from playground import Interaction
from tests.bot.studio import Running, private_words
from tests.bot.test_house import admin, balance
from tests.hostile import ADDRESSED, FOREIGN, REFUSED, TAKEN, WAYS, a_zip, told


@pytest.mark.timeout(300)
async def test_every_way_in_refuses_what_is_no_picture_and_charges_nobody(bot: Running) -> None:
    await bot.imagine("Ada", "studio", count=1, steps=1)
    await admin(bot, "quota", period="day", amount=10)
    await bot.pg.person("Ada").slash("studio", "info")
    had = await balance(bot, "Ada")
    jobs, stored = len(await bot.jobs()), len(list(bot.storage.folder.glob("*/*.png")))
    for name, hand_in in WAYS.items():

        async def handed(data: bytes, hand_in=hand_in) -> Interaction:
            return await hand_in(bot.pg, "picture.png", data)

        for data, words in ((a_zip(), "no picture I can read"), (REFUSED["a truncated PNG"][0](), "is damaged")):
            answer = await told(bot.pg, lambda data=data, handed=handed: handed(data))
            assert words in answer, (name, answer)
            assert answer.endswith("Nothing was queued."), (name, answer)
    assert (len(await bot.jobs()), await balance(bot, "Ada")) == (jobs, had)
    # The good one of a blend was stored, and nothing else: it is swept at the next start.
    assert len(list(bot.storage.folder.glob("*/*.png"))) <= stored + 1


@pytest.mark.parametrize("way", ADDRESSED)
async def test_an_address_that_is_not_discords_is_refused_before_it_is_asked(bot: Running, way: str) -> None:
    asked = await bot.pg.person("Ada").slash("studio", "imagine", prompt=ADDRESSED[way].format(FOREIGN), steps=1)
    assert "Discord" in private_words(asked)
    assert await bot.jobs() == []


async def test_odd_pictures_are_taken_by_the_ways_that_draw_at_once(bot: Running) -> None:
    for number, name in enumerate(("CMYK", "16 bits of grey", "animated WebP"), 1):
        await WAYS["an image prompt"](bot.pg, "odd.png", TAKEN[name]())
        job = (await bot.delivered(number))[-1]
        assert len(job.request["references"]) == 1
