"""The short form of bench/kill.py: the promises hold over kills, and a bot that breaks one is found out."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from bench.bot_process import FAKE_BOT, Bot
from bench.kill import Trial
from playground import Playground

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def trial(folder: Path, *, kills: int, jobs: int, bot: str) -> Trial:
    return Trial(folder, jobs=jobs, kills=kills, seed=7, bot=bot, prompts=lambda number: f"a red house number {number}")


async def test_ten_kills_lose_nothing_and_show_nothing_twice(tmp_path: Path):
    findings = await trial(tmp_path, kills=10, jobs=12, bot=FAKE_BOT).run()
    assert findings.broken == []
    assert findings.kills == 10
    assert findings.accepted > 0
    assert findings.buttons > 0


async def test_a_bot_that_ends_the_row_before_the_file_is_there_is_found_out(tmp_path: Path):
    findings = await trial(tmp_path, kills=3, jobs=9, bot="tests.e2e.hasty_bot").run()
    assert any("row without a file" in line for line in findings.broken)


async def test_a_job_that_ran_at_every_kill_fails_at_the_cap_and_its_card_says_so(tmp_path: Path):
    async with Playground(state_file=tmp_path / "discord.json") as pg:
        bot = Bot(FAKE_BOT, tmp_path, pg, FAKE_SECONDS_PER_STEP="0.5", ATELIER_QUEUE__MAX_ATTEMPTS="2")
        await bot.start()
        asked = await pg.person("Ada").slash("studio", "imagine", prompt="a red house")
        card = asked.message
        assert card is not None
        for attempt in (1, 2):
            await pg.wait_for(
                lambda wanted=attempt: running(tmp_path) == wanted, 60, what=f"attempt {attempt} never began"
            )
            await bot.kill()
            await bot.start()
        await pg.wait_for(lambda: "Failed" in card["content"], 60, what=f"the card says {card['content']!r}")
        assert "interrupted" in card["content"]
        assert "Nothing was charged" in card["content"]
        assert card["attachments"] == []
        await bot.stop()


def running(folder: Path) -> int | None:
    """The attempt that the one job is at, while it runs."""
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'storage' / 'atelier.db'}?mode=ro", uri=True)) as rows:
        row = rows.execute("SELECT attempts FROM jobs WHERE status = 'running'").fetchone()
    return row[0] if row else None
