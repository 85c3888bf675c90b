"""What is asked of tables that hold all there ever was, such as jobs, pictures and reports, walks an index."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from db import guilds, images, jobs, privacy, reports, reviews, shares
from db.database import Database
from tests.db.people import ADA, LEASE, NOON, enqueue, meet, overheard, wish

DIGEST = "ab" * 32
QUESTIONS: dict[str, Callable[[AsyncSession], Awaitable[object]]] = {
    "is a file needed": lambda session: images.is_needed(session, DIGEST),
    "a person's open jobs": lambda session: privacy.open_jobs(session, ADA),
    "the same request before": lambda session: jobs.drawn_before(session, "key"),
    "load": lambda session: jobs.load(session),
    "a person's load": lambda session: jobs.load(session, ADA),
    "what runs": lambda session: jobs.running(session),
    "the first that wait": lambda session: jobs.waiting(session, 10),
    "a place": lambda session: jobs.position(session, 1),
    "the work ahead": lambda session: jobs.work_ahead(session, 1),
    "the work that waits": lambda session: jobs.work_waiting(session, 1),
    "what is undelivered": lambda session: jobs.undelivered(session, 10),
    "what is outdated": lambda session: jobs.outdated(session, 10),
    "a lease": lambda session: jobs.renew(session, 1, 1, LEASE, now=NOON),
    "an end": lambda session: jobs.cancel(session, 1),
    "lost jobs": lambda session: jobs.requeue_expired(session, max_attempts=3, held=[]),
    "pictures too old to keep": lambda session: privacy.expired(session, guild_id=None, before=NOON),
    "a server's pictures too old to keep": lambda session: privacy.expired(session, guild_id=9, before=NOON),
    "posts to be drawn": lambda session: shares.due(session, 10),
    "reports without a card": lambda session: reports.uncarded(session, 9),
    "what waits for a moderator's card": lambda session: reviews.uncarded(session, 9),
    "a held wish": lambda session: reviews.put(session, [wish(guild_id=9)], word="x", limit=9),
    "a dead worker's jobs": lambda session: jobs.requeue_worker(session, "w", 3),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_no_question_reads_all_rows(database: Database, question: str) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses its plans by statistics")
    await meet(database)
    await enqueue(database, wish())
    async with database.writing() as session:
        await guilds.touch(session, 9, "a server")
        connection = await session.connection()
        with overheard(connection) as said:
            await QUESTIONS[question](session)
        for statement, parameters in said:
            plan = await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, parameters)
            whole = tuple(f"SCAN {table}" for table in ("jobs", "images", "shares", "reports", "reviews"))
            scans = [row.detail for row in plan if row.detail.startswith(whole) and "INDEX ix_" not in row.detail]
            assert not scans, statement
