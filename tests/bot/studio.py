"""The bot put together for a test as `bot.__main__.serve` does it, in the test's own loop and with a fake engine."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot import parts
from bot.challenges.driving import Challenges
from bot.client import Studio, point
from bot.config import Config
from bot.delivery import Delivery
from db import jobs
from db.database import Database
from db.models import Job
from engine.edits.plan import Editor
from engine.storage import Storage
from engine.worker import Worker
from playground import Interaction, ManualClock, Playground
from tests.fakes import FakeEngine

Json = dict[str, Any]


@dataclass
class Running:
    """A bot that serves, and the world it serves in."""

    pg: Playground
    config: Config
    database: Database
    storage: Storage
    engine: FakeEngine
    studio: Studio
    worker: Worker
    expected_refusals: set[int] = field(default_factory=set)

    async def job(self, job_id: int) -> Job:
        async with self.database.reading() as session:
            found = await jobs.get(session, job_id)
        assert found is not None
        return found

    async def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        async with self.database.reading() as session:
            found = [job for person in ("Ada", "Ben", "Cleo", "Dan") for job in await self._of(session, person)]
        return sorted(found, key=lambda job: job.id)

    async def _of(self, session: Any, person: str) -> list[Job]:
        return list(await jobs.of_author(session, int(self.pg.person(person).id), limit=1000))

    async def imagine(self, person: str = "Ada", channel: str = "studio", **options: Any) -> Json:
        """`/imagine`, until its pictures stand; the card's record."""
        options.setdefault("prompt", "a red house")
        asked = await self.pg.person(person).slash(channel, "imagine", **options)
        assert asked.message is not None, asked.reason
        return await self.pictures(asked.message)

    async def pictures(self, message: Json) -> Json:
        """Wait until the message shows a result."""
        await self.pg.wait_for(lambda: is_result(message), what=f"no result: {message['content']}")
        return message

    async def delivered(self, count: int) -> list[Job]:
        """Wait until the rows say that `count` jobs were delivered."""
        async with asyncio.timeout(20):
            while len(found := [job for job in await self.jobs() if job.delivered_at]) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return found

    def was_polite(self) -> None:
        """Nothing pinged anybody, nothing was refused that the test did not expect."""
        assert self.pg.pings == []
        assert [row for row in self.pg.refusals if row.code not in self.expected_refusals] == []


def world() -> Playground:
    """A playground whose clock stands: whether an answer takes three seconds on a busy machine is not the subject."""
    return Playground(rate_limits=False, clock=ManualClock())


def is_result(message: Json) -> bool:
    return any("a:again" in custom_id for custom_id in custom_ids(message)) and bool(message["attachments"])


def buttons(message: Json) -> list[Json]:
    return [button for row in message["components"] for button in row["components"]]


def custom_ids(message: Json) -> list[str]:
    return [button["custom_id"] for button in buttons(message)]


def labels(message: Json) -> list[str]:
    return [button.get("label") or button["emoji"]["name"] for button in buttons(message)]


def private_words(asked: Interaction) -> str:
    """What a person was told, to their eyes only."""
    assert asked.message is not None, (asked.state, asked.reason)
    assert asked.message["_viewer"] == asked.user_id
    return asked.message["content"]


@asynccontextmanager
async def running(
    folder: Path,
    url: str,
    *,
    pg: Playground | None = None,
    engine: FakeEngine | None = None,
    document: dict[str, Any] | None = None,
    clock: Callable[[], datetime] | None = None,
) -> AsyncIterator[Running]:
    """A serving bot on a database at its head; with a `pg` of before, the next process in the same world."""
    if pg is None:
        async with (
            world() as made,
            running(folder, url, pg=made, engine=engine, document=document, clock=clock) as started,
        ):
            yield started
        return
    told = {"discord": {"token": pg.token, "api": pg.api}, "storage": {"folder": str(folder)}, "database": {"url": url}}
    config = Config.of(told | (document or {}))
    with _elsewhere():
        await point(config.discord)
        async with Database.open(url) as database, engine or FakeEngine() as drawing:
            storage = Storage(folder / "pictures")
            delivery = Delivery(database=database, storage=storage, web_address=config.web.address or None)
            catalogue = parts.catalogue(config)
            worker = Worker(
                database,
                drawing,
                storage,
                listener=delivery,
                editor=Editor(catalogue=catalogue, longest=config.limits.longest),
                lease=timedelta(seconds=30),
                max_attempts=3,
            )
            studio = Studio(
                config=config,
                database=database,
                storage=storage,
                catalogue=catalogue,
                worker=worker,
                delivery=delivery,
                challenges=Challenges(database=database, storage=storage, clock=clock),
                failure=lambda: drawing.failure,
            )
            async with studio:
                tasks = [asyncio.create_task(worker.run()), asyncio.create_task(studio.start(pg.token))]
                try:
                    async with asyncio.timeout(20):
                        await studio.ready_to_serve.wait()
                    yield Running(pg, config, database, storage, drawing, studio, worker)
                finally:
                    for task in tasks:
                        task.cancel()
                    await asyncio.gather(*tasks, return_exceptions=True)


class _elsewhere:
    """Gives discord.py its own addresses back."""

    def __enter__(self) -> None:
        self._were = Route.BASE, discord.Asset.BASE, DiscordWebSocket.DEFAULT_GATEWAY

    def __exit__(self, *_: object) -> None:
        Route.BASE, base, DiscordWebSocket.DEFAULT_GATEWAY = self._were
        discord.Asset.BASE = base
