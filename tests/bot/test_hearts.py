"""Hearts when the disk is slow."""

import pytest

from tests.bot.studio import Running
from tests.bot.test_sharing import post, pressed, row, share, use_gallery


async def test_hearts_on_a_slow_disk_are_acknowledged_before_their_rows_stand_and_refusals_follow(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await use_gallery(bot)
    card = await bot.imagine("Ben", count=1, steps=1)
    await share(bot, card)
    made = await post(bot)
    monkeypatch.setattr("bot.answering.PATIENCE", 0.05)
    async with bot.database.writing():  # nobody else writes meanwhile
        liked = await bot.pg.person("Cleo").click(made, "a:like:1")
        own = await bot.pg.person("Ben").click(made, "a:like:1")
        assert (liked.state, own.state) == ("acknowledged", "acknowledged")
        assert (await row(bot)).likes == 0
    await bot.pg.wait_for(lambda: pressed(made, "a:like:").get("label") == "1")
    private = "This is your own picture; hearts come from others."
    await bot.pg.wait_for(lambda: private in [one["content"] for one in bot.pg.person("Ben").messages("gallery")])
