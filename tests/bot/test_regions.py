"""`Vary (Region)`, clicked: the grid on the picture, choosing parts of it, words or a mask, and what comes of it."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bench.tree import answering
from bot import regions
from bot.refining import PARTS
from bot.refusals import NoPart
from playground import Playground
from playground.offered import NotOffered
from tests.bot.studio import Json, Running, buttons, custom_ids, labels, private_words, running, world

ONWARD, MASK = "Say what should be there", "Upload a mask"


async def panel_of(bot: Running, card: Json, person: str = "Ada") -> Json:
    """The private message with the grid."""
    panel = (await bot.pg.person(person).click(card, "Vary (Region)")).message
    assert panel is not None
    await bot.pg.wait_for(lambda: bool(panel["components"]), 60, what=panel["content"])
    return panel


async def chosen(bot: Running, panel: Json, *parts: str) -> Json:
    for part in parts:
        before = panel["attachments"][0]["id"]
        await bot.pg.person("Ada").click(panel, part)
        await bot.pg.wait_for(lambda before=before: panel["attachments"][0]["id"] != before, 60)
    return panel


def lit(panel: Json) -> list[str]:
    return [one["label"] for one in buttons(panel) if one["style"] == 3]


async def redrawn(bot: Running, card: Json) -> Json:
    """The result, in answer to the card."""
    await bot.pg.wait_for(lambda: answering(bot.pg, card, "(Region)") is not None, 60)
    found = answering(bot.pg, card, "(Region)")
    assert found is not None
    return await bot.pictures(found)


async def single(bot: Running, **options: Any) -> Json:
    return await bot.imagine("Ada", "studio", **({"count": 1, "steps": 2, "prompt": "a red house"} | options))


def shown(pg: Playground, panel: Json) -> Image.Image:
    return Image.open(io.BytesIO(pg.attachment_bytes(panel["attachments"][0])))


async def test_a_region_is_chosen_on_the_picture_and_drawn_with_words_of_its_own(bot: Running) -> None:
    card = await single(bot, prompt="a red house at night")
    ada = bot.pg.person("Ada")
    panel = await panel_of(bot, card)
    assert panel["_viewer"] == ada.id
    assert labels(panel) == [*PARTS, ONWARD, MASK]
    assert [len(row["components"]) for row in panel["components"]] == [3, 3, 3, 4, 2]
    plain = shown(bot.pg, panel)
    assert plain.format == "WEBP"
    assert min(plain.size) >= 512
    await chosen(bot, panel, "top left", "middle", "top", "middle")
    assert lit(panel) == ["top left", "top"]
    assert shown(bot.pg, panel).tobytes() != plain.tobytes()
    form = await ada.click(panel, ONWARD)
    await ada.submit(form, {"prompt": "a blue door --seed 9"})
    child = await redrawn(bot, card)
    made = (await bot.delivered(2))[-1]
    assert made.request["edit"] == {"kind": "region", "words": "a blue door", "cells": ["top left", "top"]}
    assert (made.request["seeds"][0], made.parent_image_id) == (9, 1)
    assert made.request["prompt"] == "a blue door at night", "the rest of the picture is at night"
    assert made.parent_message_id == int(card["id"])
    assert child["content"].startswith("**a blue door --seed 9** - Variations (Region)")
    assert (panel["attachments"], panel["components"]) == ([], [])
    assert "On its way" in panel["content"]
    # One card, and nothing private left over that somebody else could see.
    assert len([one for one in bot.pg.messages("studio") if "(Region)" in one["content"]]) == 1


async def test_a_mask_can_be_handed_in_instead(bot: Running) -> None:
    card = await single(bot)
    ada = bot.pg.person("Ada")
    panel = await panel_of(bot, card)
    form = await ada.click(panel, MASK)
    mask = bot.pg.attachment_bytes(card["attachments"][0])
    await ada.submit(form, {"prompt": "a cat", "mask": [("mask.png", mask)]})
    await redrawn(bot, card)
    made = (await bot.delivered(2))[-1]
    assert made.request["edit"] == {"kind": "region", "words": "a cat"}
    assert made.request["mask"]
    # What would draw nothing anew is refused as well as what is no picture, and nobody is charged.
    black = io.BytesIO()
    Image.new("L", (64, 64), 100).save(black, "PNG")
    panel = await panel_of(bot, card)
    await ada.submit(await ada.click(panel, MASK), {"prompt": "a cat", "mask": [("mask.png", black.getvalue())]})
    await bot.pg.wait_for(lambda: "black all over" in bot.pg.messages("studio")[-1]["content"], 60)
    assert len(await bot.jobs()) == 2
    # What is no picture is refused, and the panel is still there for another try.
    panel = await panel_of(bot, card)
    form = await ada.click(panel, MASK)
    await ada.submit(form, {"prompt": "a cat", "mask": [("mask.png", b"PK\x03\x04" + bytes(99))]})
    await bot.pg.wait_for(lambda: "PNG, JPEG" in bot.pg.messages("studio")[-1]["content"], 60)
    assert labels(panel)[-1] == MASK
    assert len(await bot.jobs()) == 2


async def test_mistakes_in_the_words_are_told_and_what_was_chosen_stays(bot: Running) -> None:
    card = await single(bot)
    ada = bot.pg.person("Ada")
    panel = await chosen(bot, await panel_of(bot, card), "left half")
    await ada.submit(await ada.click(panel, ONWARD), {"prompt": "a house --sed 4"})
    await bot.pg.wait_for(lambda: "`--seed`" in bot.pg.messages("studio")[-1]["content"], 60)
    assert lit(panel) == ["left half"]
    assert len(await bot.jobs()) == 1


async def test_the_grid_works_on_after_a_restart(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            card = await single(bot)
            panel = await chosen(bot, await panel_of(bot, card), "bottom")
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await chosen(bot, panel, "bottom right")
            assert lit(panel) == ["bottom", "bottom right"]
            await pg.person("Ada").submit(await pg.person("Ada").click(panel, ONWARD), {"prompt": "grass"})
            await redrawn(bot, card)
            made = (await bot.delivered(2))[-1]
            assert made.request["edit"]["cells"] == ["bottom", "bottom right"]
            bot.was_polite()


async def test_a_deleted_picture_is_gone_from_the_grid_as_well(bot: Running) -> None:
    card = await single(bot)
    panel = await chosen(bot, await panel_of(bot, card), "top")
    form = await bot.pg.person("Ada").click(panel, ONWARD)
    await bot.pg.person("Ada").click(card, "Delete")
    await bot.pg.wait_for(lambda: card["id"] not in [one["id"] for one in bot.pg.messages("studio")])
    for label in ("left", ONWARD, MASK):
        assert private_words(await bot.pg.person("Ada").click(panel, label)) == "This picture was deleted."
    await bot.pg.person("Ada").submit(form, {"prompt": "a cat"})
    await bot.pg.wait_for(lambda: bot.pg.messages("studio")[-1]["content"] == "This picture was deleted.")
    assert len(await bot.jobs()) == 1


@pytest.mark.parametrize(
    ("forged", "words"),
    [
        ("a:part:1:1:ffff:0", "which part"),
        ("a:part:1:1:0000:99", "which part"),
        ("a:parts:1:1:ffff", "which part"),
        ("a:parts:1:1:0000", "which part"),
        ("a:part:9999999999999999999:1:0000:0", "deleted"),
        ("a:parts:77:1:0001", "deleted"),
        ("a:mask:77:1", "deleted"),
        ("a:region:77", "deleted"),
    ],
)
async def test_a_forged_id_draws_nothing_and_says_why(bot: Running, forged: str, words: str) -> None:
    card = await single(bot)
    card["components"][0]["components"][0]["custom_id"] = forged
    assert words in private_words(await bot.pg.person("Cleo").click(card, forged))
    assert len(await bot.jobs()) == 1


async def test_what_is_forged_beyond_any_pattern_is_not_ours(bot: Running) -> None:
    card = await single(bot)
    for forged in ("a:part:1:1:zz:0", "a:parts:1:1:0001:5", "a:mask:-1:1"):
        with pytest.raises(NotOffered):
            await bot.pg.person("Cleo").click(card, forged)


def test_choices_go_into_four_letters_and_back() -> None:
    for code in range(1 << len(PARTS)):
        assert int(regions.coded(regions.decoded(f"{code:04x}")), 16) == code
    with pytest.raises(NoPart):
        regions.decoded("2000")
    assert regions.toggled(["top"], PARTS.index("top")) == []
    assert regions.toggled(["top"], 0) == ["top left", "top"]


def test_the_longest_custom_id_fits() -> None:
    longest = f"a:part:{2**63 - 1}:{2**64 - 1}:1fff:12"
    assert len(longest) <= 100
    assert custom_ids({"components": []}) == []
