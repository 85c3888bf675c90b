"""The demo's example in every way it can end, and what the demo makes of it."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot import demo, demo_example
from bot.cli.words import Declined
from bot.demo_bot import DemoBot
from bot.demo_example import PROMPT, send, was_drawn
from engine.errors import OutOfMemory
from playground import ManualClock
from playground.feed import Event
from tests.bot.studio import Running, running, world


@pytest.fixture
async def bot(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Running]:
    async with running(tmp_path, sqlite_url) as started:
        yield started


@pytest.fixture(autouse=True)
def _short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_example, "_PATIENCE", (5.0, 20.0))


def be_late(bot: Running) -> None:
    """The next interaction's three seconds are over before the bot hears of it."""
    clock = bot.pg.clock
    assert isinstance(clock, ManualClock)

    def listen(event: Event) -> None:
        if event.name == "INTERACTION_CREATE" and event.bot:
            bot.pg.feed.listeners.remove(listen)
            asyncio.get_running_loop().call_soon(clock.advance, 4.0)

    bot.pg.feed.listeners.append(listen)


async def test_the_example_gives_the_files_of_its_pictures_and_is_remembered(bot: Running) -> None:
    told: list[str] = []
    assert not await was_drawn(bot.pg, bot.config)
    files = await send(bot.pg, bot.config, told.append)
    assert [file.is_file() for file in files] == [True] * 4
    assert told[0] == "accepted"
    assert told[-1] == "4 pictures posted"
    assert await was_drawn(bot.pg, bot.config)


async def test_a_bot_that_took_the_example_but_answered_too_late_is_not_asked_again(bot: Running) -> None:
    be_late(bot)
    told: list[str] = []
    assert len(await send(bot.pg, bot.config, told.append)) == 4
    assert told[:2] == ["answered too late", "accepted"]
    assert len(await bot.jobs()) == 1


async def test_a_bot_that_missed_the_example_is_asked_again(bot: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_example, "_PATIENCE", (0.3, 20.0))
    accept = bot.studio.orders.accept

    async def miss(*given: Any, **named: Any) -> None:
        bot.studio.orders.accept = accept

    bot.studio.orders.accept = miss
    be_late(bot)
    told: list[str] = []
    assert len(await send(bot.pg, bot.config, told.append)) == 4
    assert told[:2] == ["answered too late", "accepted"]


async def test_a_refusal_a_cancelled_job_and_a_failure_are_told_apart(bot: Running) -> None:
    ada = bot.pg.person("Ada")
    bot.engine.fail_next(OutOfMemory("cpu"))
    with pytest.raises(Declined, match=r"the example failed .out_of_memory"):
        await send(bot.pg, bot.config, lambda _: None)

    bot.engine.hold()
    sending = asyncio.create_task(send(bot.pg, bot.config, lambda _: None))
    await bot.pg.wait_for(lambda: len(bot.pg.messages("studio")) == 2, 60)
    await ada.slash("studio", "cancel")
    bot.engine.release()
    with pytest.raises(Declined, match="the example was cancelled"):
        await sending

    await ada.slash("studio", "admin filter", block="red house")
    with pytest.raises(Declined, match="the bot refused the example"):
        await send(bot.pg, bot.config, lambda _: None)


async def test_pictures_that_were_deleted_meanwhile_are_not_waited_for(bot: Running) -> None:
    sending = asyncio.create_task(send(bot.pg, bot.config, lambda _: None))
    deleted = False

    def delete() -> bool:
        nonlocal deleted
        for card in [one for one in bot.pg.messages("studio") if not deleted]:
            bot.pg.posts.delete(card)
            deleted = True
        return deleted

    await bot.pg.wait_for(delete, 60)
    async with asyncio.timeout(60):
        assert len(await sending) == 4


async def test_whatever_ends_the_example_the_demo_goes_on_except_with_once(bot: Running, tmp_path: Path) -> None:
    said: list[str] = []
    process = DemoBot(tmp_path / "config.toml", tmp_path, tmp_path / "bot.log")

    async def show(*, once: bool) -> None:
        await demo._show(bot.pg, process, bot.config, demo._Clock(said.append), said.append, once)

    bot.engine.fail_next(OutOfMemory("cpu"), OutOfMemory("cpu"))
    with pytest.raises(Declined, match="out_of_memory"):
        await show(once=True)
    for ending in ("\nOpen http", "\nIt works. Open http", "\nOpen http"):
        said.clear()
        serving = asyncio.create_task(show(once=False))
        await bot.pg.wait_for(lambda: bool(said) and "Ctrl-C stops" in said[-1], 60)
        assert said[-1].startswith(ending)
        assert not serving.done()
        serving.cancel()
    assert not any(PROMPT in line for line in said), "an example that was drawn before is not drawn again"


async def test_a_slow_start_is_waited_for_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "_NEWS_AFTER", 0.05)
    said: list[str] = []
    bot = DemoBot(tmp_path / "config.toml", tmp_path, tmp_path / "bot.log")
    async with world() as pg:
        starting = asyncio.create_task(
            demo._show(pg, bot, None, demo._Clock(said.append), said.append, True)  # type: ignore[arg-type]
        )
        async with asyncio.timeout(20):
            while len(said) < 3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert not starting.done()
        starting.cancel()
    assert all("still waiting for the bot" in line for line in said)
