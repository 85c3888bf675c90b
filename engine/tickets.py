"""A request on its way through the engine, and the crossing from the device thread back to the event loop.

Knows no models and no devices.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable

from engine.errors import EngineError
from engine.requests import Event, ImageRequest, Pictures, Progress


class Ticket:
    """A request on its way, and the two-place letterbox for what comes back: the newest progress, and the end."""

    def __init__(self, request: ImageRequest, loop: asyncio.AbstractEventLoop) -> None:
        self.request = request
        self.asked = time.perf_counter()
        self.cancelled = threading.Event()
        self._loop = loop
        self._arrived = asyncio.Event()
        self._progress: Progress | None = None
        self._end: Pictures | EngineError | None = None

    async def next(self) -> Event:
        """The next thing to tell. Raises the error that ended the request."""
        await self._arrived.wait()
        if self._progress is not None:
            progress, self._progress = self._progress, None
            if self._end is None:
                self._arrived.clear()
            return progress
        assert self._end is not None
        if isinstance(self._end, EngineError):
            raise self._end
        return self._end

    # On the device thread:

    def report(self, progress: Progress) -> None:
        self._tell(lambda: self._put(progress))

    def finish(self, pictures: Pictures) -> None:
        self._tell(lambda: self._put(pictures))

    def fail(self, error: EngineError) -> None:
        self._tell(lambda: self._put(error))

    def _tell(self, call: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(call)

    # On the loop:

    def _put(self, item: Event | EngineError) -> None:
        if isinstance(item, Progress):
            self._progress = item
        else:
            self._end = item
        self._arrived.set()
