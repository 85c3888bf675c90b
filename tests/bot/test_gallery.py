"""`/gallery` and its pages, similar pictures, `/top`, `/leaderboard`, `/profile`; by clicking."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from db import embeddings, likes, shares, users
from db.likes import Press
from playground import Interaction
from tests.bot.studio import Json, Running, running, world
from tests.bot.test_sharing import parts, pressed, words


async def hang(
    bot: Running, *prompts: str, person: str = "Ben", channel: str = "studio", anonymous: bool = False
) -> None:
    """Pictures of these prompts, shared in this order."""
    for prompt in prompts:
        card = await bot.imagine(person, channel, prompt=prompt, count=1, steps=1)
        async with bot.database.writing() as session:
            await shares.share(session, int(card["attachments"][0]["filename"].split(".")[0]), anonymous=anonymous)


async def like(bot: Running, image_id: int, *people: str) -> None:
    async with bot.database.writing() as session:
        for one in people:
            await users.touch(session, int(bot.pg.person(one).id), one)
        await likes.press(session, [Press(image_id, int(bot.pg.person(one).id)) for one in people])


async def ask(bot: Running, command: str, person: str = "Cleo", channel: str = "studio", **options: Any) -> Json:
    """The answer to a command, once it stands."""
    return await standing(bot, await bot.pg.person(person).slash(channel, command, **options))


async def standing(bot: Running, asked: Interaction) -> Json:
    await bot.pg.wait_for(lambda: asked.message is not None and parts(asked.message), what=str(asked.reason))
    assert asked.message is not None
    return asked.message


def pictures(message: Json) -> list[str]:
    return [item["description"] for part in parts(message) if part["type"] == 12 for item in part["items"]]


async def turn(bot: Running, page: Json, label: str, person: str = "Cleo") -> None:
    """Press a button of a page and wait for the other page."""
    before = words(page), str(pictures(page))
    asked = await bot.pg.person(person).click(page, pressed(page, label)["custom_id"])
    await bot.pg.wait_for(lambda: (words(page), str(pictures(page))) != before, what=str(asked.reason))


async def test_the_gallery_turns_its_pages_in_every_order_for_its_visitor_alone(bot: Running) -> None:
    await hang(bot, *(f"house {number}" for number in range(8)))
    await like(bot, 3, "Ada", "Cleo")
    page = await ask(bot, "gallery")
    assert page["_viewer"] == bot.pg.person("Cleo").id
    newest = pictures(page)
    assert [one[:7] for one in newest] == [f"house {number}" for number in (7, 6, 5, 4, 3, 2)]
    await turn(bot, page, "▶️")
    assert [one[:7] for one in pictures(page)] == ["house 1", "house 0"]
    await turn(bot, page, "◀️")
    assert pictures(page) == newest
    await turn(bot, page, "Top")
    assert pictures(page)[0].startswith("house 2")
    assert "❤️\u00a02" in words(page)
    await turn(bot, page, "Hot")
    assert pictures(page)[0].startswith("house 2")
    await bot.pg.person("Cleo").click(page, pressed(page, "🎲")["custom_id"])
    await bot.pg.wait_for(lambda: "at random" in words(page))


async def test_search_and_author_narrow_it_down(bot: Running) -> None:
    await hang(bot, "a red house", "a blue boat")
    await hang(bot, "a red boat", person="Dan")
    await hang(bot, "a red secret", person="Dan", anonymous=True)
    found = await ask(bot, "gallery", search="red, boat!")
    assert [one[:10] for one in pictures(found)] == ["a red boat"]
    nothing = await ask(bot, "gallery", search="red zeppelin")
    assert "No shown prompt has all these words" in words(nothing)
    dans = await ask(bot, "gallery", author=bot.pg.person("Dan").id)
    assert [one[:10] for one in pictures(dans)] == ["a red boat"]
    many = await ask(bot, "gallery", search="a " * 29 + "red house with a roof of tiles and doors")
    assert all(len(part.get("custom_id", "")) <= 100 for part in parts(many))


async def test_pages_of_the_last_process_still_turn(tmp_path: Path, sqlite_url: str) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await hang(bot, *(f"house {number}" for number in range(7)))
            page = await ask(bot, "gallery")
        async with running(tmp_path, sqlite_url, pg=pg) as bot:
            await turn(bot, page, "▶️")
            assert [one[:7] for one in pictures(page)] == ["house 0"]
            bot.was_polite()


async def test_a_number_opens_the_card_with_all_its_buttons(bot: Running) -> None:
    await hang(bot, "a red house", "a blue boat")
    page = await ask(bot, "gallery")
    card = await standing(bot, await bot.pg.person("Cleo").click(page, "2"))
    assert pictures(card)[0].startswith("a red house")
    for label in ("a:like:1", "Remix", "Similar", "Details", "Report", "Unshare"):
        assert pressed(card, label)
    await bot.pg.person("Cleo").click(card, "a:like:1")
    async with bot.database.reading() as session:
        assert await likes.of_image(session, 1) == 1


async def test_age_restricted_pictures_show_themselves_in_age_restricted_channels_only(bot: Running) -> None:
    await hang(bot, "a red house")
    await hang(bot, "a dark house", channel="after-dark")
    await like(bot, 1, "Ada")
    await like(bot, 2, "Ada")
    for command in ("gallery", "top"):
        assert len(pictures(await ask(bot, command))) == 1
        assert len(pictures(await ask(bot, command, channel="after-dark"))) == 2
    assert len(pictures(await ask(bot, "profile", "Ben"))) == 1
    page = await ask(bot, "gallery", channel="after-dark")
    forged = pressed(page, "1")["custom_id"]
    assert forged == "a:visit:2"
    ordinary = await ask(bot, "gallery", search="dark")
    assert pictures(ordinary) == []


async def test_similar_pictures_are_the_nearest_that_may_be_seen(bot: Running) -> None:
    await hang(bot, "first", "second", "third", "fourth")
    axes = np.eye(embeddings.WIDTH, dtype=np.float32)
    near = {1: axes[0], 2: axes[1], 3: axes[0] + 0.2 * axes[1], 4: axes[0] + axes[2]}
    async with bot.database.writing() as session:
        for image_id, vector in near.items():
            row = (vector / np.linalg.norm(vector)).astype("<f2").tobytes()
            await embeddings.put(session, image_id, row)
    page = await ask(bot, "gallery")
    card = await standing(bot, await bot.pg.person("Cleo").click(page, "4"))
    alike = await standing(bot, await bot.pg.person("Cleo").click(card, "Similar"))
    assert [one[:5] for one in pictures(alike)] == ["third", "fourt", "secon"]
    async with bot.database.writing() as session:
        await shares.unshare(session, 3)
    again = await standing(bot, await bot.pg.person("Cleo").click(card, "Similar"))
    assert [one[:5] for one in pictures(again)] == ["fourt", "secon"]


async def test_a_picture_without_a_place_has_nothing_similar_yet(bot: Running) -> None:
    await hang(bot, "first", "second")
    page = await ask(bot, "gallery")
    card = await standing(bot, await bot.pg.person("Cleo").click(page, "1"))
    asked = await bot.pg.person("Cleo").click(card, "Similar")
    await bot.pg.wait_for(lambda: any("Nothing similar" in one["content"] for one in bot.pg.messages("studio")))
    assert asked.user_id == bot.pg.person("Cleo").id


@pytest.mark.parametrize("period", ["day", "week", "month", "all"])
async def test_top_shows_what_was_liked_to_everybody(bot: Running, period: str) -> None:
    await hang(bot, "a red house", "a blue boat", "a tree")
    await like(bot, 2, "Ada", "Cleo")
    await like(bot, 1, "Ada")
    shown = await ask(bot, "top", period=period)
    assert not shown["_viewer"]
    assert [one[:5] for one in pictures(shown)] == ["a blu", "a red"]


async def test_the_leaderboard_and_a_profile_count_what_is_shared_under_a_name(bot: Running) -> None:
    await hang(bot, "a red house", "a blue boat")
    await hang(bot, "a secret", anonymous=True)
    await hang(bot, "a tree", person="Dan")
    for image, people in {1: ("Ada", "Cleo"), 2: ("Ada",), 3: ("Ada", "Cleo", "Dan"), 4: ("Ben",)}.items():
        await like(bot, image, *people)
    ben, dan = bot.pg.person("Ben"), bot.pg.person("Dan")
    board = words(await ask(bot, "leaderboard"))
    assert f"🥇 {ben.mention} · 3 ❤️" in board
    assert f"🥈 {dan.mention} · 1 ❤️" in board
    assert "Winners" not in board
    card = await ask(bot, "profile", "Ben")
    told = words(card)
    assert "**3** made, **2** shared" in told
    assert "**3** received, **1** given" in told
    assert [one[:6] for one in pictures(card)] == ["a red ", "a blue"]


async def test_an_empty_gallery_says_how_to_fill_it(bot: Running) -> None:
    assert "`Share` under a picture" in words(await ask(bot, "gallery"))
    assert "Nobody yet" in words(await ask(bot, "leaderboard"))
    assert "Nothing got a heart" in words(await ask(bot, "top"))


@pytest.mark.parametrize("asked", ["a" * 100, "ß" * 40 + " x", "!!!", "word " * 20])
async def test_a_search_of_any_length_fits_a_button(bot: Running, asked: str) -> None:
    page = await ask(bot, "gallery", search=asked)
    assert "Gallery" in words(page)
