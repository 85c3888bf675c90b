"""How often, and for how long, that is tried again which Discord refuses: ever more seldom, for some days."""

from datetime import timedelta

GIVE_UP_AFTER = timedelta(days=7)
FIRST, LONGEST = timedelta(seconds=15), timedelta(hours=6)
"""The pauses between tries, each twice the one before."""


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries and one more."""
    return min(LONGEST, FIRST * 2 ** min(tries, 16))
