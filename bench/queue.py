"""The queue's speed, and that it does not depend on how many jobs wait: `python -m bench.queue [--short]`.

For each database and order there is one queue per length. Every round does the same things once on each of them in
turn, so that whatever else the machine does weighs on all lengths alike; the medians are compared.
"""

import argparse
import asyncio
import sqlite3
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlalchemy import text

import migrations
from bench.report import Cell, Report, Table
from db import jobs, times
from db.backlog import SPAN
from db.database import Database, default_url
from db.jobs import NewImage, NewJob, QueueLimits
from db.models import Job
from tests.databases import Postgres, can_run_postgres, postgres, postgres_programs

LENGTHS = (100, 10_000, 100_000)
AIM, MUST = 1.5, 3.0
PEOPLE = 1000
LEASE = timedelta(seconds=60)
OPERATIONS = ("enqueue", "claim", "finish", "position", "work ahead")
T = TypeVar("T")
_interactions = count(10_000_000)

# Every fifth job is relaxed. Under the fair order the nth job of each person has turn n.
FILL = """
    WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < {length})
    INSERT INTO jobs (id, interaction_id, kind, status, author_id, channel_id, route, prompt, request, work, created_at,
        relaxed, turn)
    SELECT i, i, 'imagine', 'queued', 1 + i % {people}, 1, 'channel', 'a red house under a starry night sky', '{{}}',
        80, :now, i % 5 = 0, CASE WHEN i % 5 = 0 THEN 0 ELSE {turn} END
    FROM numbers
"""
COUNT = [
    "INSERT INTO backlog SELECT relaxed, 2, turn / {span}, 0, count(*), sum(work) FROM jobs GROUP BY 1, 3",
    "INSERT INTO backlog SELECT relaxed, 1, turn, 0, count(*), sum(work) FROM jobs GROUP BY 1, 3",
    "INSERT INTO backlog SELECT relaxed, 0, turn, id / {span}, count(*), sum(work) FROM jobs GROUP BY 1, 3, 4",
    "UPDATE queue SET fast = (SELECT count(*) FROM jobs WHERE NOT relaxed), last_turn = (SELECT max(turn) FROM jobs),"
    " relaxed = (SELECT count(*) FROM jobs WHERE relaxed)",
    "UPDATE users SET turn = (SELECT last_turn FROM queue)",
]


class Line:
    """One queue of a given length, and the things that are measured on it."""

    def __init__(self, database: Database, length: int, order: jobs.Order) -> None:
        self.database = database
        self.length = length
        self.limits = QueueLimits(waiting_per_person=10**9, waiting_total=10**9, order=order)
        self.seconds: dict[str, list[float]] = defaultdict(list)

    async def fill(self) -> None:
        now = times.now()
        async with self.database.writing() as session:
            people = (
                "WITH RECURSIVE numbers (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM numbers WHERE i < :people)"
                " INSERT INTO users (id, name, created_at, seen_at) SELECT i, 'person', :now, :now FROM numbers"
            )
            moment = now if not self.database.is_sqlite else now.replace(tzinfo=None).isoformat(" ")
            await session.execute(text(people).bindparams(people=PEOPLE, now=moment))
            turn = f"1 + i / {PEOPLE}" if self.limits.order == "fair" else "0"
            fill = FILL.format(length=self.length, people=PEOPLE, turn=turn)
            await session.execute(text(fill).bindparams(now=moment))
            for statement in COUNT:
                await session.execute(text(statement.format(span=SPAN)))
            if not self.database.is_sqlite:
                await session.execute(text("SELECT setval('jobs_id_seq', (SELECT max(id) FROM jobs))"))
        async with self.database.writing() as session:
            await session.execute(text("ANALYZE"))

    async def round(self, number: int) -> None:
        accepted = await self._timed("enqueue", self.enqueue, 1 + number % PEOPLE)
        await self._timed("position", self.position, accepted.id)
        await self._timed("work ahead", self.work_ahead, accepted.id)
        held = await self._timed("claim", self.claim)
        await self._timed("finish", self.finish, held)

    async def _timed(self, name: str, verb: Callable[..., Coroutine[Any, Any, T]], *args: Any) -> T:
        began = time.perf_counter()
        result = await verb(*args)
        self.seconds[name].append(time.perf_counter() - began)
        return result

    async def enqueue(self, author_id: int) -> Job:
        new = NewJob(
            interaction_id=next(_interactions), author_id=author_id, channel_id=1, prompt="a house", request={}, work=80
        )
        async with self.database.writing() as session:
            return (await jobs.enqueue(session, new, self.limits)).job

    async def claim(self) -> Job:
        async with self.database.writing() as session:
            held = await jobs.claim_next(session, worker="bench", lease=LEASE, running_per_person=3)
        assert held is not None
        return held

    async def finish(self, held: Job) -> None:
        pictures = [NewImage(digest=f"{held.id:062x}{n:02x}", width=64, height=64, seed=n, bytes=1) for n in range(4)]
        async with self.database.writing() as session:
            await jobs.finish(session, held.id, held.fence, pictures)

    async def position(self, job_id: int) -> None:
        async with self.database.reading() as session:
            assert await jobs.position(session, job_id) is not None

    async def work_ahead(self, job_id: int) -> None:
        async with self.database.reading() as session:
            assert await jobs.work_ahead(session, job_id) is not None

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name]) * 1000

    async def throughput(self, chains: int, each: int) -> float:
        """Jobs a second through enqueue, claim and finish, by so many at once."""

        async def chain(number: int) -> None:
            for _ in range(each):
                await self.enqueue(1 + number)
                await self.finish(await self.claim())

        began = time.perf_counter()
        await asyncio.gather(*(chain(number) for number in range(chains)))
        return chains * each / (time.perf_counter() - began)


@asynccontextmanager
async def opened(server: Postgres | None, folder: Path, name: str) -> AsyncIterator[Database]:
    if server is None:
        (folder / name).mkdir()
        url = default_url(folder / name)
    else:
        url = await server.copy()
    async with Database.open(url) as database:
        await migrations.upgrade(database)
        yield database


async def measure(
    kind: str, server: Postgres | None, order: jobs.Order, lengths: tuple[int, ...], rounds: int
) -> tuple[list[list[Cell]], list[Cell], float]:
    """Rows for the table of costs, the row of throughput, and the worst growth of a claim or a position."""
    with TemporaryDirectory(prefix="atelier-bench-") as folder:
        async with AsyncExitStack() as stack:
            lines = []
            for length in lengths:
                database = await stack.enter_async_context(opened(server, Path(folder), f"{order}-{length}"))
                lines.append(Line(database, length, order))
                await lines[-1].fill()
            for number in range(rounds + 5):
                for line in lines:
                    await line.round(number)
                if number == 4:  # statements are compiled and caches are warm
                    for line in lines:
                        line.seconds.clear()
            one, eight = [await lines[-1].throughput(chains, max(2, rounds // chains)) for chains in (1, 8)]
    rows: list[list[Cell]] = [
        [kind, order, line.length, *(line.median(operation) for operation in OPERATIONS)] for line in lines
    ]
    growth = [lines[-1].median(operation) / lines[0].median(operation) for operation in OPERATIONS]
    rows.append([kind, order, f"growth {lengths[0]:,} -> {lengths[-1]:,}", *(f"{factor:.2f}x" for factor in growth)])
    judged = max(factor for operation, factor in zip(OPERATIONS, growth, strict=True) if operation != "finish")
    return rows, [kind, order, lengths[-1], one, eight], judged


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="shorter queues, fewer rounds, nothing written")
    parser.add_argument("--rounds", type=int, help="how often each thing is measured on each queue")
    arguments = parser.parse_args()
    lengths = (100, 1000) if arguments.short else LENGTHS
    rounds = arguments.rounds or (10 if arguments.short else 100)

    costs: list[list[Cell]] = []
    speeds: list[list[Cell]] = []
    growths: list[float] = []
    notes = [
        "Each time is the median of a whole transaction, its commit to the disk included.",
        f"Growth is judged for enqueue, claim, position and work ahead: aim {AIM}x, must {MUST}x.",
        "Throughput: enqueue, claim and finish of a job of four pictures at the longest queue.",
    ]

    def run(kind: str, server: Postgres | None) -> None:
        for order in ("fifo", "fair"):
            print(
                f"{kind}, {order}: {', '.join(f'{length:,}' for length in lengths)} waiting, {rounds} rounds",
                flush=True,
            )
            rows, speed, growth = asyncio.run(measure(kind, server, order, lengths, rounds))
            costs.extend(rows)
            speeds.append(speed)
            growths.append(growth)

    run("SQLite", None)
    programs, reason = postgres_programs(), can_run_postgres()
    if programs is None or reason is not None:
        notes.append(f"PostgreSQL was not measured: {reason}.")
    else:
        with postgres(programs, durable=True) as server:
            run("PostgreSQL", server)

    worst = max(growths)
    notes.append(f"Worst growth: {worst:.2f}x.")
    Report(
        name="queue",
        claim="The queue costs the same whether a hundred or a hundred thousand jobs wait.",
        command="python -m bench.queue",
        tables=[
            Table("Milliseconds per operation", ["database", "order", "waiting", *OPERATIONS], costs),
            Table("Jobs per second", ["database", "order", "waiting", "one at a time", "eight at once"], speeds),
        ],
        notes=notes,
        packages=["sqlalchemy", "aiosqlite", "asyncpg"],
        extra={"sqlite": sqlite3.sqlite_version},
        passed=worst <= MUST,
    ).publish(save=not arguments.short)
    return 0 if worst <= MUST else 1


if __name__ == "__main__":
    sys.exit(main())
