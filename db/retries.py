"""How often, and for how long, that is tried again which Discord refuses: ever more seldom, for some days."""

from datetime import datetime, timedelta

from db.models import Announcement, Share

GIVE_UP_AFTER = timedelta(days=7)
FIRST, LONGEST = timedelta(seconds=15), timedelta(hours=6)
"""The pauses between tries, each twice the one before."""
REACHED = {"refused_at": None, "due_at": None, "tries": 0}
"""Columns of a row that was not refused, or not since it changed."""


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries and one more."""
    return min(LONGEST, FIRST * 2 ** min(tries, 16))


def put_off(row: Announcement | Share, *, now: datetime) -> bool:
    """Discord refused what this stands for: later again; False, with nothing changed, when it did for too long."""
    since = row.refused_at or now
    if now - since > GIVE_UP_AFTER:
        return False
    row.refused_at, row.due_at, row.tries = since, now + pause(row.tries), row.tries + 1
    return True
