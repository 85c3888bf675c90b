"""10,000 presses of one heart by 500 people in a minute: `python -m bench.like_storm [--short]`.

The real bot in a process of its own, with an engine that draws coloured cards. A second press takes a heart back, so
the true count is known: the people who pressed an odd number of times. The playground clocks each answer and each edit.
"""

import argparse
import asyncio
import contextlib
import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bench.bot_process import FAKE_BOT, Bot
from bench.report import Report, Table
from bot.answering import PATIENCE
from bot.gallery.poster import SPACING
from playground import Playground

AIM_P50, AIM_P99, MUST_MAX = 50.0, 250.0, 2000.0
"""Milliseconds; as in `bench.ack`."""
TOLERANCE = 0.25
"""Seconds by which two edits may seem closer than they were sent: answers travel at different speeds."""
QUIET = 60.0


@dataclass
class Storm:
    """What was seen: milliseconds to each answer, what got none, times of edits, the counts in the end, CPU seconds."""

    answers: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    edits: list[float] = field(default_factory=list)
    seconds: float = 0.0
    expected: int = 0
    row: int = -1
    likes: int = -1
    label: str = ""
    bot_cpu: float = 0.0
    crowd_cpu: float = 0.0


async def storm(folder: Path, *, presses: int, people: int, seconds: float, seed: int = 3) -> Storm:
    seen, dice = Storm(), random.Random(seed)
    async with Playground(state_file=folder / "discord.json", rate_limits=False) as pg:
        bot = Bot(FAKE_BOT, folder, pg)
        await bot.start()
        try:
            post = await _shared(pg)
            crowd = [pg.add_person(f"Person {number}") for number in range(people)]
            heart = next(one["custom_id"] for one in _buttons(post) if one["custom_id"].startswith("a:like:"))
            watch = asyncio.create_task(_watch(pg, post, seen))
            counts: Counter[int] = Counter()
            assert bot.process is not None
            spent = psutil.Process(bot.process.pid).cpu_times, psutil.Process().cpu_times
            before = [sum(times()[:2]) for times in spent]
            began = time.monotonic()
            pending: list[asyncio.Task[Any]] = []
            for number in range(presses):
                who = dice.randrange(people)
                counts[who] += 1
                pending.append(asyncio.create_task(crowd[who].click(post, heart)))
                ahead = number * seconds / presses - (time.monotonic() - began)
                if ahead > 0.02:
                    await asyncio.sleep(ahead)
            for asked in await asyncio.gather(*pending):
                if asked.answered_after is None or (asked.message is not None and asked.message["_viewer"]):
                    seen.failed.append(str(asked.reason or "an error"))
                else:
                    seen.answers.append(asked.answered_after * 1000)
            seen.seconds = time.monotonic() - began
            seen.bot_cpu, seen.crowd_cpu = (sum(t()[:2]) - b for t, b in zip(spent, before, strict=True))
            seen.expected = sum(count % 2 for count in counts.values())
            wanted = str(seen.expected) if seen.expected else ""
            with contextlib.suppress(TimeoutError):
                await pg.wait_for(lambda: _label(post) == wanted, QUIET)
            seen.label = _label(post)
            watch.cancel()
        finally:
            if bot.process is not None and bot.process.returncode is None:
                await bot.stop()
    with contextlib.closing(sqlite3.connect(folder / "storage" / "atelier.db")) as rows:
        seen.row = rows.execute("SELECT likes FROM shares").fetchone()[0]
        seen.likes = rows.execute("SELECT count(*) FROM likes").fetchone()[0]
    return seen


def broken(seen: Storm) -> list[str]:
    """What of the claim does not hold."""
    found = [f"{len(seen.failed)} presses were not acknowledged: {seen.failed[0]}"] if seen.failed else []
    if not seen.likes == seen.row == seen.expected or seen.label != str(seen.expected or ""):
        found.append(f"expected {seen.expected}, rows {seen.likes}, share {seen.row}, post {seen.label}")
    close = [b - a for a, b in zip(seen.edits, seen.edits[1:], strict=False) if b - a < SPACING - TOLERANCE]
    if close:
        found.append(f"two edits within {min(close):.2f} s")
    if seen.answers and max(seen.answers) > MUST_MAX:
        found.append(f"an answer took {max(seen.answers):.0f} ms")
    return found


async def _shared(pg: Playground) -> dict[str, Any]:
    """A picture of Ben's in the gallery channel."""
    ada, ben = pg.person("Ada"), pg.person("Ben")
    await ada.slash("studio", "admin channel", use="gallery", channel=pg.channel("gallery")["id"])
    asked = await ben.slash("studio", "imagine", prompt="a red house", count=1)
    card = asked.message
    assert card is not None, asked.reason
    await pg.wait_for(lambda: any(one.get("label") == "Share" for one in _buttons(card)), 60)
    question = (await ben.click(card, "Share")).message
    assert question is not None
    await ben.click(question, "Share")
    await pg.wait_for(lambda: bool(pg.messages("gallery")), 60)
    return pg.messages("gallery")[0]


async def _watch(pg: Playground, post: dict[str, Any], seen: Storm) -> None:
    """Note the time of every edit of the post."""
    stamps = [post["edited_timestamp"]]
    while True:
        await pg.wait_for(lambda: post["edited_timestamp"] != stamps[-1], None)
        stamps.append(post["edited_timestamp"])
        seen.edits.append(time.monotonic())


def _buttons(message: dict[str, Any]) -> list[dict[str, Any]]:
    def within(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [one for part in components for one in (part, *within(part.get("components", [])))]

    return [one for one in within(message["components"]) if one["type"] == 2]


def _label(post: dict[str, Any]) -> str:
    return next((one.get("label") or "" for one in _buttons(post) if one["custom_id"].startswith("a:like:")), "gone")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="500 presses by 50 people in 6 seconds")
    short = parser.parse_args().short
    presses, people, seconds = (500, 50, 6.0) if short else (10_000, 500, 60.0)
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(storm(Path(folder), presses=presses, people=people, seconds=seconds))
    found = broken(seen)
    gaps = [b - a for a, b in zip(seen.edits, seen.edits[1:], strict=False)]
    p50, p99 = statistics.median(seen.answers), statistics.quantiles(seen.answers, n=100)[-1]
    Report(
        name="like_storm",
        claim=f"{presses:,} presses of one heart by {people} people end in the true count; the post is edited at most "
        f"every {SPACING:g} s, and no press waits {MUST_MAX / 1000:g} s for its acknowledgement.",
        command="python -m bench.like_storm" + (" --short" if short else ""),
        tables=[
            Table(
                "Presses",
                ("presses", "seconds", "p50 ms", "p99 ms", "max ms", "not acknowledged"),
                [
                    (presses, seen.seconds, p50, p99, max(seen.answers), len(seen.failed)),
                    ("aim (max: must)", seconds, AIM_P50, AIM_P99, MUST_MAX, 0),
                ],
            ),
            Table(
                "Processor time",
                ("process", "seconds", "ms a press", "share of the cores"),
                [
                    (name, spent, 1000 * spent / presses, f"{spent / seen.seconds / (os.cpu_count() or 1):.0%}")
                    for name, spent in (("bot", seen.bot_cpu), ("playground and people", seen.crowd_cpu))
                ],
            ),
            Table(
                "Counts and edits",
                ("true count", "rows", "on the share", "on the post", "edits", "shortest time between two, s"),
                [(seen.expected, seen.likes, seen.row, seen.label, len(seen.edits), min(gaps, default=0.0))],
            ),
        ],
        notes=[
            f"A press is acknowledged when the heart's row stands on the disk, after {PATIENCE:g} s at the latest.",
            "Bot, playground and people share the cores; the playground clocks press to answer, its part included.",
            *found,
        ],
        packages=["discord.py", "sqlalchemy", "aiosqlite"],
        passed=not found,
    ).publish(save=not short)
    return 0 if not found else 1


if __name__ == "__main__":
    sys.exit(main())
