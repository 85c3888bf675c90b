"""That no race overdraws an account: `python -m bench.ledger [postgresql] [--short]`.

Each round gives a person ten credits and has sixty requests for a job of one credit arrive at once, each in a
transaction of its own, as `/imagine` makes it. Ten must come through, and the balance must be the sum of the lines.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import migrations
from bench.report import Cell, Report, Table
from db import jobs, ledger, users
from db.database import Database, default_url
from db.errors import Overdrawn
from db.jobs import NewJob, QueueLimits
from tests.databases import can_run_postgres, postgres, postgres_programs

ROUNDS, REQUESTS, CREDITS = 1000, 60, 10
WIDE = QueueLimits(waiting_per_person=10**9, waiting_total=10**9)
_interactions = count(1)


async def one_round(database: Database, person: int) -> tuple[int, bool]:
    """How many of the requests came through, and whether the account's sum is right."""
    async with database.writing() as session:
        await users.touch(session, person, "a person")
        await ledger.fill(session, person, CREDITS, guild_id=None, key=f"round:{person}")

    async def ask() -> bool:
        new = NewJob(
            interaction_id=next(_interactions),
            author_id=person,
            channel_id=1,
            prompt="",
            request={"model": "pocket"},
            work=1,
            cost=1,
        )
        try:
            async with database.writing() as session:
                await jobs.enqueue(session, new, WIDE)
        except Overdrawn:
            return False
        return True

    done = sum(await asyncio.gather(*(ask() for _ in range(REQUESTS))))
    async with database.reading() as session:
        held, lines = await ledger.balance(session, person), await ledger.total(session, person)
    return done, held == lines == CREDITS - done


async def measure(name: str, url: str, rounds: int) -> tuple[list[Cell], bool]:
    async with Database.open(url) as database:
        await migrations.upgrade(database)
        began = time.perf_counter()
        outcomes = [await one_round(database, person) for person in range(1, rounds + 1)]
        seconds = time.perf_counter() - began
    through = [done for done, _ in outcomes]
    right = all(sums for _, sums in outcomes)
    row: list[Cell] = [name, rounds, rounds * REQUESTS, min(through), max(through), "yes" if right else "NO"]
    return [*row, 1e3 * seconds / (rounds * REQUESTS)], right and set(through) == {CREDITS}


@asynccontextmanager
async def address(kind: str, folder: Path) -> AsyncIterator[str]:
    if kind == "sqlite":
        yield default_url(folder)
        return
    programs = postgres_programs()
    if (reason := can_run_postgres()) is not None or programs is None:
        raise SystemExit(reason)
    with postgres(programs) as server:
        yield await server.copy()


async def run(kind: str, rounds: int) -> tuple[list[Cell], bool]:
    with TemporaryDirectory(prefix="atelier-ledger-") as folder:
        async with address(kind, Path(folder)) as url:
            return await measure(kind, url, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="20 rounds, nothing is saved")
    parser.add_argument("database", nargs="?", default="sqlite", choices=("sqlite", "postgresql"))
    given = parser.parse_args()
    kind, short = given.database, given.short
    row, passed = asyncio.run(run(kind, 20 if short else ROUNDS))
    Report(
        name=f"ledger_{kind}",
        claim=f"Of {REQUESTS} requests at once on {CREDITS} credits exactly {CREDITS} come through, in each of "
        f"{ROUNDS} rounds, and the balance is the sum of the ledger's lines.",
        command=f"python -m bench.ledger {kind}",
        tables=[
            Table(
                "Requests that came through a round",
                ["database", "rounds", "requests", "fewest", "most", "sums right", "ms each"],
                [row],
            )
        ],
        packages=["sqlalchemy", "aiosqlite", "asyncpg"],
        passed=passed,
    ).publish(save=not short)
    sys.exit(not passed)


if __name__ == "__main__":
    main()
