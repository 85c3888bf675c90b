"""First answers come in time, however long the disk takes."""

import pytest

from playground.interactions import DEFER
from tests.bot.studio import Json, Running, private_words


async def test_a_slow_disk_is_answered_with_thinking_and_then_the_card(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.answering.PATIENCE", 0.0)
    asked = await bot.pg.person("Ben").slash("studio", "imagine", prompt="a house", steps=1)
    await bot.pg.wait_for(lambda: bool(asked.message and asked.message["attachments"]))
    await bot.delivered(1)
    assert [message["id"] for message in bot.pg.messages("studio")] == [asked.message["id"]]  # type: ignore[index]


async def test_a_refusal_after_thinking_is_still_private_and_leaves_nothing_behind(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot.engine.hold()
    for prompt in ("a --repeat 4", "a --repeat 4", "a --repeat 2"):
        await bot.pg.person("Ben").slash("studio", "imagine", prompt=prompt, steps=1, count=1)
    monkeypatch.setattr("bot.answering.PATIENCE", 0.0)
    await bot.pg.person("Ben").slash("studio", "imagine", prompt="b --repeat 4", steps=1, count=1)

    def told() -> bool:
        private = [row for row in bot.pg.messages("studio") if row["_viewer"]]
        return [row["content"] for row in private if "10 jobs waiting" in row["content"]] != []

    await bot.pg.wait_for(told)
    bot.engine.release()
    await bot.delivered(10)
    assert len([row for row in bot.pg.messages("studio") if not row["_viewer"]]) == 10


async def test_no_command_or_press_waits_for_a_busy_writer_before_its_first_answer(
    bot: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.pg.person("Ada").slash("studio", "admin quota", period="day", amount=100)
    card = await bot.imagine("Ben", steps=1, count=2)
    bot.engine.hold()
    ben, cleo = bot.pg.person("Ben"), bot.pg.person("Cleo")
    waiting = (await ben.slash("studio", "imagine", prompt="a cat", steps=1)).message
    other = (await ben.slash("studio", "imagine", prompt="a dog", steps=1)).message
    question = (await ben.slash("studio", "imagine", prompt="{a,b,c,d,e} house", steps=1, count=1)).message
    assert waiting is not None
    assert other is not None
    assert question is not None
    monkeypatch.setattr("bot.answering.PATIENCE", 0.05)
    async with bot.database.writing():
        asked = [
            await ben.slash("studio", "imagine", prompt="a house", steps=1),
            await ben.click(card, "🔄"),
            await cleo.click(card, "V1"),
            await ben.slash("studio", "cancel", job="3"),
            await ben.menu(waiting, "Cancel or delete"),
            await ben.click(question, "Not now"),
        ]
        assert [one.state for one in asked] == ["acknowledged"] * len(asked)
    await bot.pg.wait_for(lambda: other["content"].endswith("Cancelled") and waiting["content"].endswith("Cancelled"))
    await bot.pg.wait_for(lambda: question["content"] == "Nothing was queued.")
    await bot.pg.wait_for(lambda: len([one for one in bot.pg.messages("studio") if _says_cancelled(one)]) == 2)
    bot.engine.release()
    await bot.delivered(6)


async def test_a_style_by_number_is_painted_into_a_file_after_the_first_answer(bot: Running) -> None:
    asked = await bot.pg.person("Ben").slash("studio", "imagine", prompt="a house --sref 42", steps=1, count=1)
    assert asked.callback == DEFER
    assert asked.message is not None
    await bot.pictures(asked.message)


def _says_cancelled(message: Json) -> bool:
    return message["_viewer"] is not None and message["content"].startswith("Cancelled")


async def test_what_a_question_says_of_the_balance_is_what_the_first_job_of_a_period_finds(bot: Running) -> None:
    await bot.pg.person("Ada").slash("studio", "admin quota", period="day", amount=20)
    await bot.pg.person("Ada").slash("studio", "admin quota", first=7)
    ben = bot.pg.person("Ben")
    question = await ben.slash("studio", "imagine", prompt="{a,b,c,d,e} house", steps=4, count=1)
    assert "for 5 credits of your 27" in private_words(question)
    assert question.message is not None
    await ben.click(question.message, "Draw 5")
    await bot.delivered(5)
    again = await ben.slash("studio", "imagine", prompt="{a,b,c,d,e} house", steps=4, count=1)
    assert "for 5 credits of your 22" in private_words(again)
