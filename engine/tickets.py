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


class Post:
    """What the device thread has to tell, gathered so that it crosses once for all who hear of one turn.

    Every crossing wakes the loop, which then wants the interpreter just when the device should get its next work.
    """

    def __init__(self) -> None:
        self._letters: dict[asyncio.AbstractEventLoop, list[Callable[[], None]]] = {}

    def add(self, loop: asyncio.AbstractEventLoop, letter: Callable[[], None]) -> None:
        self._letters.setdefault(loop, []).append(letter)

    def send(self) -> None:
        letters, self._letters = self._letters, {}
        for loop, calls in letters.items():
            with contextlib.suppress(RuntimeError):  # the loop is closed already
                loop.call_soon_threadsafe(_deliver, calls)


def _deliver(calls: list[Callable[[], None]]) -> None:
    for call in calls:
        call()


class Ticket:
    """A request on its way, and the two-place letterbox for what comes back: the newest progress, and the end.

    What is reported arrives once `post` is sent.
    """

    def __init__(self, request: ImageRequest, loop: asyncio.AbstractEventLoop, post: Post | None = None) -> None:
        self.request = request
        self.asked = time.perf_counter()
        self.cancelled = threading.Event()
        self._loop = loop
        self._post = post or Post()
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
        self._post.add(self._loop, call)

    # On the loop:

    def _put(self, item: Event | EngineError) -> None:
        if isinstance(item, Progress):
            self._progress = item
        else:
            self._end = item
        self._arrived.set()
