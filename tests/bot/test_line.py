"""The order of edits in a channel, on a clock that the test turns."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

from bot.delivery.line import BREATH, MEMORY, SPACING, Line, TryAgain, Urgency


class Channel:
    """A line on a clock of its own that jumps to whatever it waits for; remembers what was shown, and when."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.shown: list[tuple[float, object, Urgency]] = []
        self.failing: dict[object, int] = {}
        self.done: set[object] = set()
        self.failure: type[TryAgain] = TryAgain
        self.line = Line(self.show, clock=lambda: self.now, sleep=self.sleep)

    async def show(self, card: object, urgency: Urgency) -> None:
        if self.failing.get(card, 0):
            self.failing[card] -= 1
            raise self.failure("for the test")
        self.shown.append((self.now, card, urgency))
        if card in self.done:
            self.line.forget(card)

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)

    async def settle(self) -> None:
        """Let the line show everything it has."""
        async with asyncio.timeout(5):
            while len(self.line):  # noqa: ASYNC110 - the line's own loop is what must run
                await asyncio.sleep(0)

    @property
    def cards(self) -> list[object]:
        return [card for _, card, _ in self.shown]


@asynccontextmanager
async def serving(channel: Channel) -> AsyncIterator[Channel]:
    task = asyncio.create_task(channel.line.run())
    try:
        yield channel
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_results_go_before_changes_before_previews_before_positions() -> None:
    channel = Channel()
    for card, urgency in enumerate((Urgency.POSITION, Urgency.PREVIEW, Urgency.CHANGE, Urgency.RESULT)):
        channel.line.ask(card, urgency)
    async with serving(channel):
        await channel.settle()
    assert channel.cards == [3, 2, 1, 0]


async def test_edits_of_one_card_are_two_seconds_apart() -> None:
    channel = Channel()
    async with serving(channel):
        for _ in range(5):
            channel.line.ask(1, Urgency.PREVIEW)
            await channel.settle()
    moments = [moment for moment, _, _ in channel.shown]
    assert all(later - earlier >= SPACING for earlier, later in pairwise(moments))
    assert len(moments) == 5


async def test_previews_of_ten_cards_share_the_channels_budget_and_take_turns() -> None:
    channel = Channel()
    async with serving(channel):
        for _ in range(3):
            for card in range(10):
                channel.line.ask(card, Urgency.PREVIEW)
            await channel.settle()
    moments = [moment for moment, _, _ in channel.shown]
    assert all(later - earlier >= BREATH for earlier, later in pairwise(moments))
    assert [sorted(channel.cards[start : start + 10], key=str) for start in (0, 10, 20)] == [list(range(10))] * 3


async def test_a_result_does_not_wait_for_the_budget() -> None:
    channel = Channel()
    async with serving(channel):
        channel.line.ask(1, Urgency.PREVIEW)
        await channel.settle()
        before = channel.now
        channel.line.ask(1, Urgency.RESULT)
        channel.line.ask(2, Urgency.RESULT)
        await channel.settle()
    assert [card for moment, card, urgency in channel.shown if urgency is Urgency.RESULT and moment == before] == [1, 2]


async def test_a_card_that_changes_often_while_it_waits_is_shown_once() -> None:
    channel = Channel()
    for _ in range(20):
        channel.line.ask(1, Urgency.PREVIEW)
    async with serving(channel):
        await channel.settle()
    assert channel.cards == [1]


async def test_what_failed_is_tried_again_with_longer_pauses_and_holds_nobody_up() -> None:
    channel = Channel()
    channel.failing[1] = 4
    channel.line.ask(1, Urgency.RESULT)
    channel.line.ask(2, Urgency.RESULT)
    async with serving(channel):
        await channel.settle()
    assert channel.cards == [2, 1]
    assert channel.shown[-1][0] - 1000.0 == 1 + 2 + 4 + 8


async def test_what_fails_for_a_day_is_still_tried() -> None:
    channel = Channel()
    channel.failing[1] = 3000
    channel.line.ask(1, Urgency.RESULT)
    async with serving(channel):
        await channel.settle()
    assert channel.cards == [1]


async def test_a_refusal_has_pauses_of_its_own() -> None:
    class Refused(TryAgain):
        first, longest = 15.0, 100.0

    channel = Channel()
    channel.failing[1], channel.failure = 6, Refused
    channel.line.ask(1, Urgency.CHANGE)
    async with serving(channel):
        await channel.settle()
    assert channel.shown[-1][0] - 1000.0 == 15 + 30 + 60 + 100 + 100 + 100


async def test_a_line_keeps_nothing_of_cards_that_are_forgotten_or_long_shown() -> None:
    channel = Channel()
    for card in range(200):
        channel.line.ask(card, Urgency.RESULT)
    channel.done = set(range(100))
    async with serving(channel):
        await channel.settle()
        assert set(channel.line._shown) == set(range(100, 200))
        channel.now += MEMORY
        channel.line.ask(200, Urgency.RESULT)
        await channel.settle()
    assert set(channel.line._shown) == {200}


async def test_a_line_ends_when_nothing_was_wanted_for_long_and_nothing_is_held() -> None:
    channel = Channel()
    channel.line.ask(1, Urgency.RESULT)
    channel.line.hold(2)
    task = asyncio.create_task(channel.line.run(idle=0.01))
    await asyncio.sleep(0.1)
    assert channel.cards == [1]
    assert not task.done()
    channel.line.forget(2)
    await asyncio.wait_for(task, 5)


async def test_a_held_card_waits_for_its_release() -> None:
    channel = Channel()
    channel.line.hold(1)
    channel.line.ask(1, Urgency.RESULT)
    channel.line.ask(2, Urgency.RESULT)
    async with serving(channel):
        await asyncio.sleep(0.01)
        assert channel.cards == [2]
        channel.line.release(1)
        await channel.settle()
    assert channel.cards == [2, 1]


async def test_asking_again_does_not_shorten_the_pause_after_a_failure() -> None:
    channel = Channel()
    channel.failing[1] = 3
    async with serving(channel):
        channel.line.ask(1, Urgency.RESULT)
        for _ in range(50):
            channel.line.ask(1, Urgency.RESULT)
            await asyncio.sleep(0)
        await channel.settle()
    assert channel.shown[-1][0] - 1000.0 == 1 + 2 + 4
