"""How long that is tried again which Discord refuses: ever more seldom, for some days."""

from datetime import timedelta

PATIENCE = timedelta(days=7)
_FIRST, _LONGEST = timedelta(seconds=15), timedelta(hours=6)


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries and one more."""
    return min(_LONGEST, _FIRST * 2 ** min(tries, 16))
