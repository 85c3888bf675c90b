"""The state file: one JSON snapshot, written whole or not at all, soon after changes. It does not know its content."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from playground.clock import Clock, Timer
from playground.errors import Json

PAUSE, SHARE = 0.25, 20
"""Seconds from a change to the write, so that a burst is one write; or SHARE times what the last snapshot took."""
VERSION = 1


class Store:
    """Writes what `dump` gives to `path`, in a thread; does nothing when there is no path."""

    def __init__(self, path: Path | None, clock: Clock, dump: Callable[[], Json]) -> None:
        self.path = path
        self.clock = clock
        self.dump = dump
        self._timer: Timer | None = None
        self._saving: asyncio.Future[None] | None = None
        self._pause = PAUSE

    def read(self) -> Json | None:
        """The last snapshot, or None. Raises ValueError when the file is not one of ours."""
        if self.path is None or not self.path.is_file():
            return None
        try:
            state = json.loads(self.path.read_text("utf-8"))
        except ValueError:  # cut off, or no text
            state = None
        if not isinstance(state, dict) or state.get("version") != VERSION:
            raise ValueError(f"{self.path} is not a playground state file of version {VERSION}")
        return state

    def changed(self) -> None:
        """Something changed: write soon."""
        if self.path is not None and self._timer is None:
            self._timer = self.clock.call_later(self._pause, self._due)

    async def close(self) -> None:
        """Write the last state now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._saving is not None:
            await self._saving
        if self.path is not None:
            _write(self.path, self._text())

    def _due(self) -> None:
        self._timer = None
        if self.path is None:
            return
        if self._saving is not None and not self._saving.done():
            self.changed()
            return
        self._saving = asyncio.get_running_loop().run_in_executor(None, _write, self.path, self._text())

    def _text(self) -> str:
        began = time.perf_counter()
        text = json.dumps({"version": VERSION, **self.dump()}, separators=(",", ":"))
        self._pause = max(PAUSE, SHARE * (time.perf_counter() - began))
        return text


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".part")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
