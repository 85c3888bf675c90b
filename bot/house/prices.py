"""What a job costs. One formula, in whole credits: steps x pictures x megapixels, rounded up, at least 1.

A megapixel is 2^20 pixels, the area of 1024 x 1024. So four pictures of 1024 x 1024 in 4 steps cost 16, and of the
pocket model (256 x 256 in 12 steps) 3. Megapixels are those of the finished
picture, in however many pieces it is drawn.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.house.rules import Quota
from db.models import JobRequest

MEGAPIXEL = 2**20
DEAR = 12


class Priced(Protocol):
    """A wish, as far as its price goes; `work` is steps times pictures times `pieces`."""

    @property
    def request(self) -> JobRequest: ...
    @property
    def work(self) -> int: ...
    @property
    def pieces(self) -> int: ...
    @property
    def relaxed(self) -> bool: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What some wishes would cost, what the person has, and when there will be more."""

    cost: int
    balance: int
    refills_at: datetime

    @property
    def dear(self) -> bool:
        """Whether to ask before it is spent: `DEAR` credits or more, and at least half of what there is.

        What cannot be paid is not asked for, but refused.
        """
        return self.cost >= DEAR and self.balance <= 2 * self.cost <= 2 * self.balance


def cost(wish: Priced, quota: Quota) -> int:
    """The credits of one job."""
    if not quota.on or (wish.relaxed and quota.relaxed_free):
        return 0
    pixels = wish.request["width"] * wish.request["height"]
    return max(1, math.ceil(wish.work * pixels / (wish.pieces * MEGAPIXEL)))


def total(wishes: Sequence[Priced], quota: Quota) -> int:
    return sum(cost(wish, quota) for wish in wishes)
