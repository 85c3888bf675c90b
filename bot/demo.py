"""The demo: the playground in this process, the real bot in a child process, and one example between them.

Knows the bot only as a command line and the playground only by its public face; what it prints goes through `say`.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from bot import demo_example
from bot.cli.words import Declined, reason
from bot.config import Config
from bot.demo_bot import DemoBot
from db.lock import StorageLock
from playground import Playground

PORT = 8765

_NEWS_AFTER = 60.0
"""Seconds without news after which the demo says that it still waits."""

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
                work.result()
            for task in (work, stopped, died):
                task.cancel()
            if bot.gave_up.is_set():
                raise Declined(f"the bot ended by itself: {bot.last_words()} (all of it in {bot.log})")
    if not once:
        say("Stopped. `atelier demo` goes on where this ended.")


async def _show(playground: Playground, bot: DemoBot, settings: Config, clock: "_Clock", say: Say, once: bool) -> None:
    """Bring the bot online, send the example, say where everything is; then stay, unless `once`.

    What becomes of the example ends the demo with `once` alone: the page is open, and people may be using it.
    """

    async def wait(what: str, probe: Callable[[], bool]) -> None:
        """As long as it takes: a bot that ends instead ends the demo as well."""
        while True:
            with contextlib.suppress(TimeoutError):
                await playground.wait_for(probe, _NEWS_AFTER)
                break
            say(f"  still waiting for the bot ({bot.log} says what it does)")
        clock.tell(what)

    await wait("bot online", lambda: playground.gateway.bot_online)
    bot.came_online = True
    ada = playground.person(demo_example.PERSON)
    await wait("commands registered", lambda: any(one["name"] == "imagine" for one in ada.commands("studio")))
    if not once:
        say(f"\n  Ready: {playground.url}\n")
    works = ""
    try:
        if once or not await demo_example.was_drawn(playground, settings):
            say(f"{demo_example.PERSON} types /imagine {demo_example.PROMPT}")
            clock.restart()
            for file in await demo_example.send(playground, settings, clock.tell):
                say(f"  {file}")
            works = "It works. "
    except Exception as error:
        if once or (words := reason(error)) is None:
            raise
        say(f"\nNo pictures yet: {words} ({bot.log} says what the bot did).")
    if not once:
        say(f"\n{works}Open {playground.url} and type /imagine there; Ctrl-C stops.")
        await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def _playground(port: int | None, folder: Path, bot: DemoBot) -> AsyncIterator[Playground]:
    """The playground on the port that was asked for, or on the usual one, or on any free one if that is taken."""
    ports = [PORT, 0] if port is None else [port]
    state = folder / "playground.json"
    for number in ports:
        try:
            playground = Playground(number, state_file=state, on_restart=bot.restart)
        except ValueError:
            raise Declined(f"{state} is cut off or of another version; remove it to begin anew") from None
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
