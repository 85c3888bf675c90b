"""kill -9 while pictures are shared and unshared: `python -m bench.share_kill [--kills 100]`.

Each round starts the bot, presses `Share` under one picture and, every third time, `Unshare` under an older post, and
kills the bot within the next four seconds. In the end every shared picture has exactly one post, and no other has any.
"""

import argparse
import asyncio
import contextlib
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.bot_process import FAKE_BOT, Bot
from bench.report import Report, Table
from playground import Playground

LONGEST = 4.0
"""Seconds after a press within which the bot is killed."""
SETTLE = 120.0
_BEHIND = ("SELECT count(*) FROM shares WHERE shown < wanted", "SELECT count(*) FROM removals")


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """Pictures that are shared in the end, their posts, posts of others, rows not yet shown, presses that took hold."""

    kills: int
    shared: int
    without: list[int]
    twice: list[int]
    foreign: list[int]
    waiting: int
    unshared: int

    @property
    def broken(self) -> bool:
        return bool(self.without or self.twice or self.foreign or self.waiting)


async def trial(folder: Path, *, kills: int, seed: int) -> Outcome:
    dice, unshared = random.Random(seed), 0
    async with Playground(state_file=folder / "discord.json", rate_limits=False) as pg:
        bot = Bot(FAKE_BOT, folder, pg)
        await _start(bot)
        questions = await _questions(pg, kills)
        for number, question in enumerate(questions):
            if number:
                await _start(bot)
            await pg.person("Ben").click(question, "Share", wait=False)
            posts = [one for one in pg.messages("gallery") if not one["_viewer"]]
            if number % 3 == 2 and posts:
                await pg.person("Ben").click(dice.choice(posts), "Unshare", wait=False)
                unshared += 1
            await asyncio.sleep(dice.uniform(0, LONGEST))
            await bot.kill()
            print(f"\r{number + 1}/{kills} kills   ", end="", file=sys.stderr, flush=True)
        await _start(bot)
        waiting = await _settled(folder)
        await bot.stop()
        posted = Counter(_picture(one) for one in pg.messages("gallery") if not one["_viewer"])
    shared = {row[0] for row in _rows(folder, "SELECT image_id FROM shares WHERE visibility <> 'private'")}
    return Outcome(
        kills=kills,
        shared=len(shared),
        without=sorted(shared - posted.keys()),
        twice=sorted(image for image, count in posted.items() if count > 1),
        foreign=sorted(posted.keys() - shared),
        waiting=waiting,
        unshared=unshared,
    )


async def _start(bot: Bot) -> None:
    """Where other work keeps a start from being done in its minute, it is killed, too, and done again."""
    for _ in range(5):
        with contextlib.suppress(TimeoutError):
            return await bot.start()
        await bot.kill()
    raise RuntimeError(bot.last_words())


async def _settled(folder: Path) -> int:
    """How many posts do not show their row, or are still to be taken away, when all had time to."""
    until = time.monotonic() + SETTLE
    while True:
        waiting = sum(int(row[0]) for query in _BEHIND for row in _rows(folder, query))
        if not waiting or time.monotonic() > until:
            return waiting
        await asyncio.sleep(0.5)


async def _questions(pg: Playground, count: int) -> list[dict[str, Any]]:
    """As many of Ben's pictures, each with the private question how to share it."""
    ada, ben = pg.person("Ada"), pg.person("Ben")
    await ada.slash("studio", "admin channel", use="gallery", channel=pg.channel("gallery")["id"])
    questions: list[dict[str, Any]] = []
    while len(questions) < count:
        card = (await ben.slash("studio", "imagine", prompt="a red house", count=4)).message
        assert card is not None
        await pg.wait_for(lambda card=card: len(card["attachments"]) == 4, 60)
        which = (await ben.menu(card, "Share to gallery")).message
        assert which is not None
        for number in range(1, 5):
            question = (await ben.click(which, f"Image #{number}")).message
            assert question is not None
            questions.append(question)
    return questions[:count]


def _picture(post: dict[str, Any]) -> int:
    return int(post["attachments"][0]["filename"].split(".")[0])


def _rows(folder: Path, query: str) -> list[Any]:
    with contextlib.closing(sqlite3.connect(f"file:{folder / 'storage' / 'atelier.db'}?mode=ro", uri=True)) as rows:
        return rows.execute(query).fetchall()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        out = asyncio.run(trial(Path(folder), kills=options.kills, seed=options.seed))
    columns = ("kills", "shared", "without a post", "posted twice", "posts of unshared", "not shown", "unshare pressed")
    row = (out.kills, out.shared, len(out.without), len(out.twice), len(out.foreign), out.waiting, out.unshared)
    Report(
        name="share_kill",
        claim="A picture that is shared has exactly one post in the gallery channel, however often the bot is killed.",
        command=f"python -m bench.share_kill --kills {options.kills}",
        tables=[Table("After the last start", columns, [row])],
        notes=[f"Each kill came at a random moment of the {LONGEST:g} s after the press."],
        packages=["discord.py"],
        passed=not out.broken,
    ).publish(save=options.kills >= 100)
    return 1 if out.broken else 0


if __name__ == "__main__":
    sys.exit(main())
