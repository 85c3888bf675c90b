"""`python -m bot`, and the one place where the parts are made and handed to each other.

Opened from top to bottom, closed from bottom to top; whatever dies, the rows say where to go on.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import Any

import migrations
from bot import parts, sweeping
from bot.challenges.driving import Challenges
from bot.client import Studio, point
from bot.config import Config
from bot.delivery import Delivery
from db.database import Database
from db.lock import StorageLock
from engine.lora.shelf import Shelf
from engine.storage import Storage
from engine.worker import Worker
from engine.worker.embedder import Embedder

MakeEngine = Callable[[Config], AbstractAsyncContextManager[Any]]


async def serve(config: Config, *, make_engine: MakeEngine = parts.engine) -> None:
    """Run the bot until SIGINT or SIGTERM, or until this coroutine is cancelled.

    Args:
        make_engine: gives something with the engine's face; tests hand in one that draws in no time.

    Raises:
        ConfigError, StorageLocked, DatabaseTooNew, DatabaseLost, UnknownModel, discord.LoginFailure, ...: what an owner
            can put right; `bot.cli.words.reason` has the words. Errors of the running parts come in an ExceptionGroup.
    """
    token = config.token()
    catalogue = parts.catalogue(config)
    with _stopping() as stop, StorageLock(config.storage.folder):
        await point(config.discord)
        async with Database.open(config.database_url) as database:
            await sweeping.require_own(database, config.storage.folder)
            await migrations.upgrade(database)
            storage = Storage(config.storage.folder / "pictures")
            await sweeping.sweep(database, storage, Shelf(config.storage.folder / "loras"))
            async with parts.screen(config) as screen, make_engine(config) as engine:
                delivery = Delivery(database=database, storage=storage, web_address=config.web.address or None)
                challenges = Challenges(database=database, storage=storage)
                describer = parts.describer(config)
                worker = Worker(
                    database,
                    engine,
                    storage,
                    editor=parts.editor(config, describer),
                    screen=screen,
                    listener=delivery,
                    lanes=config.engine.lanes,
                    identity=lambda name: catalogue.get(name).identity(),
                    running_per_person=config.queue.running_per_person,
                    max_attempts=config.queue.max_attempts,
                    lease=timedelta(seconds=config.queue.lease_seconds),
                )
                studio = Studio(
                    config=config,
                    database=database,
                    storage=storage,
                    catalogue=catalogue,
                    worker=worker,
                    delivery=delivery,
                    challenges=challenges,
                    failure=lambda: engine.failure,
                    describer=describer,
                )
                async with studio:
                    await _until(stop, worker.run(), Embedder(database, storage).run(), studio.start(token))


@contextlib.contextmanager
def _stopping() -> Iterator[asyncio.Event]:
    """An event that SIGINT and SIGTERM set, so that a stop closes the parts in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    handled = []
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows has no handlers on its loop, and only the main thread may set them; Ctrl-C then cancels as usual.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, stop.set)
            handled.append(number)
    try:
        yield stop
    finally:
        for number in handled:
            loop.remove_signal_handler(number)


async def _until(stop: asyncio.Event, *running: Coroutine[Any, Any, None]) -> None:
    """Run side by side until `stop`, or until one of them ends or fails."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(coroutine) for coroutine in (*running, _wait(stop))]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()


async def _wait(stop: asyncio.Event) -> None:
    await stop.wait()


if __name__ == "__main__":
    from bot.cli import main

    main(default="run")
