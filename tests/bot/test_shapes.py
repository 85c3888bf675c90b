"""The shape of what is made from a picture: the picture's own, or the one that its words ask for."""

from typing import Any

import pytest

import prompts
from bot import shapes
from bot.config import Limits
from bot.refusals import ShapeStays
from db.models import Job
from engine.errors import UnsupportedSize
from engine.models import POCKET
from tests.bot.studio import Json, Running, labels
from tests.bot.test_asking import png, result
from tests.bot.test_regions import ONWARD, chosen, panel_of


async def remixed(bot: Running, card: Json, words: str) -> tuple[Job, Json]:
    ada = bot.pg.person("Ada")
    child = await result(bot, await ada.submit(await ada.click(card, "Remix"), {"prompt": words}))
    return (await bot.jobs())[-1], child


def size(job: Job) -> tuple[int, int]:
    return job.request["width"], job.request["height"]


@pytest.mark.parametrize(
    ("words", "asked", "steps"),
    [
        ("a dog --ar 9:16 --hd", (192, 352), 4),
        ("a dog --size 384x256", (384, 256), 4),
        ("a dog --draft", (128, 128), 2),
    ],
)
async def test_a_remix_has_the_shape_that_its_words_ask_for(
    bot: Running, words: str, asked: tuple[int, int], steps: int
) -> None:
    card = await bot.imagine(prompt="a dog", count=1, steps=2)
    made, child = await remixed(bot, card, f"{words} --quality 0.34")
    assert size(made) == asked
    assert made.request["steps"] == steps
    assert words.split(" --")[1] in child["content"]
    drawn = bot.engine.requests[-1]
    assert drawn.image is not None
    assert drawn.image.size == asked, "the picture is cut to the new shape, not squeezed"


async def test_a_shape_that_came_along_changes_nothing_and_is_not_shown_where_it_is_not_the_pictures(
    bot: Running,
) -> None:
    wide = await bot.imagine(prompt="a dog --ar 2:1", count=1, steps=2)
    made, child = await remixed(bot, wide, "a cat --ar 2:1")
    first = (await bot.jobs())[0]
    assert size(made) == size(first)
    assert "**a cat --ar 2:1** - Remix" in child["content"]
    square = await result(bot, await bot.pg.person("Ada").click(wide, "Make Square"))
    one = (await bot.pg.person("Ada").click(square, "U1")).message
    assert one is not None
    await bot.pg.wait_for(lambda: "Remix" in labels(one))
    made, child = await remixed(bot, one, "a bird --ar 2:1")
    assert made.request["width"] == made.request["height"]
    assert "**a bird** - Remix" in child["content"]


async def test_a_preferred_shape_is_none_that_a_strangers_picture_is_asked_to_have(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    await ada.slash("studio", "prefer suffix", parameters="--ar 1:2 --no people")
    theirs = await bot.pg.person("Ben").say("studio", "mine", files=[("photo.png", png("orange", (640, 320)))])
    for words, ratio in (("a boat", 2), ("a boat --ar 1:1", 1)):
        await result(bot, await ada.submit(await ada.menu(theirs, "Remix"), {"prompt": words}))
        made = (await bot.jobs())[-1]
        assert made.request["width"] == ratio * made.request["height"]
        assert made.prompt == f"{words} --no people"


async def test_a_region_keeps_the_shape_of_its_picture(bot: Running) -> None:
    card = await bot.imagine(prompt="a red house --hd", count=1, steps=2)
    ada = bot.pg.person("Ada")
    panel = await chosen(bot, await panel_of(bot, card), "top")
    await ada.submit(await ada.click(panel, ONWARD), {"prompt": "a bird --size 256x256"})
    await bot.pg.wait_for(lambda: "384 x 384" in bot.pg.messages("studio")[-1]["content"], 60)
    assert len(await bot.jobs()) == 1
    await ada.submit(await ada.click(panel, ONWARD), {"prompt": "a bird --hd"})
    await bot.pg.wait_for(lambda: "On its way" in panel["content"], 60)
    made = (await bot.jobs())[-1]
    assert (size(made), made.prompt) == ((384, 384), "a bird --hd")


def settled(text: str, words: str, picture: tuple[int, int], *, stays: bool = False, **limits: Any) -> str:
    found = shapes.settled(prompts.parse(text), words, picture, entry=POCKET, limits=Limits(**limits), stays=stays)
    return prompts.format(found)


def test_a_shape_that_came_along_and_has_no_room_here_refuses_nothing() -> None:
    assert settled("a cat --hd", "a dog --hd", (256, 256), pixels=256**2) == "a cat"
    assert settled("a cat --size 4096x64", "a dog --size 4096x64", (256, 256)) == "a cat"
    assert settled("a cat --size 4096x64", "a dog --size 4096x64", (256, 256), stays=True) == "a cat"
    assert settled("a cat --ar 3:2 --steps 4", "a dog, {", (256, 256)) == "a cat --ar 3:2 --steps 4"


@pytest.mark.parametrize("words", ["--hd", "--ar 2:1", "--size 64x64", "--draft", "--size 4096x4096"])
def test_a_shape_asked_of_a_region_is_refused_unless_it_is_the_pictures(words: str) -> None:
    with pytest.raises(ShapeStays):
        settled(f"a cat {words}", "a dog", (256, 256), stays=True, pixels=256**2)
    assert settled("a cat --size 256x256", "a dog", (256, 256), stays=True) == "a cat --size 256x256"


def test_a_picture_of_a_size_that_the_model_does_not_draw_starts_one_of_nearly_its_shape() -> None:
    width, height = shapes.drawable(POCKET, (1000, 500), Limits())
    assert width == 2 * height
    with pytest.raises(UnsupportedSize):
        POCKET.check_size(1000, 500)
