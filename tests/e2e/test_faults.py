"""Gateway and REST failing while people work: what was accepted is delivered, once."""

import asyncio
import time
from pathlib import Path

import pytest

from bench.bot_process import FAKE_BOT, Bot
from playground import Playground
from tests.bot.studio import custom_ids, is_result
from tests.e2e.conftest import Rows

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

PEOPLE = ("Ada", "Ben", "Cleo", "Dan")
SECONDS = 60.0
DROPS = 20


async def test_twenty_dropped_gateways_and_a_fifth_of_rest_failing_lose_nothing(
    pg: Playground, tmp_path: Path, rows: Rows
) -> None:
    bot = Bot(FAKE_BOT, tmp_path, pg, FAKE_SECONDS_PER_STEP="0.02")
    await bot.start()
    pg.faults.fail_rest(0.2)
    until = time.monotonic() + SECONDS
    asking = asyncio.create_task(ask_until(pg, until))
    for _ in range(DROPS):
        await asyncio.sleep(SECONDS / DROPS)
        pg.faults.drop_gateway()
    await asking
    pg.faults.clear()
    await pg.wait_for(lambda: rows.undelivered() == 0, 240, what="some accepted jobs were never delivered")

    done = {job for (job,) in rows("SELECT id FROM jobs WHERE status = 'succeeded'")}
    shown = [card for card in pg.messages("studio") if is_result(card)]
    named = [int(one.split(":")[2]) for card in shown for one in custom_ids(card) if one.startswith("a:again:")]
    assert len(done) >= 10
    assert sorted(named) == sorted(done)
    assert all(len(card["attachments"]) == 1 for card in shown)
    assert pg.pings == []
    await bot.stop()


async def ask_until(pg: Playground, until: float) -> None:
    """Four people ask in turn; what comes while the bot is away is not accepted, and so not promised."""
    number = 0
    while time.monotonic() < until:
        person = pg.person(PEOPLE[number % len(PEOPLE)])
        if pg.gateway.bot_online:
            await person.slash("studio", "imagine", prompt=f"house {number}", count=1, steps=2, wait=False)
            number += 1
        await asyncio.sleep(1.5)
