"""The list of what Discord would have refused. It only keeps and tells."""

import itertools
from collections import deque
from dataclasses import asdict, dataclass

from playground.clock import Clock
from playground.errors import ApiError, Json
from playground.feed import Event, Feed

KEPT = 1000


@dataclass(frozen=True)
class Refusal:
    """One refused request. `at` is seconds since 1970, `detail` the nested errors as lines."""

    id: int
    at: float
    method: str
    path: str
    status: int
    code: int
    message: str
    detail: str


class Refusals:
    """The newest refusals, told to the pages as they come."""

    def __init__(self, clock: Clock, feed: Feed) -> None:
        self.clock = clock
        self.feed = feed
        self.rows: deque[Refusal] = deque(maxlen=KEPT)
        self._ids = itertools.count(1)

    def note(self, method: str, path: str, error: ApiError) -> None:
        """Keep one and tell it."""
        row = Refusal(
            next(self._ids), self.clock.time(), method, path, error.status, error.code, error.message, error.detail()
        )
        self.rows.append(row)
        self.feed.publish(Event(name="REFUSAL", record=asdict(row), bot=False))

    def dump(self) -> list[Json]:
        """All kept ones as JSON."""
        return [asdict(row) for row in self.rows]
