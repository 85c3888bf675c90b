"""The question before many jobs is answered once, however quickly and often its buttons are pressed."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.sweeping import sweep
from bot.ui import confirm
from db.database import Database
from db.models import JobStatus
from engine.lora.shelf import Shelf
from engine.storage import Storage
from playground import ManualClock, Playground
from tests.bot.studio import Json, Running, labels, private_words, running, world
from tests.bot.test_asking import png


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


async def test_a_question_is_answered_with_its_picture_after_five_days_and_has_expired_after_eight(
    tmp_path: Path, sqlite_url: str
) -> None:
    async with world() as pg:
        async with running(tmp_path, sqlite_url, pg=pg) as first:
            early, late = [await handed_in(first, colour) for colour in ("red", "blue")]
        await restarted_after(timedelta(days=5), pg, tmp_path, sqlite_url)
        async with running(tmp_path, sqlite_url, pg=pg) as second:
            await pg.person("Ada").click(early, "Draw 5")
            made = await second.delivered(5)
            assert {job.status for job in made} == {JobStatus.SUCCEEDED}
            (picture,) = {job.request["references"][0]["image"] for job in made}
            assert second.storage.open(picture)
        await restarted_after(timedelta(days=3), pg, tmp_path, sqlite_url)
        async with running(tmp_path, sqlite_url, pg=pg) as third:
            told = await pg.person("Ada").click(late, "Draw 5")
            assert "Ask again" in private_words(told)
            assert len(await third.jobs()) == 5
            third.was_polite()


async def handed_in(bot: Running, colour: str) -> Json:
    """The question of a command that came with a picture."""
    picture: dict[str, Any] = {"image": (f"{colour}.png", png(colour))}
    prompt = f"{{a,b,c,d,e}} {colour} house"
    await bot.pg.person("Ada").slash("studio", "imagine", prompt=prompt, steps=1, count=1, **picture)

    def questions() -> list[Json]:
        return [row for row in bot.pg.messages("studio") if "Draw 5" in labels(row) and colour in row["content"]]

    # It comes in place of the public "thinking".
    await bot.pg.wait_for(questions, 60)
    return questions()[0]


async def restarted_after(passed: timedelta, pg: Playground, folder: Path, url: str) -> None:
    """What a start does to the files when that much time has passed."""
    assert isinstance(pg.clock, ManualClock)
    pg.clock.advance(passed.total_seconds())
    storage = Storage(folder / "pictures")
    for file in storage.folder.glob("*/*"):
        written = file.stat().st_mtime - passed.total_seconds()
        os.utime(file, (written, written))
    async with Database.open(url) as database:
        await sweep(database, storage, Shelf(folder / "loras"))
