"""The bot as a process of its own, against a playground: started, killed, stopped. Shared by benches and tests."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from playground import Playground

FAKE_BOT = "tests.e2e.fake_bot"
PEOPLE = ("Ada", "Ben", "Cleo", "Dan")


class Bot:
    """The bot's process: started, killed, started again on the same folder."""

    def __init__(self, module: str, folder: Path, playground: Playground, *arguments: str, **environment: str) -> None:
        self.module = module
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.playground = playground
        self.process: asyncio.subprocess.Process | None = None
        self.log = folder / "bot.log"

    async def start(self) -> None:
        """Returns when the bot is online. Raises RuntimeError with its last words when it ends before."""
        environment = {
            **os.environ,
            "ATELIER_DISCORD__TOKEN": self.playground.token,
            "ATELIER_DISCORD__API": self.playground.api,
            "ATELIER_STORAGE__FOLDER": str(self.folder / "storage"),
            # The cap is another test's matter: here a job may be begun as often as the bot is killed.
            "ATELIER_QUEUE__MAX_ATTEMPTS": "100000",
            "ATELIER_QUEUE__WAITING_PER_PERSON": "1000",
            **self.environment,
        }
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", self.module, *self.arguments, stdout=log, stderr=log, env=environment
            )
        ended = asyncio.create_task(self.process.wait())
        online = asyncio.create_task(self.playground.wait_until_online(60))
        done, _ = await asyncio.wait((ended, online), return_when=asyncio.FIRST_COMPLETED)
        if ended in done:
            online.cancel()
            raise RuntimeError(f"the bot ended by itself: {self.last_words()}")
        ended.cancel()
        await online
        # Commands are registered once, by the first start on a fresh server.
        someone = self.playground.person(PEOPLE[0])
        await self.playground.wait_for(lambda: someone.commands("studio"), 30, what="no commands were registered")

    async def kill(self) -> None:
        """SIGKILL, and wait until the playground has noticed."""
        if self.process is not None and self.process.returncode is None:
            self.process.send_signal(signal.SIGKILL)
            await self.process.wait()
        await self.playground.wait_for(lambda: not self.playground.gateway.bot_online, 10)

    async def stop(self) -> None:
        """SIGTERM, as a service manager would."""
        if self.process is not None and self.process.returncode is None:
            self.process.terminate()
            await asyncio.wait_for(self.process.wait(), 30)

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]
