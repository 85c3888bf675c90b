"""The state file: one JSON snapshot, written whole or not at all, soon after changes. It does not know its content."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from playground.clock import Clock, Timer
from playground.errors import Json

PAUSE = 0.25
"""Seconds from a change to the write, so that a burst is one write."""
VERSION = 1


class Store:
    """Writes what `dump` gives to `path`; does nothing when there is no path."""

    def __init__(self, path: Path | None, clock: Clock, dump: Callable[[], Json]) -> None:
        self.path = path
        self.clock = clock
        self.dump = dump
        self._timer: Timer | None = None

    def read(self) -> Json | None:
        """The last snapshot, or None. Raises ValueError when the file is not one of ours."""
        if self.path is None or not self.path.is_file():
            return None
        state = json.loads(self.path.read_text("utf-8"))
        if not isinstance(state, dict) or state.get("version") != VERSION:
            raise ValueError(f"{self.path} is not a playground state file of version {VERSION}")
        return state

    def changed(self) -> None:
        """Something changed: write soon."""
        if self.path is not None and self._timer is None:
            self._timer = self.clock.call_later(PAUSE, self._due)

    def write(self) -> None:
        """Write now."""
        if self.path is None:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self.path.with_name(self.path.name + ".part")
        with temporary.open("w", encoding="utf-8") as file:
            json.dump({"version": VERSION, **self.dump()}, file, separators=(",", ":"))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)

    def _due(self) -> None:
        self._timer = None
        self.write()
