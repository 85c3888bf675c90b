"""`/imagine`, from the words to the pictures on the card, through a real client and the playground."""

import io
from typing import Any

import pytest
from PIL import Image

from bot.errors import explain
from db.models import JobStatus, Route
from engine.errors import ModelDamaged
from playground.permissions import ATTACH_FILES, EMBED_LINKS
from tests.bot.studio import Running, labels, private_words


def deny(bot: Running, channel: str, bits: int) -> None:
    """Take permissions from the bot in one channel."""
    own = bot.pg.world.bot["id"]
    overwrite = {"id": own, "type": 1, "allow": "0", "deny": str(bits)}
    bot.pg.channel(channel)["permission_overwrites"] = [overwrite]


async def test_a_prompt_becomes_four_pictures_in_order_on_one_message(bot: Running) -> None:
    card = await bot.imagine(prompt="a red house", seed=7)
    assert card["content"].startswith("**a red house --seed 7** - by <@")
    assert labels(card) == ["U1", "U2", "U3", "U4", "🔄", "V1", "V2", "V3", "V4"]
    (job,) = await bot.delivered(1)
    assert job.request["seeds"] == [7, 8, 9, 10]
    assert [one["filename"] for one in card["attachments"]] == ["1.png", "2.png", "3.png", "4.png"]
    first = Image.open(io.BytesIO(bot.pg.attachment_bytes(card["attachments"][0])))
    assert first.size == (256, 256)
    assert "Seed: 7" in first.text["parameters"]  # type: ignore[attr-defined]
    assert len(bot.pg.messages("studio")) == 1
    assert str(job.card_message_id) == card["id"]


async def test_the_card_shows_percent_and_preview_before_the_result(bot: Running) -> None:
    bot.engine.seconds_per_step = 0.4
    asked = await bot.pg.person("Ada").slash("studio", "imagine", prompt="a house", count=2)
    card = asked.message
    assert card is not None
    previews: list[str] = []

    def sees_progress() -> bool:
        files = [one["filename"] for one in card["attachments"]]
        if files == ["preview.webp"] and card["content"] not in previews:
            assert card["content"].endswith(" %")
            assert labels(card) == ["Cancel"]
            previews.append(card["content"])
        return files == ["1.png", "2.png"]

    await bot.pg.wait_for(sees_progress, timeout=30)
    assert previews


async def test_a_waiting_card_shows_its_place_and_moves_up(bot: Running) -> None:
    bot.engine.hold()
    ada, ben = bot.pg.person("Ada"), bot.pg.person("Ben")
    first = (await ada.slash("studio", "imagine", prompt="one", steps=1)).message
    assert first is not None
    await bot.pg.wait_for(lambda: "Queued" not in first["content"])
    second = (await ben.slash("studio", "imagine", prompt="two", steps=1)).message
    third = (await ben.slash("studio", "imagine", prompt="three", steps=1)).message
    assert second is not None
    assert third is not None
    assert second["content"].endswith("Queued, next")
    assert third["content"].endswith("Queued, 2nd")
    await ben.click(second, "Cancel")
    await bot.pg.wait_for(lambda: second["content"].endswith("Cancelled") and third["content"].endswith("Queued, next"))
    bot.engine.release()
    await bot.pictures(third)
    await bot.pictures(first)


async def test_the_start_is_told_once_the_pace_was_measured_and_never_before(bot: Running) -> None:
    await bot.imagine(prompt="to measure", steps=2)
    bot.engine.hold()
    ada = bot.pg.person("Ada")
    running = (await ada.slash("studio", "imagine", prompt="one", steps=1)).message
    assert running is not None
    await bot.pg.wait_for(lambda: "Queued" not in running["content"])
    waiting = (await ada.slash("studio", "imagine", prompt="two", steps=1)).message
    assert waiting is not None
    assert "Queued, next, starts <t:" in waiting["content"]
    bot.engine.release()
    await bot.pictures(waiting)


async def test_repeat_makes_several_cards_of_one_command(bot: Running) -> None:
    await bot.pg.person("Ada").slash("studio", "imagine", prompt="a house --repeat 3", count=1, steps=1)
    made = await bot.delivered(3)
    assert len({job.card_message_id for job in made}) == 3
    cards = bot.pg.messages("studio")
    assert len(cards) == 3
    assert all(len(card["attachments"]) == 1 for card in cards)
    assert len({job.request["seeds"][0] for job in made}) == 3


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"prompt": "   "}, "prompt is empty"),
        ({"prompt": "a" * 6000}, "6000 characters; 4000 fit"),
        ({"prompt": "a --sed 5"}, "`--seed`"),
        ({"prompt": "a --steps 500"}, "1..100"),
        ({"prompt": "a --ar 0:1"}, "1:4 to 4:1"),
        ({"prompt": "a --ar 100:1"}, "1:4 to 4:1"),
        ({"prompt": "a --seed cat"}, "0..4294967295"),
        ({"prompt": "a", "model": "pockt"}, "`pocket`"),
    ],
)
async def test_a_mistake_is_told_privately_and_nothing_is_queued(
    bot: Running, options: dict[str, Any], words: str
) -> None:
    asked = await bot.pg.person("Ada").slash("studio", "imagine", **options)
    assert words in private_words(asked)
    assert await bot.jobs() == []
    assert list(bot.storage.folder.glob("**/*")) == []


async def test_a_channel_without_permission_is_refused_by_name_and_nothing_is_queued(bot: Running) -> None:
    deny(bot, "studio", ATTACH_FILES | EMBED_LINKS)
    asked = await bot.pg.person("Ben").slash("studio", "imagine", prompt="a house")
    assert "Embed Links, Attach Files" in private_words(asked)
    assert await bot.jobs() == []


async def test_a_damaged_model_is_told_at_once_and_nothing_is_queued(bot: Running) -> None:
    bot.engine.finish_loading(ModelDamaged("/somewhere", "missing"))
    asked = await bot.pg.person("Ben").slash("studio", "imagine", prompt="a house")
    assert private_words(asked) == explain(ModelDamaged("/somewhere", "missing"))
    assert await bot.jobs() == []


async def test_too_many_waiting_jobs_are_refused_and_those_before_stay(bot: Running) -> None:
    bot.engine.hold()
    ada = bot.pg.person("Ada")
    for prompt in ("a --repeat 4", "a --repeat 4", "a --repeat 2"):
        await ada.slash("studio", "imagine", prompt=prompt, steps=1, count=1)
    asked = await ada.slash("studio", "imagine", prompt="b --repeat 4", steps=1, count=1)
    assert "10 jobs waiting" in private_words(asked)
    assert len(await bot.jobs()) == 10
    bot.engine.release()
    await bot.delivered(10)


async def test_a_failed_job_says_why_and_can_be_tried_again(bot: Running) -> None:
    from engine.errors import OutOfMemory

    bot.engine.fail_next(OutOfMemory("cpu"))
    asked = await bot.pg.person("Ada").slash("studio", "imagine", prompt="a house", steps=1)
    card = asked.message
    assert card is not None
    await bot.pg.wait_for(lambda: "Nothing was charged" in card["content"])
    assert labels(card) == ["🔄"]
    again = await bot.pg.person("Ben").click(card, "🔄")
    assert again.message is not None
    await bot.pictures(again.message)
    assert [job.status for job in await bot.delivered(2)] == [JobStatus.FAILED, JobStatus.SUCCEEDED]


async def test_a_direct_message_is_a_place_like_any_other(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    asked = await ada.slash(ada.dm(), "imagine", prompt="a house", steps=1)
    assert asked.message is not None
    await bot.pictures(asked.message)
    (job,) = await bot.delivered(1)
    assert (job.guild_id, job.route) == (None, Route.CHANNEL)


async def test_the_models_are_offered_by_name(bot: Running) -> None:
    choices = await bot.pg.person("Ada").autocomplete("studio", "imagine", "model", "po", prompt="a")
    assert [choice["value"] for choice in choices] == ["pocket"]


async def test_an_interaction_that_comes_twice_makes_one_job_and_one_card(bot: Running) -> None:
    import discord

    seen: list[discord.Interaction] = []
    original = bot.studio.orders.accept

    async def accept(interaction: discord.Interaction, wishes: Any, **more: Any) -> None:
        seen.append(interaction)
        await original(interaction, wishes, **more)

    bot.studio.orders.accept = accept  # type: ignore[method-assign]
    card = await bot.imagine(prompt="a house", steps=1)
    (interaction,) = seen
    from bot.wishes import Options, imagine

    again = imagine(
        "a house", Options(steps=1), catalogue=bot.studio.catalogue, model="pocket", limits=bot.config.limits
    )
    bot.expected_refusals.add(40060)
    interaction.response._response_type = None
    await original(interaction, again)
    assert len(await bot.delivered(1)) == 1
    assert [message["id"] for message in bot.pg.messages("studio")] == [card["id"]]
