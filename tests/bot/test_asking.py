"""Commands that take pictures, preferences and braces, as people use them in the playground."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bot.styles import swatch
from engine.models import POCKET_FOLDER
from engine.pocket.scenes import Scene, Thing, paint
from playground import Interaction
from tests.bot.studio import Json, Running, is_result, labels, private_words, running, world


def png(colour: str, size: tuple[int, int] = (96, 64)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


async def result(bot: Running, asked: Interaction) -> Json:
    assert asked.message is not None, asked.reason
    # Pictures are decoded in a process of their own and read by a model: seconds, on a busy machine many.
    message = asked.message
    await bot.pg.wait_for(lambda: is_result(message), 90, what=message["content"])
    return message


async def submitted(bot: Running, panel: Json, label: str, text: str, person: str = "Ada") -> Interaction:
    form = await bot.pg.person(person).click(panel, label)
    return await bot.pg.person(person).submit(form, {"prompt": text})


async def test_pictures_in_front_and_in_options_become_references(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    said = await ada.say("studio", "look", files=[("sea.png", png("blue"))])
    address = bot.pg.files.shown(said["attachments"][0])["url"]
    options: dict[str, Any] = {"image": ("a.png", png("red")), "style_image": ("b.png", png("green"))}
    card = await result(
        bot, await ada.slash("studio", "imagine", prompt=f"{address}::2 a house --sw 50 --iw 0.5", steps=1, **options)
    )
    (job,) = await bot.delivered(1)
    found = [(one["kind"], one["weight"]) for one in job.request["references"]]
    assert found == [("image", 0.5), ("image", 2.0), ("style", 0.5)]
    assert len({one["image"] for one in job.request["references"]}) == 3
    assert card["content"].startswith("**🖼️ 🖼️ a house")
    assert "http" not in card["content"]


async def test_an_address_elsewhere_is_refused_and_nothing_is_queued(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    asked = await ada.slash("studio", "imagine", prompt="https://example.com/cat.png a house")
    assert "example.com" in private_words(asked)
    assert await bot.jobs() == []


async def test_a_style_by_number_is_the_same_picture_every_time_and_random_has_a_number(bot: Running) -> None:
    await bot.imagine(prompt="a house --sref 42", steps=1, count=1)
    await bot.imagine(prompt="a cat --sref 42", steps=1, count=1)
    card = await bot.imagine(prompt="a dog --sref random", steps=1, count=1)
    first, second, third = await bot.delivered(3)
    assert first.request["references"] == second.request["references"] != third.request["references"]
    assert "random" not in card["content"]
    assert "--sref " in card["content"]
    assert swatch(7).tobytes() == swatch(7).tobytes() != swatch(8).tobytes()


async def test_braces_make_a_few_jobs_at_once_and_more_after_asking(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    await ada.slash("studio", "imagine", prompt="a {red, blue} house", steps=1, count=1)
    assert [job.request["prompt"] for job in await bot.delivered(2)] == ["a red house", "a blue house"]
    asked = await ada.slash(
        "studio", "imagine", prompt="a {red, blue, green} {house, cat} --repeat 1", steps=1, count=1
    )
    assert "6 jobs, 6 pictures in all" in private_words(asked)
    assert asked.message is not None
    assert labels(asked.message) == ["Draw 6", "Not now"]
    assert len(await bot.jobs()) == 2
    await ada.click(asked.message, "Draw 6")
    made = await bot.delivered(8)
    assert {job.request["prompt"] for job in made[2:]} == {
        f"a {colour} {thing}" for colour in ("red", "blue", "green") for thing in ("house", "cat")
    }
    assert {(len(job.request["seeds"]), job.request["steps"]) for job in made} == {(1, 1)}
    asked = await ada.slash("studio", "imagine", prompt="{a,b,c} {d,e}", steps=1)
    assert asked.message is not None
    question = asked.message
    await ada.click(question, "Not now")
    await bot.pg.wait_for(lambda: question["content"] == "Nothing was queued.", 10)
    refused = await ada.slash("studio", "imagine", prompt="{a,b,c,d,e,f,g} {a,b,c,d,e,f,g}")
    assert "49 prompts, and 40" in private_words(refused)
    assert len(await bot.jobs()) == 8


async def test_prompt_before_option_before_preference_before_the_servers_default(bot: Running) -> None:
    ada, ben = bot.pg.person("Ada"), bot.pg.person("Ben")
    panel = (await ada.slash("studio", "settings")).message
    assert panel is not None
    assert "Server defaults" in labels(panel)
    await submitted(bot, panel, "Server defaults", "--ar 2:1 --steps 3 --chaos 10 --no rain")
    await bot.pg.wait_for(lambda: "--chaos 10" in panel["content"])
    assert "only parameters" in private_words(await submitted(bot, panel, "My defaults", "a cat --ar 1:1")).lower()
    await submitted(bot, panel, "My defaults", "--steps 4 --weird 300")
    await ada.slash("studio", "prefer suffix", parameters="--steps 5")
    await bot.imagine(prompt="a house", count=1)
    await bot.imagine(prompt="a house", count=1, steps=6, aspect="1:1")
    await bot.imagine(prompt="a house --steps 7 --size 128x128 --no snow", count=1, steps=6)
    await bot.imagine("Ben", prompt="a house", count=1)
    first, second, third, bens = (job.request for job in await bot.delivered(4))
    assert (first["steps"], first["chaos"], first["weird"], first["negative_prompt"]) == (5, 0.1, 0.1, "rain")
    assert first["width"] == 2 * first["height"]
    assert (second["steps"], second["width"]) == (6, second["height"])
    assert (third["steps"], third["width"], third["negative_prompt"]) == (7, 128, "snow")
    assert (bens["steps"], "weird" in bens) == (3, False)
    theirs = (await ben.slash("studio", "settings")).message
    assert theirs is not None
    assert "Server defaults" not in labels(theirs)


async def test_parameters_of_ones_own_stand_for_others_until_they_are_taken_away(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    told = private_words(await ada.slash("studio", "prefer option set", name="--Phone", value="--ar 9:16 --s 50"))
    assert "--phone" in told
    await bot.imagine(prompt="a house --phone", count=1, steps=1)
    (job,) = await bot.delivered(1)
    assert job.request["height"] > job.request["width"]
    assert job.request["stylize"] == 0.05
    assert "`--phone`" in private_words(await ada.slash("studio", "prefer option list"))
    choices = await ada.autocomplete("studio", "prefer option remove", "name", "ph")
    assert [choice["value"] for choice in choices] == ["phone"]
    for name, words in (("seed", "is a parameter already"), ("5x", "can be no name"), ("a b", "can be no name")):
        assert words in private_words(await ada.slash("studio", "prefer option set", name=name, value="--ar 1:1"))
    assert private_words(await ada.slash("studio", "prefer option remove", name="phone")) == "Gone."
    assert "There is no parameter `--phone`" in private_words(await ada.slash("studio", "imagine", prompt="a --phone"))


async def test_blend_and_edit_take_pictures_and_know_our_own_again(bot: Running) -> None:
    card = await bot.imagine(prompt="a red house by day", count=1, steps=2)
    own = ("mine.png", bot.pg.attachment_bytes(card["attachments"][0]))
    ada = bot.pg.person("Ada")
    blended = await result(bot, await ada.slash("studio", "blend", image1=own, image2=("b.png", png("blue"))))
    assert "**2 pictures** - Blend" in blended["content"]
    edited = await result(bot, await ada.slash("studio", "edit", image=own, instruction="make the house blue"))
    assert "**make the house blue** - Edit" in edited["content"]
    _, blend, edit = await bot.delivered(3)
    assert (blend.kind, blend.parent_image_id, edit.kind, edit.parent_image_id) == ("blend", 1, "edit", 1)
    assert edit.request["edit"]["scene"] == "a red house by day"
    assert edit.request["prompt"] == "a blue house by day"


@pytest.mark.parametrize(
    ("table", "pictures", "taken"),
    [
        ({"accepted": True}, "review", "kontext"),
        ({"accepted": False}, "review", "pocket"),
        ({"accepted": True}, "off", "pocket"),
    ],
)
async def test_edit_takes_the_model_that_is_made_for_it_where_it_may_be_used(
    tmp_path: Path, sqlite_url: str, table: dict[str, Any], pictures: str, taken: str
) -> None:
    own = {"folder": str(POCKET_FOLDER), "width": 512, "height": 512, "steps": 3} | table
    document = {"models": {"kontext": own}, "filter": {"pictures": pictures}}
    async with world() as pg, running(tmp_path, sqlite_url, pg=pg, document=document) as bot:
        ada = pg.person("Ada")
        asked = await ada.slash("studio", "edit", image=("a.png", png("red", (512, 256))), instruction="make it night")
        card = await result(bot, asked)
        (job,) = await bot.delivered(1)
        assert job.request["model"] == taken
        assert "**make it night** - Edit" in card["content"]
        drawn = bot.engine.requests[-1]
        if taken == "kontext":
            assert (drawn.prompt, drawn.image, len(drawn.references)) == ("make it night", None, 1)
            assert (job.request["width"], job.request["height"]) == (drawn.width, drawn.height)
            assert 0.9 < drawn.width * drawn.height / 512**2 < 1.1  # its usual size, in the shape of the picture
        else:
            assert drawn.image is not None
        # What is made of it goes on with the model that made it.
        child = await result(bot, await ada.click(card, "V1"))
        assert (await bot.delivered(2))[-1].request["model"] == taken
        assert child["content"]
        bot.was_polite()


async def test_remix_and_describe_work_on_anybodys_picture(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    theirs = await bot.pg.person("Ben").say("studio", "mine", files=[("photo.png", png("orange", (640, 320)))])
    form = await ada.menu(theirs, "Remix")
    await result(bot, await ada.submit(form, {"prompt": "a boat"}))
    (job,) = await bot.delivered(1)
    assert (job.kind, job.request["prompt"], job.request["strength"]) == ("remix", "a boat", 0.75)
    assert job.request["width"] == 2 * job.request["height"]
    words = await bot.pg.person("Ben").say("studio", "no picture")
    for menu in ("Remix", "Describe"):
        assert private_words(await ada.menu(words, menu)) == "This message shows no picture."


async def test_a_remix_drawn_again_with_other_words_keeps_the_picture_that_it_began_with(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    theirs = await bot.pg.person("Ben").say("studio", "mine", files=[("photo.png", png("orange", (640, 320)))])
    card = await result(bot, await ada.submit(await ada.menu(theirs, "Remix"), {"prompt": "a boat"}))
    panel = (await ada.slash("studio", "settings")).message
    assert panel is not None
    await ada.click(panel, "Remix mode: off")
    await bot.pg.wait_for(lambda: "Remix mode: on" in labels(panel))
    await result(bot, await ada.submit(await ada.click(card, "🔄"), {"prompt": "a ship"}))
    first, again = (job.request for job in await bot.delivered(2))
    assert again["prompt"] == "a ship"
    kept = ("image", "strength", "width", "height")
    assert [again[name] for name in kept] == [first[name] for name in kept]
    assert first["image"] is not None


async def test_describe_by_menu_reads_a_strangers_picture(bot: Running) -> None:
    house = Thing(kind="house", color="red", x=0.5, y=0.5, size=0.6)
    buffer = io.BytesIO()
    paint(Scene(category="object", things=(house,), ground="white")).save(buffer, "PNG")
    theirs = await bot.pg.person("Ben").say("studio", "look", files=[("x.png", buffer.getvalue())])
    asked = await bot.pg.person("Ada").menu(theirs, "Describe")
    await bot.pg.wait_for(lambda: bool(asked.message and asked.message["embeds"]), 60)
    assert asked.message is not None
    assert "red" in asked.message["embeds"][0]["description"]
    assert labels(asked.message)[0] == "Imagine 1"


async def test_a_suffix_goes_behind_every_prompt_until_it_is_taken_away(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    assert "`" not in private_words(await ada.slash("studio", "prefer suffix", parameters="--ar 2:1 --no people"))
    await bot.imagine(prompt="a house", count=1, steps=1)
    await bot.imagine(prompt="a house --ar 1:2", count=1, steps=1)
    refused = private_words(await ada.slash("studio", "prefer suffix", parameters="--sed 4"))
    assert "`--seed`" in refused
    assert private_words(await ada.slash("studio", "prefer suffix")) == "You have no suffix now."
    await bot.imagine(prompt="a house", count=1, steps=1)
    first, second, third = (job.request for job in await bot.delivered(3))
    assert first["width"] > first["height"]
    assert first["negative_prompt"] == second["negative_prompt"] == "people"
    assert second["width"] < second["height"]
    assert (third["width"], third["negative_prompt"]) == (third["height"], "")


async def test_with_a_web_address_cards_link_to_the_pages_of_their_pictures(tmp_path: Path, sqlite_url: str) -> None:
    document = {"web": {"address": "gallery.example:8080"}}
    async with world() as pg, running(tmp_path, sqlite_url, pg=pg, document=document) as bot:
        card = await bot.imagine(prompt="a house " * 300, count=2, steps=1)
        base = "http://gallery.example:8080/images"
        assert card["content"].splitlines()[-1] == f"-# Pages [1](<{base}/1>) [2](<{base}/2>)"
        assert len(card["content"]) <= 2000
        single = (await pg.person("Ben").click(card, "U2")).message
        assert single is not None
        await pg.wait_for(lambda: bool(single["attachments"]))
        assert single["content"].splitlines()[-1] == f"-# [Page](<{base}/2>)"
        await bot.pg.person("Ada").click(single, "Delete")
        await pg.wait_for(lambda: "/2>" not in card["content"])
        assert f"{base}/1>" in card["content"]
        bot.was_polite()


async def test_describe_reads_a_picture_and_its_buttons_draw_the_prompts(bot: Running) -> None:
    house = Thing(kind="house", color="red", x=0.5, y=0.5, size=0.6)
    buffer = io.BytesIO()
    paint(Scene(category="object", things=(house,), ground="white")).save(buffer, "PNG")
    asked = await bot.pg.person("Ada").slash("studio", "describe", image=("scene.png", buffer.getvalue()))
    message = asked.message
    assert message is not None
    await bot.pg.wait_for(lambda: bool(message["embeds"]), 60)
    first = message["embeds"][0]["description"].split("\n")[0].split("`")[1]
    assert "red" in first
    drawn = await bot.pg.person("Ben").click(message, "Imagine 1")
    await result(bot, drawn)
    (job,) = await bot.delivered(1)
    assert job.request["prompt"] == first
    assert drawn.message["message_reference"]["message_id"] == message["id"]  # type: ignore[index]


async def test_a_file_of_ours_tells_how_it_was_made_wherever_it_turns_up(bot: Running) -> None:
    card = await bot.imagine(prompt="a red house", seed=9, count=1, steps=2)
    ben = bot.pg.person("Ben")
    ours = await ben.say("studio", "found", files=[("x.png", bot.pg.attachment_bytes(card["attachments"][0]))])
    theirs = await ben.say("studio", "mine", files=[("y.png", png("red"))])
    asked = await ben.menu(ours, "Image details")
    await bot.pg.wait_for(lambda: bool(asked.message and asked.message["content"]), 90)
    assert "a red house" in private_words(asked)
    assert "seed 9" in private_words(asked)
    asked = await ben.menu(theirs, "Image details")
    await bot.pg.wait_for(lambda: "no job of mine" in bot.pg.messages("studio")[-1]["content"], 90)
