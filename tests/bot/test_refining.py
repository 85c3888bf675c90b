"""The buttons that make pictures from pictures, clicked; their rows, their words, and what they answer to."""

from pathlib import Path
from typing import Any

import pytest

from bot import refining
from db import images
from db.models import Image, Job
from playground import Interaction
from tests.bot.studio import Json, Running, labels, private_words, running, world


async def single(bot: Running, **options: Any) -> Json:
    """A message with one picture and all of its buttons."""
    options = {"count": 1, "steps": 2, "prompt": "a red house"} | options
    return await bot.imagine("Ada", "studio", **options)


async def last(bot: Running, count: int) -> Job:
    return (await bot.delivered(count))[-1]


async def pictures(bot: Running, job: Job) -> list[Image]:
    async with bot.database.reading() as session:
        return list(await images.of_job(session, job.id))


async def result(bot: Running, asked: Interaction) -> Json:
    assert asked.message is not None, asked.reason
    return await bot.pictures(asked.message)


@pytest.mark.parametrize(
    ("label", "kind", "edit", "size", "title"),
    [
        ("Upscale (Subtle)", "upscale_subtle", {"kind": "upscale", "how": "subtle"}, (512, 512), "Upscaled (Subtle)"),
        ("Upscale (Creative)", "upscale_creative", {"kind": "upscale", "how": "creative"}, (512, 512), "(Creative)"),
        ("Zoom Out 2x", "zoom", {"kind": "zoom", "factor": 2.0}, (256, 256), "Zoom Out (2x)"),
        ("Zoom Out 1.5x", "zoom", {"kind": "zoom", "factor": 1.5}, (256, 256), "Zoom Out (1.5x)"),
        ("➡️", "pan_right", {"kind": "pan", "direction": "right"}, (384, 256), "Pan Right"),
        ("⬆️", "pan_up", {"kind": "pan", "direction": "up"}, (256, 384), "Pan Up"),
    ],
)
async def test_a_button_draws_more_of_a_picture_and_says_what_it_did(
    bot: Running, label: str, kind: str, edit: dict[str, Any], size: tuple[int, int], title: str
) -> None:
    card = await single(bot)
    child = await result(bot, await bot.pg.person("Ben").click(card, label))
    made = await last(bot, 2)
    assert (made.kind, made.request["edit"]) == (kind, edit)
    assert (made.request["width"], made.request["height"]) == size
    assert title in child["content"]
    assert "a red house" in child["content"]
    assert child["message_reference"]["message_id"] == card["id"]
    drawn = await pictures(bot, made)
    assert {(one.width, one.height) for one in drawn} == {size}
    assert {one.parent_image_id for one in drawn} == {made.parent_image_id} == {1}
    assert len(drawn) == (1 if "Upscale" in label else 4)


async def test_make_square_is_offered_where_a_picture_is_not_and_makes_it_so(bot: Running) -> None:
    assert "Make Square" not in labels(await single(bot))
    wide = await single(bot, aspect="3:2")
    child = await result(bot, await bot.pg.person("Ada").click(wide, "Make Square"))
    made = await last(bot, 3)
    assert made.request["width"] == made.request["height"]
    assert "Make Square" in child["content"]


async def test_an_upscale_beyond_the_owners_limit_is_refused_in_words(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg, running(tmp_path, sqlite_url, pg=pg, document={"limits": {"longest": 512}}) as bot:
        large = await result(bot, await pg.person("Ada").click(await single(bot), "Upscale (Subtle)"))
        assert "512" in private_words(await pg.person("Ada").click(large, "Upscale (Subtle)"))
        bot.was_polite()


async def test_a_pan_goes_as_far_as_there_is_room_and_is_then_refused_in_words(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg, running(tmp_path, sqlite_url, pg=pg, document={"limits": {"longest": 320}}) as bot:
        wide = await result(bot, await pg.person("Ada").click(await single(bot), "➡️"))
        made = await last(bot, 2)
        assert (made.request["width"], made.request["height"]) == (320, 256)
        assert {(one.width, one.height) for one in await pictures(bot, made)} == {(320, 256)}
        one = (await pg.person("Ada").click(wide, "U1")).message
        assert one is not None
        await pg.wait_for(lambda: "⬅️" in labels(one))
        assert "320 x 256 and has no room" in private_words(await pg.person("Ada").click(one, "⬅️"))
        bot.was_polite()


async def test_a_variation_of_an_upscale_is_drawn_at_a_size_the_model_has(bot: Running) -> None:
    large = await result(bot, await bot.pg.person("Ada").click(await single(bot), "Upscale (Subtle)"))
    await result(bot, await bot.pg.person("Ada").click(large, "Vary (Strong)"))
    made = await last(bot, 3)
    assert (made.request["width"], made.request["height"]) == (256, 256)
    assert "edit" not in made.request


async def test_a_custom_zoom_asks_how_far_and_knows_what_is_too_far(bot: Running) -> None:
    card = await single(bot)
    ada = bot.pg.person("Ada")
    await result(bot, await ada.submit(await ada.click(card, "Custom Zoom"), {"factor": "1.25x"}))
    assert (await last(bot, 2)).request["edit"]["factor"] == 1.25
    for factor in ("3", "1", "1.005", "far", "nan", "-2"):
        refused = await ada.submit(await ada.click(card, "Custom Zoom"), {"factor": factor})
        assert "is no zoom" in private_words(refused)


async def test_remix_takes_new_words_and_starts_from_the_picture(bot: Running) -> None:
    card = await single(bot, prompt="a red house --ar 3:2 --chaos 20")
    ben = bot.pg.person("Ben")
    form = await ben.click(card, "Remix")
    child = await result(bot, await ben.submit(form, {"prompt": "a blue house --ar 3:2"}))
    made = await last(bot, 2)
    assert (made.kind, made.request["prompt"], made.parent_image_id) == ("remix", "a blue house", 1)
    assert made.request["strength"] == refining.STRENGTH["strong"]
    assert "chaos" not in made.request
    assert "**a blue house --ar 3:2** - Remix" in child["content"]
    refused = await ben.submit(await ben.click(card, "Remix"), {"prompt": "a house --sed 4"})
    assert "`--seed`" in private_words(refused)


async def test_remix_mode_makes_the_drawing_buttons_ask_for_words(bot: Running) -> None:
    grid = await bot.imagine(count=2, steps=2)
    ada = bot.pg.person("Ada")
    panel = (await ada.slash("studio", "settings")).message
    assert panel is not None
    await ada.click(panel, "Remix mode: off")
    await bot.pg.wait_for(lambda: "Remix mode: on" in labels(panel))
    form = await ada.click(grid, "V2")
    assert form.modal is not None
    await result(bot, await ada.submit(form, {"prompt": "a green house"}))
    made = await last(bot, 2)
    assert (made.request["prompt"], made.parent_image_id, made.kind) == ("a green house", 2, "remix")
    again = await ada.click(grid, "🔄")
    await result(bot, await ada.submit(again, {"prompt": "a cat"}))
    made = await last(bot, 3)
    assert (made.request["prompt"], made.request["image"]) == ("a cat", None)
    assert (await bot.pg.person("Ben").click(grid, "V1")).modal is None
    await bot.delivered(4)
    card = await single(bot)
    for label, strength in (("Vary (Subtle)", 0.3), ("Vary (Strong)", 0.75)):
        form = await ada.click(card, label)
        await result(bot, await ada.submit(form, {"prompt": "a yellow house"}))
        made = (await bot.jobs())[-1]
        assert (made.request["prompt"], made.request["strength"]) == ("a yellow house", strength)
    await ada.click(panel, "Remix mode: on")
    await bot.pg.wait_for(lambda: "Remix mode: off" in labels(panel))
    assert (await ada.click(card, "Vary (Strong)")).modal is None
    await bot.delivered(8)


async def test_an_author_can_keep_prompts_out_of_files(bot: Running) -> None:
    ada, ben = bot.pg.person("Ada"), bot.pg.person("Ben")
    card = await single(bot)
    assert bot.storage.metadata((await pictures(bot, await last(bot, 1)))[0].digest) is not None
    panel = (await ada.slash("studio", "settings")).message
    assert panel is not None
    await ada.click(panel, "Prompts in files: on")
    await bot.pg.wait_for(lambda: "Prompts in files: off" in labels(panel))
    await result(bot, await ada.click(card, "🔄"))
    assert (await last(bot, 2)).request["hide_prompt"] is True
    hidden = bot.storage.read((await pictures(bot, await last(bot, 2)))[0].digest)
    assert b"red house" not in hidden
    assert b"trainedAlgorithmicMedia" in hidden
    await result(bot, await ben.click(card, "🔄"))
    assert "hide_prompt" not in (await last(bot, 3)).request


async def test_what_was_said_of_a_prompt_stays_with_its_children(bot: Running) -> None:
    card = await single(bot, prompt="a red::2 house::1 --no trees --weird 300 --stop 50 --tile")
    await result(bot, await bot.pg.person("Ada").click(card, "Zoom Out 2x"))
    request = (await last(bot, 2)).request
    assert request["texts"] == [["a red", pytest.approx(2 / 3)], ["house", pytest.approx(1 / 3)]]
    assert (request["negative_prompt"], request["weird"]) == ("trees", 0.1)
    # A canvas that goes on is drawn to its end, and its borders do not fit each other.
    assert "stop" not in request
    assert "tile" not in request
