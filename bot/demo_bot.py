"""The demo's bot: `python -m bot run` as a child process that can be killed and started again. Knows no Discord."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil

from db.lock import PID_NAME
from playground import Playground

_PATIENCE = 15.0
"""Seconds a stopping bot has to give its job back and close."""

_MOST_FAILURES = 3
_SETTLED = 60.0
"""Seconds online after which what went wrong before counts no more: people are invited to kill the bot."""
_PAUSE = 1.0


class DemoBot:
    """One child at a time, started again whenever it ends; its log lines go to the file `log`.

    Attributes:
        came_online: the demo sets it; a bot that ends before is not started again, since it would end again.
        gave_up: set when it ended by itself before it was online, or too often without having been online for a while.
    """

    def __init__(self, config: Path, storage: Path, log: Path) -> None:
        self.config = config
        self.storage = storage
        self.log = log
        self.came_online = False
        self.gave_up = asyncio.Event()
        self._child: asyncio.subprocess.Process | None = None
        self._wanted = False
        self._failures = 0

    @contextlib.asynccontextmanager
    async def running(self, playground: Playground) -> AsyncIterator[None]:
        """The bot connected to `playground`, kept alive inside of the block."""
        await asyncio.to_thread(self._end_orphan)
        keeper = asyncio.create_task(self._keep(playground))
        try:
            yield
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper
            await self._end()

    async def restart(self, kill: bool) -> None:
        """End the child, with `kill` as hard as the system can; it is started again at once."""
        self._wanted = True
        if self._child is None or self._child.returncode is not None:
            return
        self._child.kill() if kill else self._child.terminate()
        await self._child.wait()

    def last_words(self) -> str:
        """The last line of the log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return lines[-1] if lines else "it said nothing"

    async def _keep(self, playground: Playground) -> None:
        while True:
            self._wanted = False
            with self.log.open("ab") as log:
                self._child = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "bot", "run", "--config", str(self.config)),
                    env=_environment(playground),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    # Ctrl-C reaches the demo alone, which then stops the bot in order.
                    start_new_session=True,
                )
            playground.bot_pid = self._child.pid
            settling = asyncio.create_task(self._settle(playground))
            try:
                await self._child.wait()
            finally:
                settling.cancel()
            if not self._wanted:
                self._failures += 1
                if self._failures >= _MOST_FAILURES or not self.came_online:
                    self.gave_up.set()
                    return
                await asyncio.sleep(_PAUSE)

    async def _settle(self, playground: Playground) -> None:
        await playground.wait_until_online(None)
        await asyncio.sleep(_SETTLED)
        self._failures = 0

    async def _end(self) -> None:
        if self._child is None or self._child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._child.terminate()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._child.wait()
        except TimeoutError:
            self._child.kill()
            await self._child.wait()

    def _end_orphan(self) -> None:
        """End the child of a demo that was itself killed: it would hold the storage folder for ever.

        The demo's own lock is held here, so whatever bot runs with this config was started by a demo that is gone.
        """
        with contextlib.suppress(OSError, ValueError, psutil.Error):
            orphan = psutil.Process(int((self.storage / PID_NAME).read_text(encoding="ascii")))
            if str(self.config) in orphan.cmdline():
                orphan.kill()
                orphan.wait(10)


def _environment(playground: Playground) -> dict[str, str]:
    """This process's environment, with the playground as Discord."""
    return os.environ | {
        "ATELIER_DISCORD__TOKEN": playground.token,
        "ATELIER_DISCORD__API": playground.api,
        "ATELIER_DISCORD__GATEWAY": playground.gateway_url,
        "ATELIER_DISCORD__CDN": playground.cdn,
        "PYTHONUNBUFFERED": "1",
    }
