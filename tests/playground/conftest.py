"""An unmodified discord.py client, pointed at a playground on a free port of loopback."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from playground import ManualClock, Playground


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
async def online(playground: Playground, bot: Bot, *, sync: bool = True) -> AsyncIterator[None]:
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


Answer = tuple[int, Any]


class Rest:
    """The bot's API without a client in between: status and JSON of one request."""

    def __init__(self, playground: Playground, session: aiohttp.ClientSession) -> None:
        self.pg = playground
        self.session = session
        self.headers: dict[str, str] = {"Authorization": f"Bot {playground.token}"}
        self.last: aiohttp.ClientResponse | None = None

    async def __call__(self, method: str, path: str, body: Any = None, files: dict[str, bytes] | None = None) -> Answer:
        sent: dict[str, Any] = {} if body is None else {"json": body}
        if files is not None:
            form = aiohttp.FormData(quote_fields=False)
            form.add_field("payload_json", json.dumps(body or {}), content_type="application/json")
            for index, (name, data) in enumerate(files.items()):
                form.add_field(f"files[{index}]", data, filename=name, content_type="application/octet-stream")
            sent = {"data": form}
        async with self.session.request(method, self.pg.api + path, headers=self.headers, **sent) as answer:
            self.last = answer
            text = await answer.text()
            return answer.status, json.loads(text) if answer.content_type == "application/json" else text

    @property
    def studio(self) -> str:
        """Path of #studio's messages."""
        return f"/channels/{self.pg.channel('studio')['id']}/messages"


@pytest.fixture
async def free() -> AsyncIterator[Playground]:
    """A playground without rate limits, on a clock that stands still."""
    async with Playground(rate_limits=False, clock=ManualClock()) as playground:
        yield playground


@pytest.fixture
async def rest(free: Playground) -> AsyncIterator[Rest]:
    """Requests to `free`, whose bot counts as online."""
    free.interactions.is_bot_online = lambda: True
    async with aiohttp.ClientSession() as session:
        yield Rest(free, session)


def problems(answer: Answer) -> dict[str, str]:
    """{path: code} of a 50035."""
    status, body = answer
    assert (status, body["code"]) == (400, 50035), body
    found: dict[str, str] = {}

    def walk(node: dict[str, Any], path: str) -> None:
        for key, value in node.items():
            if key == "_errors":
                found[path] = value[0]["code"]
            else:
                walk(value, f"{path}.{key}".lstrip("."))

    walk(body["errors"], "")
    return found


def code(answer: Answer) -> tuple[int, int]:
    """(status, Discord's code) of a refusal."""
    return answer[0], answer[1]["code"]
