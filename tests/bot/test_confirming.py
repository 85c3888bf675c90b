"""The question before many jobs is answered once, however quickly and often its buttons are pressed."""

import asyncio
from typing import Any

from bot.ui import confirm
from tests.bot.studio import Json, Running, labels, private_words


async def question(bot: Running) -> Json:
    asked = await bot.pg.person("Ada").slash("studio", "imagine", prompt="{a,b,c,d,e} house", steps=1, count=1)
    assert asked.message is not None
    assert labels(asked.message) == ["Draw 5", "Not now"]
    return asked.message


async def test_two_quick_presses_on_draw_make_the_jobs_once_and_the_second_is_told(bot: Running) -> None:
    message, ada = await question(bot), bot.pg.person("Ada")
    pressed = await asyncio.gather(*(ada.click(message, "Draw 5") for _ in range(2)))
    assert len(await bot.delivered(5)) == len(await bot.jobs()) == 5
    told = [one.message["content"] for one in pressed if one.message and one.message["_viewer"]]
    assert told == ["You have answered this question already."]
    assert len([row for row in bot.pg.messages("studio") if not row["_viewer"]]) == 5


async def test_not_now_after_draw_says_nothing_untrue(bot: Running) -> None:
    message, ada = await question(bot), bot.pg.person("Ada")
    await asyncio.gather(ada.click(message, "Draw 5"), ada.click(message, "Not now"))
    assert bool(await bot.jobs()) == (message["content"] != "Nothing was queued.")


async def test_a_question_may_be_answered_again_after_its_jobs_were_refused(bot: Running) -> None:
    bot.engine.hold()
    message, ada = await question(bot), bot.pg.person("Ada")
    for _ in range(3):
        await ada.slash("studio", "imagine", prompt="x --repeat 3", steps=1, count=1)
    refused = await ada.click(message, "Draw 5")
    assert "10 jobs waiting" in private_words(refused)
    bot.engine.release()
    await bot.delivered(9)
    await ada.click(message, "Draw 5")
    assert len(await bot.delivered(14)) == 14


async def test_a_press_that_is_heard_again_finds_its_jobs(bot: Running, monkeypatch: Any) -> None:
    seen: list[Any] = []
    original = confirm.Draw.pressed

    async def pressed(self: confirm.Draw, interaction: Any) -> None:
        seen.append(interaction)
        await original(self, interaction)

    monkeypatch.setattr(confirm.Draw, "pressed", pressed)
    message = await question(bot)
    await bot.pg.person("Ada").click(message, "Draw 5")
    await bot.delivered(5)
    bot.expected_refusals.add(40060)
    (interaction,) = seen
    interaction.response._response_type = None
    await original(confirm.Draw("a:draw"), interaction)
    assert len(await bot.jobs()) == 5
    assert len([row for row in bot.pg.messages("studio") if not row["_viewer"]]) == 5
