"""Short ways to say what these tests are about: who wants what, and who claims it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncConnection

from db import jobs, ledger, users
from db.database import Database
from db.jobs import NewImage, NewJob, QueueLimits
from db.models import Job

# As long as real ones: a short one is found by chance among the digits of a time.
ADA, BEN, CAT = 100000000000000101, 100000000000000102, 100000000000000103
NOON = datetime(2026, 5, 17, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)
WIDE = QueueLimits(waiting_per_person=10_000, waiting_total=100_000)
FAIR = QueueLimits(waiting_per_person=10_000, waiting_total=100_000, order="fair")
_interactions = count(1)


def wish(author_id: int = ADA, **values: Any) -> NewJob:
    """A job of four pictures in four steps, from an interaction of its own."""
    wished: dict[str, Any] = {
        "interaction_id": next(_interactions),
        "author_id": author_id,
        "channel_id": 7,
        "prompt": "a red house",
        "request": {"model": "pocket", "prompt": "a red house", "seeds": [1, 2, 3, 4], "steps": 4},
        "work": 16,
    }
    return NewJob(**wished | values)


def picture(number: int = 0) -> NewImage:
    return NewImage(digest=f"{number:064x}", width=64, height=64, seed=number, bytes=1000)


async def meet(database: Database, *people: int) -> None:
    async with database.writing() as session:
        for person in people or (ADA, BEN, CAT):
            await users.touch(session, person, f"person {person}", now=NOON)


async def enqueue(database: Database, new: NewJob, limits: QueueLimits = WIDE) -> Job:
    async with database.writing() as session:
        return (await jobs.enqueue(session, new, limits, now=NOON)).job


async def accept(database: Database, new: NewJob, *, renewal: int, begun: asyncio.Event) -> None:
    """As a command of Ada does it: her row, then her account, then the queue; `begun` when only that is left."""
    async with database.writing() as session:
        await users.touch(session, ADA, "Ada")
        await ledger.fill(session, ADA, renewal, guild_id=None, key="a day")
        begun.set()
        await asyncio.sleep(0.2)
        await jobs.enqueue(session, new, FAIR)


async def claim(database: Database, worker: str = "w", at: datetime = NOON, **limits: Any) -> Job | None:
    async with database.writing() as session:
        return await jobs.claim_next(session, worker=worker, lease=LEASE, now=at, **limits)


async def claimed(database: Database, worker: str = "w", at: datetime = NOON, **limits: Any) -> Job:
    job = await claim(database, worker, at, **limits)
    assert job is not None, "somebody should have been waiting"
    return job


async def finish(database: Database, job: Job, pictures: int = 1) -> None:
    async with database.writing() as session:
        await jobs.finish(session, job.id, job.fence, [picture(job.id * 10 + n) for n in range(pictures)], now=NOON)


async def job(database: Database, job_id: int) -> Job:
    async with database.reading() as session:
        found = await jobs.get(session, job_id)
    assert found is not None
    return found


@contextmanager
def overheard(connection: AsyncConnection) -> Iterator[list[tuple[str, Any]]]:
    """The statements, with their parameters, that this connection is given meanwhile."""
    said: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        said.append((statement, parameters))

    event.listen(connection.sync_connection, "before_cursor_execute", listen)
    try:
        yield said
    finally:
        event.remove(connection.sync_connection, "before_cursor_execute", listen)
