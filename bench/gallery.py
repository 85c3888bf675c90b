"""A gallery of a million pictures and five million likes in SQLite: `python -m bench.gallery [--short]`.

Pages, search, top and similar pictures are asked for as the bot asks, through a reading session; a gallery of a
hundredth of the size, asked in turn with the large one, says how times grow. `--data FOLDER` keeps what was built, to
be used again; the million takes ten minutes and 1.8 GB to build. `--pause` waits for Enter before anything is measured.
"""

import argparse
import asyncio
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from sqlalchemy import select

import migrations
from bench import gallery_data
from bench.gallery_data import GUILD, LIKES_PER_PICTURE, PEOPLE, SPAN, WORDS
from bench.report import Report, Table
from bot.gallery.likeness import Likeness
from db import gallery, likes, users
from db.database import Database, default_url
from db.embeddings import WIDTH
from db.gallery import Place, Sort, View
from db.heat import ORIGIN
from db.likes import Press
from db.models import Embedding, Share

LARGE, SMALL = 1_000_000, 10_000
PAGE = 6
FAR = 1000
MOST_MS, MOST_SIMILAR_MS, MOST_GROWTH = 50.0, 100.0, 3.0
GROWN_FROM_MS = 1.0
"""Below this many milliseconds a time is not said to have grown: there it is the driver's."""
ROUNDS = 60
NOW = ORIGIN + SPAN

Ask = Callable[[], Awaitable[object]]


class Hall:
    """One gallery and the questions put to it."""

    def __init__(self, database: Database, pictures: int) -> None:
        self.database = database
        self.pictures = pictures
        self.likeness = Likeness(database)
        self.times: dict[str, list[float]] = defaultdict(list)
        self.far: dict[Sort, Place] = {}
        self.recall = 0.0
        self.loading = self.first = 0.0

    async def prepare(self, dice: random.Random) -> None:
        """Find where the 1,000th page begins, and read the vectors of similar pictures. Not measured."""
        keys = {Sort.NEW: Share.id, Sort.HOT: Share.day, Sort.TOP: Share.likes, Sort.RANDOM: Share.shuffle}
        offset = min(PAGE * (FAR - 1), self.pictures // 2)
        async with self.database.reading() as session:
            for sort, key in keys.items():
                ordered = select(key, Share.id).where(Share.guild_id == GUILD).order_by(key.desc(), Share.id.desc())
                self.far[sort] = Place(*(await session.execute(ordered.offset(offset).limit(1))).one())
        began = time.perf_counter()
        await self.likeness.read()
        self.loading = time.perf_counter() - began
        # What a person meets who asks for the first similar pictures while the rows are still being read.
        early, began = Likeness(self.database), time.perf_counter()
        await early.near(GUILD, dice.randrange(1, self.pictures), PAGE)
        self.first = time.perf_counter() - began
        await early.fill(GUILD)

    def questions(self, dice: random.Random) -> dict[str, Ask]:
        """One round, in words and as it is asked."""
        common, rare = f"word{dice.randrange(5)}", f"word{dice.randrange(WORDS // 2, WORDS)}"
        sorts = (Sort.NEW, Sort.HOT, Sort.TOP, Sort.RANDOM)
        asked: dict[str, Ask] = {}
        for sort in sorts:
            asked[f"page 1, {sort}"] = lambda sort=sort: self.page(View(guild_id=GUILD, sort=sort))
            asked[f"page {FAR}, {sort}"] = lambda sort=sort: self.page(View(guild_id=GUILD, sort=sort), self.far[sort])
        for name, words in {
            "a common word": (common,),
            "two common words": (common, f"word{dice.randrange(5, 10)}"),
            "a rare word": (rare,),
            "a common and a rare word": (common, rare),
        }.items():
            view = View(guild_id=GUILD, words=words)
            asked[f"search, {name}"] = lambda view=view: self.page(view)
        asked[f"search, page {FAR}"] = lambda: self.page(View(guild_id=GUILD, words=(common,)), self.far[Sort.NEW])
        author = dice.randrange(1, PEOPLE)
        asked["by author, new"] = lambda: self.page(View(guild_id=GUILD, author_id=author))
        asked["by author, top"] = lambda: self.page(View(guild_id=GUILD, author_id=author, sort=Sort.TOP))
        for name, sort in {"day": Sort.HOT, "week": Sort.WEEK, "month": Sort.MONTH, "all": Sort.TOP}.items():
            asked[f"top, {name}"] = lambda sort=sort: self.top(View(guild_id=GUILD, sort=sort))
        picture = dice.randrange(1, self.pictures)
        asked["similar"] = lambda: self.similar(picture)
        return asked

    async def page(self, view: View, behind: Place | None = None) -> None:
        async with self.database.reading() as session:
            await gallery.page(session, view, behind=behind, size=PAGE)

    async def top(self, view: View) -> None:
        async with self.database.reading() as session:
            found = await gallery.warmest(session, view, size=PAGE, now=NOW)
        assert found or view.sort is Sort.HOT

    async def similar(self, picture: int) -> None:
        near = await self.likeness.near(GUILD, picture, PAGE)
        async with self.database.reading() as session:
            assert len(await gallery.exhibits(session, near)) >= PAGE

    async def round(self, dice: random.Random) -> None:
        for name, ask in self.questions(dice).items():
            began = time.perf_counter()
            await ask()
            self.times[name].append((time.perf_counter() - began) * 1000)


async def opened(folder: Path, pictures: int) -> None:
    """Build the gallery, unless it is there."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "atelier.db").exists():
        return
    async with Database.open(default_url(folder)) as database:
        await migrations.upgrade(database)
    await asyncio.to_thread(gallery_data.fill, folder / "atelier.db", pictures)


async def measure(folder: Path, large: int, small: int, rounds: int, *, pause: bool) -> tuple[Hall, Hall]:
    await opened(folder / f"{large}", large)
    await opened(folder / f"{small}", small)
    dice = random.Random(7)
    async with (
        Database.open(default_url(folder / f"{large}")) as big,
        Database.open(default_url(folder / f"{small}")) as little,
    ):
        halls = Hall(big, large), Hall(little, small)
        for hall in halls:
            await hall.prepare(dice)
        if pause:
            await asyncio.to_thread(input, "Enter begins to measure: ")
        for hall in halls:
            await hall.round(dice)  # warm: statements compiled, the index's pages in memory
            hall.times.clear()
        for _ in range(rounds):
            for hall in halls:
                await hall.round(dice)
        for hall in halls:
            await likes_batch(hall, dice, rounds)
        halls[0].recall = await recall(halls[0], dice)
    return halls


async def likes_batch(hall: Hall, dice: random.Random, rounds: int) -> None:
    """Twenty hearts in one transaction, as a busy tenth of a second brings them."""
    for _ in range(rounds):
        presses = [Press(dice.randrange(1, hall.pictures), dice.randrange(1, PEOPLE)) for _ in range(20)]
        began = time.perf_counter()
        async with hall.database.writing() as session:
            await users.touch_many(session, {one.user_id: "person" for one in presses})
            await likes.press(session, presses, now=NOW + timedelta(seconds=1))
        hall.times["20 hearts written"].append((time.perf_counter() - began) * 1000)


async def recall(hall: Hall, dice: random.Random) -> float:
    """How many of the nearest pictures, by comparing all vectors, are among those the bot finds."""
    vectors = np.zeros((hall.pictures, WIDTH), np.float32)
    async with hall.database.reading() as session:
        rows = await session.stream(select(Embedding.image_id, Embedding.vector))
        async for image_id, vector in rows:
            vectors[image_id - 1] = np.frombuffer(vector, "<f2")
    hits = asked = 0
    for picture in dice.sample(range(1, hall.pictures + 1), 50):
        found = await hall.likeness.near(GUILD, picture, PAGE)
        nearest = np.argsort(-(vectors @ vectors[picture - 1]))[: len(found) + 1] + 1
        hits += len({int(one) for one in nearest} & set(found))
        asked += len(found)
    return hits / asked


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="10,000 against 1,000 pictures")
    parser.add_argument("--data", type=Path, help="keep the galleries here")
    parser.add_argument("--pause", action="store_true", help="wait for Enter before measuring")
    options = parser.parse_args()
    large, small, rounds = (10_000, 1_000, 10) if options.short else (LARGE, SMALL, ROUNDS)
    with TemporaryDirectory() as made:
        big, little = asyncio.run(measure(options.data or Path(made), large, small, rounds, pause=options.pause))
    rows, passed = [], True
    for name, times in big.times.items():
        before = little.times[name]
        growth = statistics.median(times) / max(statistics.median(before), GROWN_FROM_MS)
        limit = MOST_SIMILAR_MS if name == "similar" else MOST_MS
        if name != "20 hearts written":
            passed = passed and p95(times) < limit and growth < MOST_GROWTH
        rows.append((name, statistics.median(before), statistics.median(times), p95(times), growth))
    columns = ("question", f"p50 of {small:,}", f"p50 of {large:,}", f"p95 of {large:,}", "growth of p50")
    report = Report(
        name="gallery",
        claim=(
            f"With {large:,} pictures and {large * LIKES_PER_PICTURE:,} likes of {PEOPLE:,} people in SQLite every "
            f"page, search and top list comes in less than {MOST_MS:.0f} ms (p95), similar pictures in less than "
            f"{MOST_SIMILAR_MS:.0f} ms, and no time grows by more than {MOST_GROWTH:g} from {small:,} pictures."
        ),
        command="python -m bench.gallery" + (" --short" if options.short else ""),
        tables=[Table("Milliseconds until the rows are there", columns, rows)],
        notes=[
            f"{rounds} rounds; the two galleries are asked in turn, each round with other words, people and pictures.",
            f"Pages have {PAGE} pictures. Growth is counted from {GROWN_FROM_MS:g} ms on.",
            f"The vectors of similar pictures are read from rows beside everything else when the bot starts, in "
            f"{little.loading:.1f} s ({small:,}) and {big.loading:.0f} s ({large:,}); who asks at the very start is "
            f"answered after {little.first:.1f} and {big.first:.1f} s, from what is read.",
            f"Similar: {big.recall:.1%} of the nearest pictures by comparing every vector are found.",
        ],
        packages=["sqlalchemy", "aiosqlite", "usearch"],
        passed=passed,
    )
    report.publish(save=not options.short)
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
