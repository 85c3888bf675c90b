"""The order of edits in one channel. Knows no Discord, rows or words: it says which card may be shown now, and when.

Discord counts edits by channel, so the cards of a channel share one budget. Results go first and at once; previews and
positions wait for their turn, at least `SPACING` apart on one card and `BREATH` apart in the channel. Nothing is queued
twice: a card that changes five times while it waits is shown once, as it then is.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from enum import IntEnum

SPACING = 2.0
"""Seconds between two edits of one card, results excepted."""
BREATH = 1.25
"""Seconds between two edits in one channel, results excepted: four of Discord's five per five seconds."""
PATIENCE = 30.0
"""The longest pause, in seconds, before a result that could not be posted is tried again."""

MEMORY = 60.0
"""Seconds for which the last edit of a card that wants nothing is remembered, for its spacing and its turn."""


class Urgency(IntEnum):
    """Why a card wants to be shown; the lower goes first."""

    RESULT = 0
    CHANGE = 1
    PREVIEW = 2
    POSITION = 3


class TryAgain(Exception):
    """Discord or the way to it failed for the moment; the card keeps its place and is tried again later.

    Attributes:
        first, longest: seconds; each pause is twice the one before, within these bounds.
    """

    first, longest = 1.0, PATIENCE


@dataclass
class _Wish:
    urgency: Urgency
    not_before: float = 0.0
    pause: float = 0.0


Card = Hashable
"""What names a card: the job's id, or whatever else the caller shows in this channel."""
Show = Callable[[Card, Urgency], Awaitable[None]]


class Line:
    """One channel's cards.

    Args:
        show: shows a card as it is now; raises TryAgain to be asked again.
        spacing: seconds between two edits of one card, results excepted.
        clock, sleep: for tests.
    """

    def __init__(
        self,
        show: Show,
        *,
        spacing: float = SPACING,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] | None = None,
    ) -> None:
        self._show = show
        self._spacing = spacing
        self._clock = clock
        self._sleep = sleep
        self._wishes: dict[Card, _Wish] = {}
        self._held: set[Card] = set()
        self._shown: dict[Card, float] = {}
        self._last_edit = float("-inf")
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._wishes)

    def ask(self, card: Card, urgency: Urgency) -> None:
        """The card of this job has something to show."""
        wish = self._wishes.get(card)
        if wish is None:
            self._wishes[card] = _Wish(urgency)
        elif urgency < wish.urgency:
            # A more urgent wish does not inherit the pause of a lesser one that failed.
            self._wishes[card] = _Wish(urgency)
        self._changed.set()

    def hold(self, card: Card) -> None:
        """Show nothing of this job until `release`: its card is being made elsewhere."""
        self._held.add(card)

    def release(self, card: Card) -> None:
        self._held.discard(card)
        self._changed.set()

    def forget(self, card: Card) -> None:
        """The job needs no more edits."""
        self._wishes.pop(card, None)
        self._held.discard(card)
        self._shown.pop(card, None)

    def just_shown(self, card: Card) -> None:
        """Somebody else edited this card now (its first message, a pressed button)."""
        self._shown[card] = self._last_edit = self._clock()

    async def run(self, *, idle: float | None = None) -> None:
        """Show cards until cancelled, or until none has wanted anything for `idle` seconds."""
        while True:
            self._changed.clear()
            choice = self._next()
            if choice is None:
                try:
                    async with asyncio.timeout(idle):
                        await self._changed.wait()
                except TimeoutError:
                    if not self._wishes and not self._held:
                        return
                continue
            card, moment = choice
            pause = moment - self._clock()
            if pause > 0:
                await self._rest(pause)
                continue
            await self._serve(card)

    async def _serve(self, card: Card) -> None:
        wish = self._wishes.pop(card)
        # Known from before it is shown, so that a card which is forgotten meanwhile stays so.
        self._shown.setdefault(card, self._clock())
        try:
            await self._show(card, wish.urgency)
        except TryAgain as problem:
            newer = self._wishes.get(card)
            if newer is not None and newer.urgency < wish.urgency:
                return
            wish.pause = min(problem.longest, max(problem.first, 2 * wish.pause))
            wish.not_before = self._clock() + wish.pause
            self._wishes[card] = wish
        finally:
            self._last_edit = self._clock()
            if card in self._shown:
                self._shown[card] = self._last_edit
            self._forget_old()

    def _forget_old(self) -> None:
        since = self._last_edit - max(MEMORY, self._spacing)
        self._shown = {
            card: shown
            for card, shown in self._shown.items()
            if shown > since or card in self._wishes or card in self._held
        }

    async def _rest(self, seconds: float) -> None:
        # Something more urgent may come meanwhile.
        if self._sleep is not None:
            await self._sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._changed.wait()
        except TimeoutError:
            pass

    def _next(self) -> tuple[Card, float] | None:
        """The card to show next and the moment from which it may be shown, or None when there is nothing to show."""
        now = self._clock()
        best: tuple[float, Urgency, float] | None = None
        chosen: Card = None
        for card, wish in self._wishes.items():
            if card in self._held:
                continue
            shown = self._shown.get(card, float("-inf"))
            moment = wish.not_before
            if wish.urgency is not Urgency.RESULT:
                moment = max(moment, shown + self._spacing, self._last_edit + BREATH)
            # What is due goes by urgency; results first come, first served, others by how long they have not changed.
            rank = (max(moment, now), wish.urgency, 0.0 if wish.urgency is Urgency.RESULT else shown)
            if best is None or rank < best:
                best, chosen = rank, card
        return None if best is None else (chosen, best[0])
