"""The clock that every deadline, id and rate limit reads. It knows nothing of what is timed.

`Clock` is the wall; `ManualClock` stands still until a test advances it, so that "15 minutes later" costs no time.
"""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Timer(Protocol):
    """What `call_later` returns: something that can be called off."""

    def cancel(self) -> None: ...


class Clock:
    """Wall-clock seconds and timers of the running event loop."""

    def time(self) -> float:
        """Seconds since 1970, UTC."""
        return time.time()

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Run `callback` on the event loop after `delay` seconds."""
        return asyncio.get_running_loop().call_later(delay, callback)

    def iso(self, at: float | None = None) -> str:
        """`at` (default: now) as Discord writes times: ISO 8601 with microseconds and offset."""
        return datetime.fromtimestamp(self.time() if at is None else at, UTC).isoformat(timespec="microseconds")


class _ManualTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class ManualClock(Clock):
    """Stands at `start` (default: now) until `advance` is called."""

    def __init__(self, start: float | None = None) -> None:
        self.now = time.time() if start is None else start
        self._timers: list[tuple[float, int, _ManualTimer]] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, callback: Callable[[], None]) -> Timer:
        timer = _ManualTimer(callback)
        heapq.heappush(self._timers, (self.now + delay, next(self._order), timer))
        return timer

    def advance(self, seconds: float) -> None:
        """Move the clock forward and run every timer that falls due, each at its own moment."""
        until = self.now + seconds
        while self._timers and self._timers[0][0] <= until:
            self.now, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                timer.callback()
        self.now = until
