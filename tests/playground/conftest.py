"""An unmodified discord.py client, pointed at a playground on a free port of loopback."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from playground import Playground


class Bot(discord.Client):
    """A client with a command tree; tests hang their commands and listeners on it."""

    def __init__(self, intents: discord.Intents | None = None) -> None:
        super().__init__(intents=intents or discord.Intents.default(), guild_ready_timeout=0.05)
        self.tree = app_commands.CommandTree(self)
        self.errors: list[BaseException] = []

    async def on_error(self, event_method: str, /, *args: object, **kwargs: object) -> None:
        error = sys.exc_info()[1]
        assert error is not None
        self.errors.append(error)


Run = Callable[..., contextlib.AbstractAsyncContextManager[None]]


def point_at(playground: Playground, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make discord.py take the playground for Discord."""
    monkeypatch.setattr(Route, "BASE", playground.api)
    monkeypatch.setattr(discord.Asset, "BASE", playground.cdn)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(playground.gateway_url))


@pytest.fixture
async def pg(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Playground]:
    async with Playground() as playground:
        point_at(playground, monkeypatch)
        yield playground


@asynccontextmanager
async def online(
    playground: Playground, bot: Bot, *, sync: bool = True, ready: Callable[[], Awaitable[None]] | None = None
) -> AsyncIterator[None]:
    """Run `bot` until the block ends; its commands are registered first."""
    await bot.login(playground.token)
    if sync:
        await bot.tree.sync()
    task = asyncio.create_task(bot.connect())
    try:
        await asyncio.wait_for(bot.wait_until_ready(), 20)
        yield
    finally:
        await bot.close()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def bot() -> Bot:
    return Bot()
