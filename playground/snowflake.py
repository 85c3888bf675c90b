"""Discord's ids: milliseconds since 2015 and a counter. It does not know what the ids are for."""

from playground.clock import Clock

EPOCH_MS = 1_420_070_400_000


class Snowflakes:
    """Hands out growing ids. `last` is kept in the state file, so that ids grow over restarts too."""

    def __init__(self, clock: Clock, last: int = 0) -> None:
        self.clock = clock
        self.last = last

    def new(self) -> str:
        """A new id, greater than every id before it, as text (so it travels through JSON)."""
        stamp = (int(self.clock.time() * 1000) - EPOCH_MS) << 22
        self.last = max(stamp, self.last + 1)
        return str(self.last)


def seconds_of(snowflake: str | int) -> float:
    """The moment inside an id, in seconds since 1970."""
    return ((int(snowflake) >> 22) + EPOCH_MS) / 1000
