import asyncio
from datetime import timedelta

import pytest

from db import jobs
from db.database import Database
from db.jobs import line
from db.models import JobStatus
from tests.db.people import (
    ADA,
    BEN,
    CAT,
    FAIR,
    LEASE,
    NOON,
    claim,
    claimed,
    enqueue,
    finish,
    job,
    meet,
    overheard,
    wish,
)


async def test_an_empty_queue_has_nothing_to_claim(database: Database) -> None:
    assert await claim(database) is None


async def test_first_come_first_served(database: Database) -> None:
    await meet(database)
    wished = [(await enqueue(database, wish(person))).id for person in (ADA, ADA, BEN, ADA, CAT)]
    assert [(await claimed(database)).id for _ in wished] == wished
    assert await claim(database) is None


async def test_a_claim_carries_its_worker_its_lease_and_a_new_fence(database: Database) -> None:
    await meet(database)
    wished = await enqueue(database, wish())
    held = await claimed(database, "left hand")
    assert held.id == wished.id
    for row in (held, await job(database, held.id)):
        assert (row.status, row.worker, row.attempts, row.fence) == (JobStatus.RUNNING, "left hand", 1, 1)
        assert (row.started_at, row.lease_until) == (NOON, NOON + LEASE)


async def test_the_fair_order_rotates_between_people(database: Database) -> None:
    await meet(database)
    for person in (ADA, ADA, ADA, BEN, BEN, CAT):
        await enqueue(database, wish(person), FAIR)
    assert [(await claimed(database)).author_id for _ in range(6)] == [ADA, BEN, CAT, ADA, BEN, ADA]


async def test_whoever_comes_later_joins_the_current_round(database: Database) -> None:
    await meet(database)
    for _ in range(5):
        await enqueue(database, wish(ADA), FAIR)
    assert [(await claimed(database)).author_id for _ in range(2)] == [ADA, ADA]
    for _ in range(2):
        await enqueue(database, wish(BEN), FAIR)
    # Two turns were served; Ben gets no more than his share for having been away.
    assert [(await claimed(database)).author_id for _ in range(5)] == [BEN, ADA, BEN, ADA, ADA]


async def test_a_cancelled_job_costs_its_author_no_turn(database: Database) -> None:
    await meet(database)
    ada = [await enqueue(database, wish(ADA), FAIR) for _ in range(5)]
    async with database.writing() as session:
        for unwanted in ada[:4]:
            assert await jobs.cancel(session, unwanted.id) == "cancelled"
    for _ in range(2):
        await enqueue(database, wish(BEN), FAIR)
    await enqueue(database, wish(ADA), FAIR)
    claims = [await claimed(database) for _ in range(4)]
    assert [held.author_id for held in claims] == [ADA, BEN, BEN, ADA]
    assert claims[0].id == ada[4].id


async def test_places_are_kept_when_the_order_changes(database: Database) -> None:
    await meet(database)
    fair = [(await enqueue(database, wish(person), FAIR)).id for person in (ADA, ADA, BEN)]
    fifo = [(await enqueue(database, wish(person))).id for person in (CAT, BEN)]
    fair_again = [(await enqueue(database, wish(person), FAIR)).id for person in (ADA, CAT)]
    order = [(await claimed(database)).id for _ in range(7)]
    assert order == [fair[0], fair[2], fair[1], *fifo, *fair_again]


async def test_relaxed_jobs_run_when_no_fast_one_waits_first_come_first_served(database: Database) -> None:
    await meet(database)
    slow = [(await enqueue(database, wish(relaxed=True), FAIR)).id for _ in range(2)]
    fast = (await enqueue(database, wish(BEN))).id
    assert [(await claimed(database)).id for _ in range(3)] == [fast, *slow]


async def test_a_relaxed_job_waits_for_a_bounded_number_of_fast_ones(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish(BEN))
    await claimed(database)  # ran before the relaxed job came, so it does not count
    slow = [(await enqueue(database, wish(relaxed=True))).id for _ in range(2)]
    for _ in range(3 * line.RELAXED_AFTER):
        await enqueue(database, wish(BEN))
    order = [(await claimed(database)).id for _ in range(2 * line.RELAXED_AFTER + 2)]
    assert order.index(slow[0]) == line.RELAXED_AFTER
    assert order.index(slow[1]) == 2 * line.RELAXED_AFTER + 1


async def test_a_person_at_the_running_limit_is_passed_over_until_something_ends(database: Database) -> None:
    await meet(database)
    ada = [await enqueue(database, wish(ADA)) for _ in range(3)]
    ben = await enqueue(database, wish(BEN))
    first = await claimed(database, running_per_person=1)
    second = await claimed(database, running_per_person=1)
    assert (first.id, second.id) == (ada[0].id, ben.id)
    assert await claim(database, running_per_person=1) is None
    assert (await claimed(database, running_per_person=2)).id == ada[1].id
    await finish(database, first)
    assert await claim(database, running_per_person=1) is None
    assert (await claimed(database, running_per_person=2)).id == ada[2].id


async def test_a_due_relaxed_job_whose_author_is_busy_holds_nobody_up(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish(ADA))
    await claimed(database)
    await enqueue(database, wish(ADA, relaxed=True))
    for _ in range(line.RELAXED_AFTER + 2):
        await enqueue(database, wish(BEN))
    for _ in range(line.RELAXED_AFTER + 2):
        held = await claimed(database, running_per_person=1)
        assert held.author_id == BEN
        await finish(database, held)
    assert await claim(database, running_per_person=1) is None
    assert (await claimed(database, running_per_person=2)).relaxed


async def test_a_lease_is_renewed_only_by_its_own_claim(database: Database) -> None:
    await meet(database)
    await enqueue(database, wish())
    held = await claimed(database)
    later = NOON + timedelta(seconds=20)
    async with database.writing() as session:
        assert await jobs.renew(session, held.id, held.fence, LEASE, now=later)
        assert not await jobs.renew(session, held.id, held.fence + 1, LEASE, now=later)
        assert not await jobs.renew(session, held.id + 1, held.fence, LEASE, now=later)
    assert (await job(database, held.id)).lease_until == later + LEASE
    await finish(database, held)
    async with database.writing() as session:
        assert not await jobs.renew(session, held.id, held.fence, LEASE, now=later)


@pytest.mark.timeout(600)  # some 1,500 transactions, on a machine that may be busy with other things
async def test_eight_claimers_share_three_hundred_jobs_without_a_double_claim(database: Database) -> None:
    await meet(database)
    async with database.writing() as session:
        wished = [(await jobs.enqueue(session, wish(ADA + n % 3), FAIR)).job.id for n in range(300)]

    async def claimer(name: str) -> list[int]:
        mine = []
        while (held := await claim(database, name)) is not None:
            mine.append(held.id)
            if len(mine) % 5 == 0:
                await finish(database, held)
        return mine

    hands = await asyncio.gather(*(claimer(f"w{n}") for n in range(8)))
    taken = [one for hand in hands for one in hand]
    assert sorted(taken) == wished
    assert len(set(taken)) == 300
    async with database.reading() as session:
        assert (await jobs.load(session)).waiting == 0
        assert all(one.attempts == 1 for one in await jobs.running(session))


async def test_eight_claimers_at_once_keep_the_running_limit(database: Database) -> None:
    await meet(database)
    for person in (ADA, BEN):
        for _ in range(8):
            await enqueue(database, wish(person))
    tried = await asyncio.gather(*(claim(database, f"w{n}", running_per_person=2) for n in range(8)))
    held = [one for one in tried if one is not None]
    assert sorted(one.author_id for one in held) == [ADA, ADA, BEN, BEN]


@pytest.mark.parametrize("limit", [None, 2])
async def test_a_claim_walks_an_index_and_sorts_nothing(database: Database, limit: int | None) -> None:
    if not database.is_sqlite:
        pytest.skip("PostgreSQL chooses its plans by statistics; bench/queue.py measures the outcome")
    await meet(database)
    await enqueue(database, wish())
    async with database.writing() as session:
        connection = await session.connection()
        with overheard(connection) as said:
            await jobs.claim_next(session, worker="w", lease=LEASE, running_per_person=limit)
        claims = [one for one in said if one[0].startswith("UPDATE jobs")]
        assert len(claims) == 1, "a claim is one statement"
        plan = (await connection.exec_driver_sql("EXPLAIN QUERY PLAN " + claims[0][0], claims[0][1])).all()
    steps = " / ".join(row.detail for row in plan)
    assert steps.count("ix_jobs_queue (relaxed=?)") == 2
    assert "SCAN jobs USING INDEX ix_jobs_running" in steps or limit is None
    assert "TEMP B-TREE" not in steps
