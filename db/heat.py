"""How warm a picture is: its likes, of which older ones weigh less. Pure arithmetic, knows no rows.

Forward decay (G. Cormode, V. Shkapenyuk, D. Srivastava, B. Xu: Forward Decay, a Practical Time Decay Model for
Streaming Systems, ICDE 2009): a like at time t weighs 2^(t / half-life), so that of two likes the one that is a
half-life older weighs half as much, now and at any time. The order of two pictures changes only when somebody likes one
of them; a sum therefore stands in a row, under an index, and never has to be brought up to date by the clock. The
sharing itself counts as one like, so that new pictures begin among those that are liked now.

Weights grow beyond any number, so rows hold their logarithm: millionths of a half-life since `ORIGIN`.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
SCALE = 1_000_000
DAY, WEEK, MONTH = timedelta(days=1), timedelta(days=7), timedelta(days=30)


def heat(times: Iterable[datetime], half_life: timedelta) -> int:
    """The warmth of likes at these times, at least one."""
    first, *others = (_age(moment, half_life) for moment in times)
    total = first
    for one in others:
        total = _together(total, one)
    return round(total * SCALE)


def warmer(score: int, times: Iterable[datetime], half_life: timedelta) -> int:
    """`score` after more likes at these times."""
    total = score / SCALE
    for moment in times:
        total = _together(total, _age(moment, half_life))
    return round(total * SCALE)


def threshold(now: datetime, half_life: timedelta) -> int:
    """The score of a single like that is one half-life old: what is colder has nothing to do with this period."""
    return round((_age(now, half_life) - 1) * SCALE)


def _age(moment: datetime, half_life: timedelta) -> float:
    return (moment - ORIGIN) / half_life


def _together(a: float, b: float) -> float:
    """log2(2^a + 2^b)"""
    low, high = sorted((a, b))
    return high + math.log2(1 + 2.0 ** (low - high))
