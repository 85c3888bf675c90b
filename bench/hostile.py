"""What no picture is, by every way in which people can hand pictures in: refused clearly, quickly, and free of charge.

    python -m bench.hostile

runs the bot with a fake engine and a quota, hands each refused file in by each way, and asks the system what the
process that decodes each file took.
"""

import argparse
import asyncio
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import migrations
from bench.report import Report, Table
from db.database import Database, default_url
from tests.bot.studio import Running, running
from tests.bot.test_house import admin, balance
from tests.hostile import ADDRESSED, FOREIGN, LARGEST, REFUSED, TAKEN, WAYS, Way, measured, told, turned

MOST_SECONDS, MOST_BYTES = 2.0, 300e6


async def by_all_ways(folder: Path) -> tuple[list[tuple[str | int | float, ...]], bool]:
    """A row for each way, and whether all of it held."""
    url = default_url(folder)
    async with Database.open(url) as database:
        await migrations.upgrade(database)
    files = {name: make() for name, (make, _) in REFUSED.items()}
    rows, held = [], True
    async with running(folder, url) as bot:
        await bot.imagine("Ada", "studio", count=1, steps=1)
        await admin(bot, "quota", period="day", amount=100)
        await bot.pg.person("Ada").slash("studio", "info")
        had = await balance(bot, "Ada")
        for way, hand_in in WAYS.items():
            seconds = [await _refused(bot, hand_in, name, data) for name, data in files.items()]
            free = await balance(bot, "Ada") == had and len(await bot.jobs()) == 1
            held = held and free and max(seconds) < MOST_SECONDS
            rows.append((way, len(seconds), max(seconds), "nobody" if free else "SOMEBODY"))
        for way, prompt in ADDRESSED.items():
            began = time.perf_counter()
            asked = await bot.pg.person("Ada").slash("studio", "imagine", prompt=prompt.format(FOREIGN))
            took = time.perf_counter() - began
            said = asked.message["content"] if asked.message else ""
            held = held and "Discord" in said and took < MOST_SECONDS
            rows.append((f"{way}, an address elsewhere", 1, took, "nobody"))
    return rows, held


async def _refused(bot: Running, hand_in: Way, name: str, data: bytes) -> float:
    """Seconds until the person is told."""
    began = time.perf_counter()
    answer = await told(bot.pg, lambda: hand_in(bot.pg, "picture.png", data))
    took = time.perf_counter() - began
    if not answer.endswith("Nothing was queued."):
        raise AssertionError(f"{name}: {answer}")
    return took


async def main() -> None:
    with TemporaryDirectory() as name:
        rows, held = await by_all_ways(Path(name))
        files = {one: make() for one, (make, _) in REFUSED.items()}
        files |= {f"taken: {one}": make() for one, make in (TAKEN | LARGEST).items()}
        files["taken: turned by its camera"] = turned()
        took = measured(files, Path(name))
    held = held and all(one.seconds < MOST_SECONDS and one.memory < MOST_BYTES for one in took.values())
    Report(
        name="hostile",
        claim="What no picture is, is refused clearly, in less than two seconds and 300 MB, and nobody is charged",
        command="python -m bench.hostile",
        tables=[
            Table("By way in", ("way", "files", "longest answer, s", "charged"), rows),
            Table(
                "By file, in the process that decodes it",
                ("file", "processor, s", "memory, MB"),
                [(name, one.seconds, one.memory / 1e6) for name, one in took.items()],
            ),
        ],
        notes=["Each answer is private and says what is wrong and what would be right."],
        packages=("Pillow", "numpy"),
        passed=held,
    ).publish()


if __name__ == "__main__":
    argparse.ArgumentParser(prog="python -m bench.hostile", description=__doc__).parse_args()
    asyncio.run(main())
