"""What jobs cost, and when a button or a command asks before it spends."""

import math
from typing import Any

import pytest

from bot import refining, wishes
from bot.config import Limits
from bot.house import prices
from bot.house.rules import Quota
from bot.wishes import Options, Wish
from db import ledger
from engine.errors import UnsupportedSize
from engine.models import Catalogue
from tests.bot.rows import image, job
from tests.bot.studio import Json, Running, labels, private_words

CATALOGUE = Catalogue.of({"schnell": {}, "dev": {}})
DEAR: dict[str, Any] = {"steps": 50, "count": 4}
"""Of the pocket model's 256 x 256: thirteen credits."""


def upscale(model: str, side: int, how: str) -> Wish:
    entry = CATALOGUE.get(model)
    request = {"model": model, "prompt": "a house", "negative_prompt": "", "width": side, "height": side}
    request |= {"steps": entry.steps, "guidance": entry.guidance, "seeds": [1], "image": None, "strength": None}
    parent = image(width=side, height=side)
    return refining.upscale(job(request=request), parent, how, catalogue=CATALOGUE, longest=2048)


@pytest.mark.parametrize(("model", "side"), [("pocket", 256), ("pocket", 1024), ("schnell", 1024), ("dev", 512)])
@pytest.mark.parametrize("how", ["subtle", "creative"])
def test_an_upscale_costs_its_finished_pixels_in_however_many_tiles(model: str, side: int, how: str) -> None:
    wish = upscale(model, side, how)
    steps, megapixels = wish.work / wish.pieces, (2 * side / 1024) ** 2
    assert 1 <= steps < CATALOGUE.get(model).steps
    assert prices.cost(wish, Quota(period="day", amount=100)) == max(1, math.ceil(steps * megapixels))


@pytest.mark.parametrize(("model", "side"), [("pocket", 256), ("pocket", 1024), ("schnell", 1024)])
def test_an_upscale_again_is_as_much_work_and_costs_as_much_as_the_first(model: str, side: int) -> None:
    first = upscale(model, side, "creative")
    done = job(request=first.request, kind=first.kind, work=first.work)
    again = refining.reroll(done, catalogue=CATALOGUE)
    quota = Quota(period="day", amount=100)
    assert (again.work, again.pieces) == (first.work, first.pieces)
    assert prices.cost(again, quota) == prices.cost(first, quota)


def test_an_upscale_in_tiles_below_the_models_sizes_is_refused_before_it_is_queued() -> None:
    with pytest.raises(UnsupportedSize):
        upscale("schnell", 100, "creative")


def test_what_is_drawn_into_a_picture_is_drawn_to_its_end_and_paid_as_such() -> None:
    parent = image(width=256, height=256)
    (base,) = wishes.imagine(
        "a cat --stop 50 --tile", Options(count=1), catalogue=CATALOGUE, model="pocket", limits=Limits()
    )
    into = refining.region(base, job(), parent, cells=["left half"], mask=None, catalogue=CATALOGUE, longest=2048)
    mixed = refining.blend(base, ["a", "b"], catalogue=CATALOGUE, longest=2048)
    told = refining.edit(
        base, "at night", picture="a", shape=(256, 256), scene="a cat", catalogue=CATALOGUE, longest=2048
    )
    for wish in (into, mixed, told):
        assert not {"stop", "tile"} & wish.request.keys()
    assert into.work > base.work


async def balance(bot: Running, person: str) -> int:
    async with bot.database.reading() as session:
        guild_id = int(bot.pg.channel("studio")["guild_id"])
        return await ledger.balance(session, int(bot.pg.person(person).id), guild_id)


async def test_a_dear_button_asks_before_it_spends(bot: Running) -> None:
    await bot.pg.person("Ada").slash("studio", "admin quota", period="day", amount=30)
    card = await bot.imagine("Ben", prompt="a red house", **DEAR)
    assert await balance(bot, "Ben") == 17
    ben = bot.pg.person("Ben")
    question = await ben.click(card, "🔄")
    assert "for 13 credits of your 17" in private_words(question)
    assert len(await bot.jobs()) == 1
    assert question.message is not None
    await ben.click(question.message, "Draw 1")
    (_, again) = await bot.delivered(2)
    assert (again.cost, await balance(bot, "Ben")) == (13, 4)
    answers: Json = next(one for one in bot.pg.messages("studio")[::-1] if one.get("message_reference"))
    assert answers["message_reference"]["message_id"] == card["id"]


async def test_more_jobs_than_may_wait_are_refused_before_anybody_is_asked(bot: Running) -> None:
    ben = bot.pg.person("Ben")
    asked = await ben.slash("studio", "imagine", prompt="a {red, blue, green, pink} house --repeat 3", count=1)
    assert "10 jobs waiting" in private_words(asked)
    assert asked.message is not None
    assert labels(asked.message) == []
    assert await bot.jobs() == []
