"""Times and lengths as people type them. Pure: text in, a moment or a length out; what cannot be read is None."""

import re
from datetime import UTC, datetime, timedelta

_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_PART = re.compile(r"(\d{1,4})\s?(w|d|h|m)[a-z]{0,6}")
_STAMP = re.compile(r"<t:(\d{9,11})(?::[a-zA-Z])?>")
_FORMATS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d")
LONGEST = timedelta(days=60)


def length(text: str) -> timedelta | None:
    """`3d`, `36 hours`, `1w 2d 30m`: from a minute to `LONGEST`."""
    text = text.strip().lower()
    found = list(_PART.finditer(text))
    if not found or _PART.sub("", text).strip(" ,and"):
        return None
    total = sum((int(part[1]) * _UNITS[part[2]] for part in found), timedelta())
    return total if timedelta(minutes=1) <= total <= LONGEST else None


def moment(text: str, now: datetime) -> datetime | None:
    """`now`, a length from now, `2026-12-24 18:00` in UTC, or a time copied from Discord."""
    text = text.strip()
    if text.lower() == "now":
        return now
    if (after := length(text)) is not None:
        return now + after
    if (stamp := _STAMP.fullmatch(text)) is not None:
        return datetime.fromtimestamp(int(stamp[1]), UTC)
    for form in _FORMATS:
        try:
            return datetime.strptime(text.removesuffix(" UTC"), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
