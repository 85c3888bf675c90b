"""The demo: the playground in this process, the real bot in a child process, and one example sent down the whole road.

Knows the bot only as a command line and the playground only by its public face; what it prints goes through `say`.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from bot.cli.words import Declined
from bot.config import Config
from bot.demo_bot import DemoBot
from db import images, jobs
from db.database import Database
from db.lock import StorageLock
from db.models import JobStatus
from engine.storage import Storage
from playground import ApiError, Interaction, Playground

EXAMPLE = "a red house under a starry night sky"
PORT = 8765

_ONLINE_WITHIN = 120.0
_PICTURES_WITHIN = 600.0

_CONFIG = """\
# The demo's own settings (see config.example.toml for all of them); where its Discord is, the demo says itself.
[storage]
folder = "storage"
"""

Say = Callable[[str], None]


async def run(folder: Path, *, port: int | None, once: bool, say: Say) -> None:
    """Run the demo in `folder` until SIGINT or SIGTERM, or with `once` until the example's pictures are there.

    Raises:
        Declined: the bot did not start, or the example did not end in pictures; says why.
        StorageLocked: another demo runs in this folder.
    """
    folder = folder.resolve()
    with StorageLock(folder):
        config = folder / "config.toml"
        if not config.exists():
            config.write_text(_CONFIG, encoding="utf-8")
        settings = Config.load(config)
        stop = _stop_event()
        clock = _Clock(say)
        say(f"Atelier's demo, in {folder}")
        bot = DemoBot(config, settings.storage.folder, folder / "bot.log")
        async with _playground(port, folder, bot) as playground, bot.running(playground):
            clock.tell("chat page open")
            work = asyncio.create_task(_show(playground, bot, settings, clock, say, once))
            stopped = asyncio.create_task(stop.wait())
            died = asyncio.create_task(bot.gave_up.wait())
            await asyncio.wait({work, stopped, died}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                _raise_in_words(work, bot)
            for task in (work, stopped, died):
                task.cancel()
            if bot.gave_up.is_set():
                raise Declined(f"the bot ended by itself: {bot.last_words()} (all of it in {bot.log})")
    if not once:
        say("Stopped. `atelier demo` goes on where this ended.")


async def _show(playground: Playground, bot: DemoBot, settings: Config, clock: "_Clock", say: Say, once: bool) -> None:
    """Bring the bot online, send the example, say where everything is; then stay, unless `once`."""
    await playground.wait_until_online(_ONLINE_WITHIN)
    bot.came_online = True
    clock.tell("bot online")
    ada = playground.person("Ada")
    await playground.wait_for(
        lambda: any(command["name"] == "imagine" for command in ada.commands("studio")),
        _ONLINE_WITHIN,
        what="the bot registered no commands",
    )
    clock.tell("commands registered")
    if not once:
        say(f"\n  Ready: {playground.url}\n")
    say(f"Ada types /imagine {EXAMPLE}")
    clock.restart()
    asked = await ada.slash("studio", "imagine", prompt=EXAMPLE)
    if asked.state == "failed":
        raise Declined(f"the bot did not answer: {asked.reason} (see {bot.log})")
    if asked.ephemeral:
        raise Declined(f"the bot refused the example: {asked.message and asked.message['content']}")
    clock.tell("accepted")
    files = await _follow(playground, asked, settings, clock)
    for file in files:
        say(f"  {file}")
    if not once:
        say(f"\nIt works. Open {playground.url} and type /imagine there; Ctrl-C stops.")
        await asyncio.Event().wait()


def _raise_in_words(work: asyncio.Task[None], bot: DemoBot) -> None:
    try:
        work.result()
    except TimeoutError as error:
        raise Declined(f"nothing came in time ({error or 'no pictures'}); {bot.log} says what the bot did") from None


async def _follow(playground: Playground, asked: Interaction, settings: Config, clock: "_Clock") -> list[Path]:
    """Tell how the job of this interaction fares; the files of its pictures once the card shows them."""
    storage = Storage(settings.storage.folder / "pictures")
    told: set[str] = set()

    def tell(part: str) -> None:
        if part not in told:
            told.add(part)
            clock.tell(part)

    async with asyncio.timeout(_PICTURES_WITHIN), Database.open(settings.database_url, read_only=True) as database:
        while True:
            async with database.reading() as session:
                job = await jobs.by_interaction(session, int(asked.id))
                pictures = [] if job is None else await images.of_job(session, job.id)
            if job is not None:
                shown = _attachments(playground, job.card_message_id)
                if job.status == JobStatus.SUCCEEDED:
                    tell(f"{len(pictures)} pictures stored")
                    if shown >= len(pictures):
                        tell(f"{len(pictures)} pictures posted")
                        return [storage.path(picture.digest) for picture in pictures]
                elif job.status == JobStatus.RUNNING:
                    tell("drawing")
                    if shown:
                        tell("first preview")
                elif job.status != JobStatus.QUEUED:
                    raise Declined(f"the example {job.status}: {job.error_code} {job.error_detail or ''}")
            await asyncio.sleep(0.05)


def _attachments(playground: Playground, card: int | None) -> int:
    """How many files the card shows."""
    with contextlib.suppress(ApiError):
        return len(playground.message(str(card))["attachments"])
    return 0


@contextlib.asynccontextmanager
async def _playground(port: int | None, folder: Path, bot: DemoBot) -> AsyncIterator[Playground]:
    """The playground on the port that was asked for, or on the usual one, or on any free one if that is taken."""
    ports = [PORT, 0] if port is None else [port]
    for number in ports:
        playground = Playground(number, state_file=folder / "playground.json", on_restart=bot.restart)
        try:
            await playground.start()
        except OSError as error:
            await playground.stop()
            if number == ports[-1]:
                raise Declined(f"port {number} cannot be used: {error.strerror}") from None
            continue
        try:
            yield playground
        finally:
            await playground.stop()
        return


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        with contextlib.suppress(NotImplementedError, AttributeError):
            asyncio.get_running_loop().add_signal_handler(getattr(signal, name), stop.set)
    return stop


class _Clock:
    """Tells how long each part took, and all of them together."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self.restart()

    def restart(self) -> None:
        self._begun = self._last = time.perf_counter()

    def tell(self, part: str) -> None:
        now = time.perf_counter()
        self._say(f"  {part:22} {now - self._last:6.1f} s   ({now - self._begun:.1f} s)")
        self._last = now
