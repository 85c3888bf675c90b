"""What drives contests, as a process that kills itself: `python -m bench.mortal_contests NUMBER FILE`.

It dies by SIGKILL at the NUMBERth moment (0: never): before or after a transaction, before or after a request to
Discord. FILE gets a line that says where. Client, rows and driving are the product's own.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import discord
from discord.http import HTTPClient

from bot.challenges.driving import Challenges
from bot.client import point
from bot.config import Config
from db.database import Database
from engine.storage import Storage


class Mortality:
    """Counts moments, and ends the process at one of them."""

    def __init__(self, number: int, file: Path) -> None:
        self.left = number
        self.file = file
        self.counts = False

    def moment(self, name: str) -> None:
        if not self.counts or self.left == 0:
            return
        self.left -= 1
        if self.left == 0:
            with self.file.open("a") as file:
                file.write(f"{name}\n")
            os.kill(os.getpid(), signal.SIGKILL)


class MortalDatabase(Database):
    mortality: Mortality

    @contextlib.asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        async with super().writing() as session:
            yield session
            self.mortality.moment("before a commit")
        self.mortality.moment("after a commit")


async def live(mortality: Mortality) -> None:
    config = Config.load()
    await point(config.discord)
    asked = HTTPClient.request

    async def request(self: HTTPClient, route: Any, **given: Any) -> Any:
        mortality.moment(f"before {route.method}")
        answer = await asked(self, route, **given)
        mortality.moment(f"after {route.method}")
        return answer

    HTTPClient.request = request
    MortalDatabase.mortality = mortality
    async with MortalDatabase.open(config.database_url) as database:
        challenges = Challenges(database=database, storage=Storage(config.storage.folder / "pictures"))
        async with discord.Client(intents=discord.Intents(guilds=True), max_messages=None) as client:

            @client.event
            async def on_ready() -> None:
                mortality.counts = True
                await challenges.run(client)

            await client.start(config.token())


if __name__ == "__main__":
    asyncio.run(live(Mortality(int(sys.argv[1]), Path(sys.argv[2]))))
