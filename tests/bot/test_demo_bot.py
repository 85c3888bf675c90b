"""The demo's child process: how often it may end before the demo gives it up."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from bot import demo_bot
from bot.demo_bot import DemoBot


class World:
    """As much of a playground as the child needs."""

    token = api = gateway_url = cdn = "x"
    bot_pid: int | None = None

    def __init__(self, *, online: bool) -> None:
        self._online = online

    async def wait_until_online(self, timeout: float | None) -> None:
        if not self._online:
            await asyncio.Event().wait()


@pytest.fixture
def starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the place of the bot comes a process that writes a line here and ends."""
    lines = tmp_path / "starts"
    child = tmp_path / "child"
    child.write_text(f"#!/bin/sh\nsleep 0.2\necho once >> '{lines}'\nexit 1\n")
    child.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(child))
    monkeypatch.setattr(demo_bot, "_PAUSE", 0.0)
    lines.touch()
    return lines


async def times_started(bot: DemoBot, world: Any, starts: Path, *, until: int) -> int:
    async with bot.running(world):
        async with asyncio.timeout(30):
            while not bot.gave_up.is_set() and len(starts.read_text().split()) < until:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return len(starts.read_text().split())


@pytest.mark.skipif(sys.platform == "win32", reason="the child is a shell script")
async def test_a_bot_that_keeps_ending_is_given_up_and_one_that_ran_well_in_between_is_not(
    starts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made() -> DemoBot:
        bot = DemoBot(tmp_path / "config.toml", tmp_path, tmp_path / "bot.log")
        bot.came_online = True
        return bot

    assert await times_started(made(), World(online=False), starts, until=6) == 3
    assert await times_started(made(), World(online=True), starts, until=9) == 6, "online, but not for long"
    monkeypatch.setattr(demo_bot, "_SETTLED", 0.0)
    bot = made()
    assert await times_started(bot, World(online=True), starts, until=12) == 12
    assert not bot.gave_up.is_set()
